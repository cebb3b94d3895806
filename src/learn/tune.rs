//! Recipes for engines that tune a language model: files for a folder, and how to run them.

use std::path::{Path, PathBuf};

use serde_json::{Map, Value, json};

use super::Labelled;
use crate::export::{
    About, Classes, ExportError, Format, Made, Place, Record, SHARD_BYTES, Setup, Survey, Wording,
};

/// Who tunes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Engine {
    /// TRL and PEFT, run by emogrid.
    Trl,
    /// Its recipe, for you to run.
    Axolotl,
    /// Its recipe, for you to run.
    Unsloth,
    /// Its recipe, for you to run on a Mac.
    Mlx,
    /// An endpoint with OpenAI's fine-tuning API, which rows are sent to.
    Openai,
}

/// The model that is tuned.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Base {
    /// The built-in small model; its file once it is fetched.
    Quickstart(Option<PathBuf>),
    Gguf(PathBuf),
    /// A folder as transformers saves it.
    Folder(PathBuf),
    /// A name on the Hugging Face hub.
    Repository(String),
}

impl Base {
    /// What is meant by a word on the command line.
    ///
    /// # Errors
    /// A path where nothing is.
    pub fn parse(text: &str) -> Result<Self, String> {
        let path = Path::new(text);
        if text == "quickstart" {
            return Ok(Base::Quickstart(None));
        }
        // Engines run in another folder.
        let absolute = || std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
        if path.is_dir() {
            return Ok(Base::Folder(absolute()));
        }
        if path.extension().is_some_and(|ending| ending.eq_ignore_ascii_case("gguf")) {
            return match path.is_file() {
                true => Ok(Base::Gguf(absolute())),
                false => Err(format!("--base {text}: there is no such file")),
            };
        }
        let is_name = |part: &str| {
            let fine = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
            !part.is_empty() && !part.starts_with('.') && part.chars().all(fine)
        };
        let parts: Vec<&str> = text.split('/').collect();
        match parts.len() == 2 && parts.into_iter().all(is_name) {
            true => Ok(Base::Repository(text.to_owned())),
            false => Err(format!(
                "--base {text}: expected `quickstart`, a GGUF file, a folder that is there, or a name on the \
                 hub, such as `HuggingFaceTB/SmolLM2-135M-Instruct`"
            )),
        }
    }

    /// What recipes and messages call it.
    pub fn name(&self) -> String {
        match self {
            Base::Quickstart(_) => "quickstart".to_owned(),
            Base::Gguf(path) => {
                path.file_stem().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default()
            }
            Base::Folder(path) => path.display().to_string(),
            Base::Repository(name) => name.clone(),
        }
    }

    /// What a config calls it, where llama.cpp can serve it.
    pub fn served(&self) -> Option<String> {
        match self {
            Base::Quickstart(_) => Some("quickstart".to_owned()),
            Base::Gguf(path) => Some(path.display().to_string()),
            Base::Folder(_) | Base::Repository(_) => None,
        }
    }

    fn json(&self) -> Value {
        let mut out = json!({ "name": self.name() });
        match self {
            Base::Quickstart(Some(path)) | Base::Gguf(path) => {
                out["gguf"] = path.display().to_string().into()
            }
            Base::Quickstart(None) => out["gguf"] = "fetched when it is run".into(),
            Base::Folder(path) => out["folder"] = path.display().to_string().into(),
            Base::Repository(name) => out["repository"] = name.clone().into(),
        }
        out
    }
}

/// How a model is tuned.
#[derive(Debug, Clone)]
pub struct Tuning {
    pub engine: Engine,
    pub base: Base,
    pub steps: u32,
    pub batch: u32,
    pub rank: u32,
    pub learning_rate: f64,
    pub max_length: u32,
    pub seed: u64,
    pub threads: Option<u32>,
    /// Whether there is a dev part.
    pub dev: bool,
}

/// Packages of the TRL recipe, as they were tried.
pub const REQUIREMENTS: &str = include_str!("recipes/requirements.txt");

impl Tuning {
    /// Steps that go once through the rows, within reason.
    pub fn usual_steps(rows: u64, batch: u32) -> u32 {
        rows.div_ceil(u64::from(batch)).clamp(60, 500) as u32
    }

    /// What stands in the folder beside the data.
    pub fn files(&self) -> Vec<(&'static str, String)> {
        let recipe = ("recipe.json", serde_json::to_string_pretty(&self.recipe()).unwrap_or_default() + "\n");
        match self.engine {
            Engine::Trl => vec![
                recipe,
                ("train.py", include_str!("recipes/train.py").to_owned()),
                ("requirements.txt", REQUIREMENTS.to_owned()),
            ],
            Engine::Unsloth => {
                vec![recipe, ("tune_unsloth.py", include_str!("recipes/unsloth.py").to_owned())]
            }
            Engine::Axolotl => vec![("axolotl.yaml", self.axolotl())],
            Engine::Mlx => vec![("mlx.yaml", self.mlx())],
            Engine::Openai => Vec::new(),
        }
    }

    /// How to run the recipe by hand, in its folder.
    pub fn how(&self) -> &'static str {
        match self.engine {
            Engine::Trl => "pip install -r requirements.txt && python train.py",
            Engine::Axolotl => "pip install axolotl && axolotl train axolotl.yaml",
            Engine::Unsloth => "pip install unsloth && python tune_unsloth.py",
            Engine::Mlx => "pip install 'mlx-lm[train]' && mlx_lm.lora --config mlx.yaml",
            // The endpoint runs it.
            Engine::Openai => "",
        }
    }

    /// What the dev part is called by those who look for it by name.
    pub fn dev_part(&self) -> &'static str {
        if self.engine == Engine::Mlx { "valid" } else { "dev" }
    }

    /// Twice the rank: what an adapter adds is weighed by alpha over rank.
    fn alpha(&self) -> u32 {
        2 * self.rank
    }

    fn recipe(&self) -> Value {
        json!({
            "base": self.base.json(),
            "steps": self.steps,
            "batch": self.batch,
            "rank": self.rank,
            "alpha": self.alpha(),
            "targets": "all-linear",
            "learning_rate": self.learning_rate,
            "max_length": self.max_length,
            "seed": self.seed,
            "threads": self.threads.unwrap_or(0),
        })
    }

    fn axolotl(&self) -> String {
        let Self { steps, batch, rank, learning_rate, max_length, seed, .. } = self;
        let test = match self.dev {
            true => {
                "test_datasets:\n- path: data/dev.jsonl\n  ds_type: json\n  split: train\n  type: chat_template\n"
            }
            false => "",
        };
        format!(
            "base_model: {}\ndatasets:\n- path: data/train.jsonl\n  ds_type: json\n  type: chat_template\n\
             {test}adapter: lora\nlora_r: {rank}\nlora_alpha: {}\nlora_dropout: 0.0\nlora_target_linear: true\n\
             sequence_len: {max_length}\nmicro_batch_size: {batch}\ngradient_accumulation_steps: 1\n\
             max_steps: {steps}\nlearning_rate: {learning_rate}\nlr_scheduler: linear\n\
             optimizer: adamw_torch\nbf16: auto\nlogging_steps: 1\noutput_dir: ./adapter\nseed: {seed}\n",
            json!(self.base.name()),
            self.alpha()
        )
    }

    fn mlx(&self) -> String {
        let Self { steps, batch, rank, learning_rate, max_length, seed, .. } = self;
        let scale = self.alpha() / rank;
        format!(
            "model: {}\ntrain: true\ndata: data\nfine_tune_type: lora\nnum_layers: -1\nmask_prompt: true\n\
             batch_size: {batch}\niters: {steps}\nlearning_rate: {learning_rate}\n\
             max_seq_length: {max_length}\nadapter_path: adapter\nseed: {seed}\n\
             lora_parameters: {{ rank: {rank}, scale: {scale}.0, dropout: 0.0 }}\n",
            json!(self.base.name())
        )
    }
}

/// The endpoint of a tuned model (or, without an adapter, of the one before) on llama.cpp.
pub fn managed(tuning: &Tuning, adapter: Option<&Path>) -> String {
    let lora =
        adapter.map(|path| format!(", lora: {}", quoted(&path.display().to_string()))).unwrap_or_default();
    let model = tuning.base.served().unwrap_or_default();
    let threads = tuning.threads.map(|threads| format!(", threads: {threads}")).unwrap_or_default();
    format!("{{ managed: {{ model: {}{lora}{threads} }} }}", quoted(&model))
}

/// The endpoint of a model that is served at an address.
pub fn remote(url: &str, model: &str, key_env: Option<&str>) -> String {
    let key = key_env.map(|name| format!(", api_key_env: {}", quoted(name))).unwrap_or_default();
    format!("{{ url: {}, model: {}{key} }}", quoted(url), quoted(model))
}

fn quoted(text: &str) -> String {
    json!(text).to_string()
}

/// A config for a model, so that it can be measured and can write.
pub fn config(name: &str, endpoint: &str, column: &str, labels: &[String]) -> String {
    let labels: Vec<String> = labels.iter().map(|label| quoted(label)).collect();
    format!(
        "# emogrid eval --endpoint {name}.yaml --test FILE\n\
         name: {name}\n\
         endpoints:\n  {name}: {endpoint}\n\
         prompt:\n  user: {}\n\
         response: {{ format: text }}\n\
         grid:\n  axes:\n    {column}: {{ label: true, values: [{}] }}\n\
         samples: {{ per_cell: 5 }}\n",
        quoted(&format!("Write a short text. Its {column} is {{{{ {column} }}}}.")),
        labels.join(", ")
    )
}

/// A row of a training file.
struct Row(Map<String, Value>);

impl Record for Row {
    fn fields(&self) -> Map<String, Value> {
        self.0.clone()
    }

    fn write_json(&self, out: &mut dyn std::io::Write) -> std::io::Result<()> {
        Ok(serde_json::to_writer(out, &self.0)?)
    }

    fn place(&self) -> String {
        self.0.get("text").and_then(Value::as_str).unwrap_or_default().to_owned()
    }
}

/// Writes parts as chats into a folder.
///
/// # Errors
/// A template that is wrong, or what cannot be written.
pub fn write_data(
    folder: &Path,
    wording: &Wording,
    column: &str,
    parts: &[(&str, &Labelled)],
) -> Result<Made, ExportError> {
    let labels = parts.first().map(|(_, rows)| rows.labels.clone()).unwrap_or_default();
    let mut classes = Classes::new(column, Some(labels.clone()), crate::labels::Between::One);
    classes.several = parts.iter().any(|(_, rows)| rows.gold.iter().any(|gold| gold.len() > 1));
    let survey = Survey { labels: vec![classes], text: "text".to_owned(), ..Survey::default() };
    let setup = Setup {
        format: Format::Messages,
        survey,
        wording: wording.clone(),
        about: About::default(),
        shard_bytes: SHARD_BYTES,
    };
    let exporter = setup.exporter()?;
    let place = Place::Folder(folder.to_owned());
    let names: Vec<String> = parts.iter().map(|(name, _)| (*name).to_owned()).collect();
    let mut writing = place.begin(exporter.as_ref(), &names)?;
    for (part, (_, rows)) in parts.iter().enumerate() {
        for (text, gold) in rows.texts.iter().zip(&rows.gold) {
            let named: Vec<&str> = gold.iter().map(|label| labels[label].as_str()).collect();
            let fields = [("text", Value::from(text.as_str())), (column, named.into())];
            let fields = fields.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
            writing.write(part, &Row(fields))?;
        }
    }
    writing.finish("emogrid train")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::labels::LabelSet;
    use crate::learn::served::{Question, wording};

    #[test]
    fn a_tuned_model_learns_the_question_that_it_will_be_asked() {
        let labels = ["joy", "anger"].map(str::to_owned).to_vec();
        let rows = Labelled {
            labels: labels.clone(),
            texts: vec!["so \"good\"\n{{ x }}".to_owned()],
            gold: vec![LabelSet::one(1)],
            pairs: vec![None],
            ..Labelled::default()
        };
        let root = tempfile::tempdir().unwrap();
        let folder = root.path().join("data");
        write_data(&folder, &wording(), "emotion", &[("train", &rows)]).unwrap();
        let text = std::fs::read_to_string(folder.join("train.jsonl")).unwrap();
        let learnt: Value = serde_json::from_str(&text).unwrap();
        let question = Question { labels, llama: true };
        let asked: Value = question
            .messages(&rows.texts[0])
            .iter()
            .map(|(role, content)| json!({ "role": role, "content": content }))
            .collect();
        let learnt = learnt["messages"].as_array().unwrap();
        assert_eq!(Value::from(&learnt[..2]), asked);
        assert_eq!(
            question.read(&json!({ "choices": [{ "message": learnt[2] }] }).to_string()).label,
            Some(1)
        );
    }

    #[test]
    fn a_base_is_a_word_a_file_a_folder_or_a_name() {
        let root = tempfile::tempdir().unwrap();
        let file = root.path().join("m.gguf");
        std::fs::write(&file, "GGUF").unwrap();
        let parse = |text: &str| Base::parse(text);
        assert_eq!(parse("quickstart"), Ok(Base::Quickstart(None)));
        assert_eq!(parse(file.to_str().unwrap()), Ok(Base::Gguf(file.clone())));
        assert_eq!(parse(root.path().to_str().unwrap()), Ok(Base::Folder(root.path().to_owned())));
        assert_eq!(parse("Qwen/Qwen3-0.6B"), Ok(Base::Repository("Qwen/Qwen3-0.6B".into())));
        for (wrong, says) in [
            ("none.gguf", "no such file"),
            ("./x/y", "expected"),
            ("model", "expected"),
            ("a/b/c", "expected"),
        ] {
            assert!(parse(wrong).unwrap_err().contains(says), "{wrong}");
        }
    }
}
