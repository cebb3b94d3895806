//! A setting that does nothing is a bug: every key of a config has a test here that shows its effect.

use std::cell::OnceCell;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use emogrid::config::keys;
use serde_json::{Value, json};

use crate::fake::{Fake, Model, Reply, Seen};
use crate::project::{Project, Running};

/// Tests with the paths of the keys whose effect they show.
macro_rules! effects {
    ($($test:ident ($($path:literal),+) $body:block)+) => {
        const SHOWN: &[&str] = &[$($($path),+),+];

        $(
            #[test]
            fn $test() $body
        )+
    };
}

#[test]
fn every_key_has_a_test_of_its_effect() {
    let known: BTreeSet<String> = keys::paths().into_iter().collect();
    let shown: BTreeSet<String> = SHOWN.iter().map(|path| (*path).to_owned()).collect();
    assert!(known.len() > 50);
    let without: Vec<_> = known.difference(&shown).collect();
    assert!(without.is_empty(), "keys without a test that shows their effect: {without:?}");
    let unknown: Vec<_> = shown.difference(&known).collect();
    assert!(unknown.is_empty(), "tests of keys that there are not: {unknown:?}");
}

/// Four cells of one row; what is not written here has its default.
const BASE: &str = "\
name: base
endpoints: { fake: URL }
prompt: { user: 'Show {{ emotion }} at {{ place }}.' }
grid:
  axes:
    emotion: { label: true, values: [joy, anger] }
    place: [home, work]
";

/// A project with `BASE` and a fake that it asks.
struct Bench {
    fake: Fake,
    project: Project,
    /// The run without any override, once it was made.
    plain: OnceCell<Made>,
}

/// What came of a run.
#[derive(Debug)]
struct Made {
    code: Option<i32>,
    stderr: String,
    summary: Value,
    seen: Vec<Seen>,
    rows: Vec<Value>,
    rejects: Vec<Value>,
}

impl Bench {
    fn new() -> Self {
        Self::over(Fake::start())
    }

    /// A server that tells only a name.
    fn named() -> Self {
        Self::over(Fake::start_at(0, Model { llama: false, file: "gpt-x:latest".into(), ..Model::default() }))
    }

    fn over(fake: Fake) -> Self {
        let project = Project::new();
        project.write("base.yaml", &BASE.replace("URL", &fake.url()));
        Self { fake, project, plain: OnceCell::new() }
    }

    fn scripted(script: impl Fn(&Seen, usize) -> Reply + Send + Sync + 'static) -> Self {
        let bench = Self::new();
        bench.fake.script(script);
        bench
    }

    /// Runs the config with these overrides, from nothing stored.
    fn run(&self, sets: &[&str]) -> Made {
        self.run_with(sets, &[])
    }

    fn run_with(&self, sets: &[&str], environment: &[(&str, &str)]) -> Made {
        for folder in [".emogrid", "out"] {
            let _ = std::fs::remove_dir_all(self.project.path().join(folder));
        }
        self.fake.take_count();
        let sets = sets.iter().flat_map(|set| ["--set", set]);
        let args: Vec<&str> = ["run", "base.yaml", "--json"].into_iter().chain(sets).collect();
        let mut command = self.project.command(&args);
        let output = command.envs(environment.iter().copied()).output().unwrap();
        let lines = |name: &str| match self.project.path().join(name).exists() {
            true => self.project.rows(name),
            false => Vec::new(),
        };
        Made {
            code: output.status.code(),
            stderr: String::from_utf8(output.stderr).unwrap(),
            summary: serde_json::from_slice(&output.stdout).unwrap_or_default(),
            seen: self.fake.seen(),
            rows: lines("out/base/dataset.jsonl"),
            rejects: lines("out/base/rejected.jsonl"),
        }
    }
}

/// A judge that scores each text; its config fits behind `--set`.
const JUDGE: &str = "checks.judges.j={prompt: 'Score {{ text }}', accept: score >= 3, schema: {type: object, properties: {score: {type: integer}}, required: [score]}}";

/// A fake whose judge gives each text a 3.
fn judged() -> Bench {
    Bench::scripted(|seen, _| if seen.is_judging() { Reply::text(r#"{"score": 3}"#) } else { Reply::Good })
}

/// A fake that finds joy in two texts of three, and anger in the third, whatever they say.
fn blind() -> Bench {
    let asked = std::sync::Mutex::new(std::collections::HashMap::<String, usize>::new());
    Bench::scripted(move |seen, _| match seen.is_finding() {
        true => {
            let mut asked = asked.lock().unwrap();
            let before = asked.entry(seen.user()).or_default();
            *before += 1;
            Reply::text(
                &json!({ "label": if before.is_multiple_of(3) { "anger" } else { "joy" } }).to_string(),
            )
        }
        false => Reply::Good,
    })
}

/// A probe that takes lovely texts for the first of three labels.
fn probe_of(project: &Project, name: &str, labels: [&str; 3]) {
    let words = ["lovely and wonderful", "dreadful and awful", "odd and strange"];
    let rows = (0..60).map(|n| {
        json!({ "text": format!("The day was {} today {}.", words[n % 3], n % 7), "label": labels[n % 3] })
            .to_string()
            + "\n"
    });
    project.write("train.jsonl", &rows.collect::<String>());
    project.emogrid(&["train", "--probe", "--train", "train.jsonl", "--model", name]).exits(0);
}

impl Seen {
    /// Whether it asks which label a text shows.
    fn is_finding(&self) -> bool {
        !self.body["response_format"]["json_schema"]["schema"]["properties"]["label"].is_null()
    }

    /// Whether it is a request to the judge `j`.
    fn is_judging(&self) -> bool {
        !self.body["response_format"]["json_schema"]["schema"]["properties"]["score"].is_null()
    }
}

impl Made {
    fn judging(&self) -> impl Iterator<Item = &Seen> {
        self.seen.iter().filter(|seen| seen.is_judging())
    }

    fn finding(&self) -> impl Iterator<Item = &Seen> {
        self.seen.iter().filter(|seen| seen.is_finding())
    }

    #[track_caller]
    fn exits(self, code: i32) -> Self {
        assert_eq!(self.code, Some(code), "{}", self.stderr);
        self
    }

    /// A field that is the same in every request.
    #[track_caller]
    fn sent(&self, pointer: &str) -> Option<Value> {
        let all: Vec<_> = self.seen.iter().map(|seen| seen.body.pointer(pointer)).collect();
        assert!(!all.is_empty(), "nothing was asked: {}", self.stderr);
        assert!(all.iter().all(|value| *value == all[0]), "{pointer}: {all:?}");
        all[0].cloned()
    }

    /// The different values of a column.
    fn column(&self, name: &str) -> BTreeSet<&str> {
        self.rows
            .iter()
            .map(|row| row[name].as_str().unwrap_or_else(|| panic!("no text `{name}` in {row}")))
            .collect()
    }

    /// The different reasons of rejections.
    fn reasons(&self) -> BTreeSet<&str> {
        self.rejects.iter().map(|reject| reject["reason"].as_str().unwrap()).collect()
    }

    fn prompts(&self) -> BTreeSet<String> {
        self.seen.iter().map(Seen::user).collect()
    }
}

/// A key that is a field of the request: what is sent without it, and with it.
#[track_caller]
fn is_sent(bench: &Bench, key: &str, pointer: &str, without: Option<Value>, with: Value) {
    let plain = bench.plain.get_or_init(|| bench.run(&[]).exits(0));
    assert_eq!(plain.sent(pointer), without, "without {key}");
    let changed = bench.run(&[&format!("{key}={with}")]).exits(0);
    assert_eq!(changed.sent(pointer), Some(with), "with {key}");
}

/// A server whose every text speaks of a person.
fn personal() -> Bench {
    Bench::scripted(|_, _| {
        Reply::text(r#"{"text": "My Muslim neighbour Priya is 34 years old: priya@example.com"}"#)
    })
}

/// A project whose server always answers with one text.
fn saying(text: &str) -> Bench {
    let answer = json!({ "text": text }).to_string();
    Bench::scripted(move |_, _| Reply::text(&answer))
}

fn texts<const N: usize>(of: [&str; N]) -> BTreeSet<&str> {
    of.into()
}

/// A project whose model server is one that the run starts: this test binary, behind a script that
/// writes its arguments down.
fn managed() -> Bench {
    let bench = Bench::new();
    let config = BASE.replace("{ fake: URL }", "{ own: { managed: { model: models/tiny.gguf } } }");
    bench.project.write("base.yaml", &config);
    for name in ["tiny", "other"] {
        let path = bench.project.write(&format!("models/{name}.gguf"), "");
        std::fs::write(path, gguf(name.len() as u64)).unwrap();
    }
    server_script(&bench.project, "bin/llama-server");
    server_script(&bench.project, "tools/mine");
    bench
}

fn server_script(project: &Project, name: &str) -> PathBuf {
    let this = std::env::current_exe().unwrap();
    let script = format!(
        "#!/bin/sh\nprintf '%s\\n' \"$0\" \"$@\" > '{argv}'\nport=\n\
         while [ $# -gt 0 ]; do [ \"$1\" = --port ] && port=$2; [ \"$1\" = --die-after ] && die=$2; \
         [ \"$1\" = --die-of ] && of=$2; [ \"$1\" = --hang-after ] && hang=$2; \
         [ \"$1\" = --slow-again ] && {{ [ -e \"$0.ran\" ] && exec sleep 60; touch \"$0.ran\"; }}; shift; done\n\
         export EMOGRID_TEST_PORT=$port EMOGRID_TEST_DIE=$die EMOGRID_TEST_DIE_OF=$of EMOGRID_TEST_HANG=$hang\n\
         EMOGRID_TEST_HUNG='{hung}' exec '{this}' --exact keys::stands_in_for_llama_server\n",
        argv = project.path().join("argv").display(),
        hung = project.path().join("hung").display(),
        this = this.display(),
    );
    let path = project.write(name, &script);
    #[cfg(unix)]
    std::fs::set_permissions(&path, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
    path
}

#[test]
fn no_key_sends_no_authorization() {
    let made = Bench::new().run(&[]).exits(0);
    assert!(made.seen.iter().all(|seen| seen.authorization.is_none()), "{:?}", made.seen[0].authorization);
}

/// Not a test: the server that `managed` starts.
#[test]
fn stands_in_for_llama_server() {
    let Ok(port) = std::env::var("EMOGRID_TEST_PORT") else {
        return;
    };
    let fake = Fake::start_at(port.parse().unwrap(), Model::default());
    if let Some(last) = std::env::var("EMOGRID_TEST_DIE").ok().and_then(|last| last.parse::<usize>().ok()) {
        fake.script(move |_, before| match before < last {
            true => Reply::Good,
            false => std::process::exit(1),
        });
    }
    if let Some(word) = std::env::var("EMOGRID_TEST_DIE_OF").ok().filter(|word| !word.is_empty()) {
        fake.latency(Duration::from_millis(100));
        fake.script(move |seen, _| match seen.user().contains(&word) {
            false => Reply::Good,
            true => std::process::exit(1),
        });
    }
    #[cfg(unix)]
    if let Some(last) = std::env::var("EMOGRID_TEST_HANG").ok().and_then(|last| last.parse::<usize>().ok()) {
        // It hangs once, and is well when it was started again; or each time, where that cannot be written down.
        let hung = std::env::var("EMOGRID_TEST_HUNG").unwrap();
        let once = std::fs::metadata(&hung).is_ok_and(|hung| hung.is_file());
        fake.script(move |_, before| {
            if before >= last && !once {
                let _ = std::fs::write(&hung, "");
                // SAFETY: raise takes a number.
                unsafe { libc::raise(libc::SIGSTOP) };
            }
            Reply::Good
        });
    }
    // The run kills it long before.
    std::thread::sleep(Duration::from_secs(30));
}

/// A server that is there and answers nothing is ended and started again, and nothing is held against what
/// it was sent.
#[cfg(unix)]
#[test]
fn a_managed_server_that_hangs_is_started_again() {
    let bench = managed();
    let sets = [
        "endpoints.own.managed.args=['--hang-after', '1']",
        "endpoints.own.timeout=1s",
        "samples.per_cell=3",
    ];
    let (made, _) = run_managed(&bench, &sets);
    let made = made.exits(0);
    assert_eq!((&made.summary["failed"], made.rows.len()), (&json!(0), 12), "{}", made.stderr);
    let says = "requests in a row got no answer, nor did `/health`; its log: ";
    assert!(
        made.stderr.contains("the model server hangs: ") && made.stderr.contains(says),
        "{}",
        made.stderr
    );
    assert!(made.stderr.contains("starting it again (2 more times at most)"), "{}", made.stderr);
    let own = &made.summary["endpoints"]["own"];
    assert_eq!((&own["restarts"], &own["hangs"]), (&json!(1), &json!(1)), "{own}");
    let page =
        std::fs::read_dir(bench.project.path().join("out/base/runs")).unwrap().next().unwrap().unwrap();
    let page = std::fs::read_to_string(page.path().join("summary.md")).unwrap();
    assert!(page.starts_with("LOOK base: 12 of 12 rows"), "{page}");
    assert!(page.contains("the server of `own` was started again once, since it hung"), "{page}");
    // Where it may not be started again, that ends the run, and does not take a patience.
    let _ = std::fs::remove_file(bench.project.path().join("hung"));
    let began = Instant::now();
    let (made, _) = run_managed(&bench, &[&sets[..], &["endpoints.own.managed.restarts=0"]].concat());
    let made = made.exits(1);
    assert!(made.stderr.contains("the model server hangs: "), "{}", made.stderr);
    assert!(began.elapsed() < Duration::from_secs(12), "{:?}", began.elapsed());
    assert_eq!(made.rows.len(), 1);
}

#[test]
fn a_prompt_that_kills_a_managed_server_is_passed_over() {
    let bench = managed();
    let sets = ["endpoints.own.managed.args=['--die-of', 'joy at home']", "samples.max_asks=1"];
    let (made, _) = run_managed(&bench, &sets);
    let made = made.exits(4);
    assert_eq!((&made.summary["failed"], made.rows.len()), (&json!(1), 3), "{}", made.stderr);
    assert!(made.stderr.contains("starting it again"), "{}", made.stderr);
    // The next night does not meet it again.
    let sets = sets.iter().flat_map(|set| ["--set", set]);
    let args: Vec<&str> = ["plan", "base.yaml", "--json"].into_iter().chain(sets).collect();
    assert_eq!(bench.project.emogrid(&args).exits(0).json()["requests"], 0);
}

/// Each prompt that is found to end the server makes up for the start that proved it, however many there are.
#[test]
fn many_prompts_that_kill_a_managed_server_are_all_passed_over() {
    let bench = managed();
    let sets = [
        "endpoints.own.managed.args=['--die-of', 'joy']",
        "endpoints.own.managed.restarts=2",
        "samples.max_asks=1",
        "grid.axes.place=[home, work, school]",
    ];
    let (made, _) = run_managed(&bench, &sets);
    let made = made.exits(4);
    assert_eq!((&made.summary["failed"], made.rows.len()), (&json!(3), 3), "{}", made.stderr);
}

/// The least that is a GGUF model, with so many parameters.
fn gguf(parameters: u64) -> Vec<u8> {
    let text = |text: &str| [&(text.len() as u64).to_le_bytes()[..], text.as_bytes()].concat();
    let mut bytes = b"GGUF\x03\0\0\0".to_vec();
    bytes.extend([1u64, 1].iter().flat_map(|count| count.to_le_bytes()));
    bytes.extend([&text("general.architecture")[..], &8u32.to_le_bytes(), &text("llama")].concat());
    bytes.extend(text("norm"));
    bytes.extend(1u32.to_le_bytes());
    bytes.extend(parameters.to_le_bytes());
    bytes.extend(0u32.to_le_bytes());
    bytes.extend(0u64.to_le_bytes());
    bytes.extend([0; 1024]);
    bytes
}

/// Runs with a managed server; what came of it, and the server's arguments.
fn run_managed(bench: &Bench, sets: &[&str]) -> (Made, Vec<String>) {
    let argv = bench.project.path().join("argv");
    let _ = std::fs::remove_file(&argv);
    let bin = bench.project.path().join("bin");
    let path = std::env::join_paths([bin, "/usr/bin".into(), "/bin".into()]).unwrap();
    let made = bench.run_with(sets, &[("PATH", path.to_str().unwrap())]);
    let argv = std::fs::read_to_string(argv).unwrap_or_default();
    (made, argv.lines().map(str::to_owned).collect())
}

#[test]
fn a_managed_server_that_does_not_start_is_set_aside_where_others_are() {
    let bench = managed();
    let other = Fake::start();
    let second = format!("endpoints.other={{url: '{}'}}", other.url());
    let (made, _) = run_managed(&bench, &[&second, "endpoints.own.managed.command=no-such-server"]);
    assert!(made.stderr.contains("endpoint `own` is set aside: "), "{}", made.stderr);
    // The asks of its model wait, and the rest is done.
    assert_eq!(made.code, Some(1), "{}", made.stderr);
    assert_eq!(other.take_count(), made.rows.len());
    assert!(!made.rows.is_empty() && made.rows.len() < 4, "{:?}", made.rows);
    assert_eq!(made.column("model"), texts(["fake-1b"]));
}

/// One of several that is started again no more is set aside, which is said, and that it is tried again is not.
#[test]
fn a_managed_server_that_dies_of_everything_is_said_to_be_set_aside() {
    let bench = managed();
    let other = Fake::start();
    let sets = [
        &format!("endpoints.other={{url: '{}'}}", other.url()),
        "endpoints.own.managed.args=['--die-after', '0']",
        "endpoints.own.managed.restarts=2",
    ];
    let (made, _) = run_managed(&bench, &sets);
    // The asks of its model wait, and the rest is done.
    assert_eq!(made.code, Some(1), "{}", made.stderr);
    assert_eq!(
        made.stderr.matches("own: set aside: the model server ended by itself").count(),
        1,
        "{}",
        made.stderr
    );
    assert!(!made.stderr.contains("tried again every"), "{}", made.stderr);
}

/// What a run that ends waits for is an answer, and no server that starts again.
#[cfg(unix)]
#[test]
fn a_start_that_fails_while_a_run_ends_is_nothing_to_tell() {
    let bench = managed();
    let other = Fake::start();
    other.script(|_, _| Reply::Late(Duration::from_secs(3), Box::new(Reply::Good)));
    let bin = bench.project.path().join("bin");
    let path = std::env::join_paths([bin, "/usr/bin".into(), "/bin".into()]).unwrap();
    let sets = [
        &format!("endpoints.other={{url: '{}'}}", other.url()),
        "endpoints.own.managed.args=['--die-after', '0', '--slow-again']",
        "endpoints.own.managed.restarts=1",
        "endpoints.own.managed.loading=1s",
    ];
    let sets = sets.iter().flat_map(|set| ["--set", set]);
    let args: Vec<&str> = ["run", "base.yaml"].into_iter().chain(sets).collect();
    let mut command = bench.project.command(&args);
    command.env("PATH", path);
    let running = Running::start(command);
    running.until_says("starting it again");
    running.signal(libc::SIGINT);
    let ran = running.finish().exits(3);
    assert!(!ran.stderr.contains("did not start again"), "{}", ran.stderr);
}

#[test]
fn a_managed_server_that_dies_while_a_run_ends_is_not_started_again() {
    let bench = managed();
    let sets =
        ["endpoints.own.managed.args=['--die-after', '2']", "endpoints.own.slots=3", "run.max_requests=3"];
    let (made, _) = run_managed(&bench, &sets);
    assert!(!made.stderr.contains("starting it again"), "{}", made.stderr);
    assert!(made.stderr.contains("max_requests"), "{}", made.stderr);
}

/// What a request may take is not guessed from a model that is asked nothing.
#[test]
fn a_budget_holds_beside_an_endpoint_that_is_not_used() {
    for parameters in 1..4 {
        let unused = Fake::start_at(0, Model { parameters, file: "unused.gguf".into(), ..Model::default() });
        let endpoint = format!("endpoints.unused={{url: '{}', weight: 0}}", unused.url());
        let made = Bench::new().run(&[&endpoint, "sampling.max_tokens=10", "run.token_budget=60"]).exits(3);
        // It may take 36 and takes 46.
        assert_eq!((made.seen.len(), unused.take_count()), (1, 0), "{}", made.stderr);
    }
}

/// Nobody waits for a server that starts again where nothing is left to ask it.
#[cfg(unix)]
#[test]
fn a_server_that_starts_again_holds_up_no_end() {
    let bench = managed();
    let bin = bench.project.path().join("bin");
    let path = std::env::join_paths([bin, "/usr/bin".into(), "/bin".into()]).unwrap();
    let mortal = "endpoints.own.managed.args=['--die-after', '2', '--slow-again']";
    let mut command = bench.project.command(&["run", "base.yaml", "--set", mortal]);
    command.env("PATH", path);
    let running = Running::start(command);
    running.until_says("starting it again");
    running.signal(libc::SIGINT);
    running.finish_within(Duration::from_secs(10)).exits(3);
}

/// How long asks take says nothing of how long judges do: texts that came are judged up to the end, though no
/// ask is begun that late.
#[test]
fn judges_are_asked_for_as_long_as_they_can_answer() {
    let bench = Bench::scripted(|seen, _| match seen.is_judging() {
        true => Reply::text(r#"{"score": 3}"#),
        false => Reply::Late(Duration::from_millis(1200), Box::new(Reply::Good)),
    });
    let made = bench.run(&[JUDGE, "samples.per_cell=30", "samples.max_asks=60", "run.for=5500ms"]).exits(3);
    assert_eq!(made.summary["stopped_by"], "for");
    let judged = made.judging().count();
    assert_eq!((made.seen.len() - judged, made.rows.len()), (judged, judged), "{}", made.stderr);
    assert!(judged >= 8, "{judged}");
}

/// Answers make up for starts, so that one that dies often is started again often; each start has a log.
#[test]
fn each_start_of_a_managed_server_has_a_log_of_its_own() {
    let bench = managed();
    let sets = [
        "endpoints.own.managed.args=['--die-after', '120']",
        "endpoints.own.managed.restarts=1",
        "endpoints.own.slots=1",
        "samples.per_cell=75",
        "samples.max_asks=80",
    ];
    let (made, _) = run_managed(&bench, &sets);
    let made = made.exits(0);
    assert_eq!(made.stderr.matches("starting it again").count(), 2, "{}", made.stderr);
    let logs = std::fs::read_dir(bench.project.path().join(".emogrid/servers/base")).unwrap();
    let mut logs: Vec<String> = logs.map(|log| log.unwrap().file_name().into_string().unwrap()).collect();
    logs.retain(|name| name.ends_with(".log"));
    logs.sort();
    assert_eq!(logs, ["own-again-1.log", "own-again-2.log", "own.log"]);
}

/// The argument after a flag.
fn after<'a>(argv: &'a [String], flag: &str) -> Option<&'a str> {
    let at = argv.iter().position(|argument| argument == flag)?;
    argv.get(at + 1).map(String::as_str)
}

/// A key of the managed server: its flags, each with its argument without the key and with it.
#[track_caller]
fn is_passed(key: &str, with: &str, flags: &[(&str, Option<&str>, &str)]) {
    let bench = managed();
    let (made, without) = run_managed(&bench, &[]);
    made.exits(0);
    let (made, argv) = run_managed(&bench, &[&format!("endpoints.own.managed.{key}={with}")]);
    made.exits(0);
    for (flag, before, then) in flags {
        assert_eq!(after(&without, flag), *before, "{without:?}");
        assert_eq!(after(&argv, flag), Some(*then), "{argv:?}");
    }
}

effects! {
    name_is_the_folder("name") {
        let bench = Bench::new();
        bench.run(&["name=other"]).exits(0);
        assert_eq!(bench.project.rows("out/other/dataset.jsonl").len(), 4);
        assert!(!bench.project.path().join("out/base").exists());
    }

    extends_builds_on_another("extends") {
        let fake = Fake::start();
        let project = Project::small(&fake.url());
        project.write("more.yaml", "extends: small.yaml\nsamples: { per_cell: 1 }\n");
        project.emogrid(&["run", "more.yaml"]).exits(0);
        assert_eq!(project.rows("out/more/dataset.jsonl").len(), 4, "the grid is that of the base");
    }

    total_is_shared_out("samples.total", "samples.balance") {
        let fake = Fake::start();
        let project = Project::small(&fake.url());
        project.edit("small.yaml", "per_cell: 2, max_asks: 5", "total: 12, max_asks: 20");
        project.edit("small.yaml", "definition: bright", "weight: 2, definition: bright");
        project.edit("small.yaml", "samples:", "  exclude: [{ emotion: joy, sentiment: bad }]\nsamples:");
        let by = |axis: &str, value: &str| {
            project.rows("out/small/dataset.jsonl").iter().filter(|row| row[axis] == value).count()
        };
        // Cells joy·good 2, anger·good 1, anger·bad 1.
        project.emogrid(&["run", "small.yaml"]).exits(0);
        assert_eq!((by("emotion", "joy"), by("sentiment", "bad")), (6, 3));
        project.emogrid(&["run", "small.yaml", "--set", "samples.balance=[emotion]"]).exits(0);
        assert_eq!((by("emotion", "joy"), by("emotion", "anger")), (8, 4), "by weight, 2 to 1");
        project.emogrid(&["run", "small.yaml", "--set", "samples.balance=[sentiment]"]).exits(0);
        assert_eq!((by("sentiment", "good"), by("sentiment", "bad")), (6, 6));
        let both = project.emogrid(&["check", "small.yaml", "--set", "samples.balance=[emotion, sentiment]"]);
        both.exits(0).says("warning[uneven]");
    }

    seed_changes_every_seed_and_pick("seed") {
        let bench = Bench::new();
        let pick = "prompt.user=\"{{ range(1000) | list | pick }} {{ emotion }} {{ place }}\"";
        let seeds = |made: &Made| made.seen.iter().map(|seen| seen.body["seed"].as_u64().unwrap()).collect::<BTreeSet<_>>();
        let (none, zero, one) = (bench.run(&[pick]), bench.run(&[pick, "seed=0"]), bench.run(&[pick, "seed=1"]));
        assert_eq!((seeds(&none), none.prompts()), (seeds(&zero), zero.prompts()));
        assert!(seeds(&none).is_disjoint(&seeds(&one)));
        assert!(none.prompts().is_disjoint(&one.prompts()));
    }

    endpoints_are_asked("endpoints", "endpoints.NAME.url") {
        let bench = Bench::new();
        let other = Fake::start();
        for set in [format!("endpoints.fake={}", other.url()), format!("endpoints.fake.url={}/v1/", other.url())] {
            let made = bench.run(&[&set]).exits(0);
            assert_eq!((made.seen.len(), other.take_count()), (0, 4), "{set}");
        }
    }

    model_is_asserted_and_sent("endpoints.NAME.model") {
        is_sent(&Bench::named(), "endpoints.fake.model", "/model", Some(json!("gpt-x:latest")), json!("gpt-x"));
        let made = Bench::new().run(&["endpoints.fake.model=gpt-y"]).exits(1);
        assert!(made.stderr.contains("wrong model") && made.stderr.contains("fake-1b.gguf"), "{}", made.stderr);
        assert!(made.seen.is_empty());
    }

    api_key_comes_from_the_variable("endpoints.NAME.api_key_env") {
        let bench = Bench::new();
        let key = "endpoints.fake.api_key_env=BENCH_KEY";
        let made = bench.run_with(&[], &[("BENCH_KEY", "s3cret")]).exits(0);
        assert!(made.seen.iter().all(|seen| seen.authorization.as_deref() != Some("Bearer s3cret")));
        let made = bench.run_with(&[key], &[("BENCH_KEY", "s3cret")]).exits(0);
        assert!(made.seen.iter().all(|seen| seen.authorization.as_deref() == Some("Bearer s3cret")));
        assert!(!made.stderr.contains("s3cret"));
        let made = bench.run(&[key]).exits(2);
        assert!(made.stderr.contains("`BENCH_KEY`"), "{}", made.stderr);
    }

    slots_are_requests_at_a_time("endpoints.NAME.slots") {
        let most = |sets: &[&str]| {
            let bench = Bench::new();
            bench.fake.latency(Duration::from_millis(80));
            bench.run(sets).exits(0);
            bench.fake.most_under_way()
        };
        assert!(most(&[]) > 2, "`auto` is the server's four");
        assert!(most(&["endpoints.fake.slots=auto"]) > 2);
        assert_eq!(most(&["endpoints.fake.slots=1"]), 1);
        assert_eq!(most(&["endpoints.fake.slots=[1, 2]"]), 2);
    }

    weight_shares_the_asks_out("endpoints.NAME.weight") {
        let bench = Bench::new();
        let other = Fake::start_at(0, Model { file: "other.gguf".into(), ..Model::default() });
        let second = format!("endpoints.other={{url: '{}', weight: 0}}", other.url());
        assert_eq!(bench.run(&[&second]).exits(0).column("model"), texts(["fake-1b"]));
        let made = bench.run(&[&second, "endpoints.other.weight=1", "endpoints.fake.weight=0"]).exits(0);
        assert_eq!((made.column("model"), other.take_count()), (texts(["other"]), 4));
    }

    a_variant_names_its_model("prompt.user.NAME.model") {
        let bench = Bench::new();
        let other = Fake::start_at(0, Model { file: "other.gguf".into(), ..Model::default() });
        let second = format!("endpoints.other={{url: '{}', weight: 0}}", other.url());
        let user = "prompt.user={only: {text: 'Show {{ emotion }} at {{ place }}.'}}";
        assert_eq!(bench.run(&[&second, user]).exits(0).column("model"), texts(["fake-1b"]));
        let named = user.replace("'}}", "', model: other}}");
        assert_eq!(bench.run(&[&second, &named]).exits(0).column("model"), texts(["other"]));
    }

    burst_goes_out_at_once("endpoints.NAME.burst") {
        let times = |sets: &[&str]| {
            let mut sets = sets.to_vec();
            sets.push("endpoints.fake.requests_per_minute=240");
            let made = Bench::new().run(&sets).exits(0);
            let times: Vec<Instant> = made.seen.iter().map(|seen| seen.at).collect();
            (times[2] - times[0], times[3] - times[0])
        };
        let (third, _) = times(&[]);
        assert!(third > Duration::from_millis(450), "{third:?}");
        let (third, fourth) = times(&["endpoints.fake.burst=3"]);
        assert!(third < Duration::from_millis(200) && fourth > Duration::from_millis(200), "{third:?} {fourth:?}");
    }

    tokens_per_minute_hold_back("endpoints.NAME.tokens_per_minute") {
        // A request reserves some 60 + 100, uses 46, and gives the rest back when it ends.
        let sets = [
            "endpoints.fake.tokens_per_minute=225", "endpoints.fake.burst=4", "sampling.max_tokens=100", "run.for=3s",
        ];
        let made = Bench::new().run(&sets).exits(3);
        assert_eq!(made.seen.len(), 2, "{}", made.stderr);
        // Spread over the minute.
        let sets = [sets[0], "endpoints.fake.burst=1", sets[2], sets[3]];
        assert_eq!(Bench::new().run(&sets).exits(3).seen.len(), 1);
        assert_eq!(Bench::new().run(&sets[2..]).exits(0).seen.len(), 4);
    }

    prices_make_costs("endpoints.NAME.price", "endpoints.NAME.price.prompt", "endpoints.NAME.price.completion", "run.max_cost") {
        let made = |price: &str| {
            let price = format!("endpoints.fake.price={price}");
            let sets = [&price, "endpoints.fake.slots=1", "sampling.max_tokens=10", "run.max_cost=100"];
            Bench::new().run(&sets)
        };
        assert_eq!(made("{ prompt: 0, completion: 0 }").exits(0).seen.len(), 4);
        // 40 tokens of prompt and 6 of answer a request, at most 10.
        assert_eq!(made("{ prompt: 1000000, completion: 0 }").exits(3).seen.len(), 2);
        assert_eq!(made("{ prompt: 0, completion: 5000000 }").exits(3).seen.len(), 2);
        let made = Bench::new().run(&["run.max_cost=100"]).exits(2);
        assert!(made.stderr.contains("needs a price"), "{}", made.stderr);
    }

    a_run_ends_as_the_config_says("run", "run.until", "run.for", "run.max_requests", "run.token_budget") {
        let stopped = |bench: &Bench, set: &str, by: &str| {
            let made = bench.run(&["endpoints.fake.slots=1", "sampling.max_tokens=10", set]).exits(3);
            assert_eq!(made.summary["stopped_by"], by);
            assert_eq!(made.rows.len(), made.seen.len());
            made.seen.len()
        };
        assert_eq!(stopped(&Bench::new(), "run.max_requests=3", "max_requests"), 3);
        // Each uses 46, and may use some 60.
        assert_eq!(stopped(&Bench::new(), "run.token_budget=120", "token_budget"), 2);
        let slow = Bench::new();
        slow.fake.latency(Duration::from_millis(400));
        assert!((1..=2).contains(&stopped(&slow, "run.for=1s", "for")));
        let now = jiff::Zoned::now();
        let hours_from_now = |hours: i64| (&now + jiff::Span::new().hours(hours)).strftime("%H:%M").to_string();
        let made = Bench::new().run(&[&format!("run.until={}", hours_from_now(3))]).exits(0);
        assert!(made.stderr.contains("in 2 h 5") || made.stderr.contains("in 3 h"), "{}", made.stderr);
    }

    order_is_by_what_prompts_share("run.order") {
        // How often prompts change what they begin with, and whether each goes to a slot.
        let order = |bench: Bench, sets: &[&str]| {
            let user = "prompt.user='{{ place }} then {{ emotion }} and no more'";
            let made = bench.run(&[&["endpoints.fake.slots=1", user], sets].concat()).exits(0);
            let prompts: Vec<String> = made.seen.iter().map(|seen| seen.user()).collect();
            let pinned = made.seen.iter().all(|seen| seen.body.get("id_slot").is_some());
            (prompts.windows(2).filter(|pair| pair[0][..4] != pair[1][..4]).count(), pinned)
        };
        let with_slots = |slots: u32| {
            let bench = Bench::new();
            bench.fake.model(|model| model.slots = slots);
            bench
        };
        assert_eq!(order(Bench::new(), &[]), (1, true));
        assert_eq!(order(Bench::new(), &["run.order=even"]), (3, false));
        // Which slot it is makes no difference where there is one, or several answers to a request take some.
        assert_eq!(order(with_slots(1), &[]), (1, false));
        assert_eq!(order(with_slots(2), &["response.n=2"]), (1, false));
        assert_eq!(order(with_slots(1), &["run.order=even"]), (3, false));
        // What keeps beginnings and tells nothing of slots; what may end anywhere is balanced there.
        assert_eq!(order(Bench::named(), &[]), (1, false));
        assert_eq!(order(Bench::named(), &["run.order=even"]), (3, false));
        assert_eq!(order(Bench::named(), &["run.max_requests=9"]), (3, false));
        assert_eq!(order(with_slots(1), &["run.max_requests=9"]), (1, false));
    }

    tries_are_how_often_an_ask_may_fail("run.tries") {
        let bench = Bench::scripted(|seen, _| match seen.user().contains("joy at home") {
            true => Reply::status(500, "no"),
            false => Reply::Good,
        });
        let tries = |sets: &[&str]| {
            let made = bench.run(sets).exits(4);
            made.seen.iter().filter(|seen| seen.user().contains("joy at home")).count()
        };
        let (five, two) = (tries(&["samples.max_asks=1"]), tries(&["samples.max_asks=1", "run.tries=2"]));
        assert!(two < five, "{two} and {five}");
    }

    timeouts_are_how_often_an_ask_may_hang("run.timeouts") {
        let bench = Bench::scripted(|seen, _| match seen.user().contains("joy at home") {
            true => Reply::Hang(Duration::from_secs(30)),
            false => Reply::Good,
        });
        let tries = |sets: &[&str]| {
            let sets = [&["samples.max_asks=1", "endpoints.fake.timeout=100ms"], sets].concat();
            let made = bench.run(&sets).exits(4);
            made.seen.iter().filter(|seen| seen.user().contains("joy at home")).count()
        };
        // One more each for want of others to compare it with.
        assert_eq!((tries(&[]), tries(&["run.timeouts=4"])), (2, 4));
    }

    circuit_is_how_many_failures_in_a_row_prove_a_server_away("run.circuit") {
        let bench = Bench::scripted(|_, before| match before {
            0 | 1 => Reply::status(500, "out of luck"),
            _ => Reply::Good,
        });
        let gap = |sets: &[&str]| {
            let made = bench.run(&[&["endpoints.fake.slots=1"], sets].concat()).exits(0);
            made.seen[2].at - made.seen[1].at
        };
        // One who is away is tried again half a second later, and not with what comes next.
        let (eight, two) = (gap(&[]), gap(&["run.circuit=2"]));
        assert!(eight < Duration::from_millis(400) && two >= Duration::from_millis(450), "{eight:?} {two:?}");
    }

    hedge_sends_what_hangs_at_the_end_a_second_time("run.hedge") {
        // A server that tells no slots may be sent something twice.
        let bench = Bench::named();
        let sends = |sets: &[&str]| {
            bench.fake.script(|_, before| match before {
                9 => Reply::Hang(Duration::from_secs(8)),
                _ => Reply::Good,
            });
            let sets = [&["samples.per_cell=3", "endpoints.fake.slots=2"], sets].concat();
            bench.run(&sets).exits(0).seen.len()
        };
        assert_eq!((sends(&[]), sends(&["run.hedge=0"])), (13, 12));
    }

    requests_per_minute_holds_back("endpoints.NAME.requests_per_minute") {
        let bench = Bench::new();
        bench.fake.latency(Duration::from_millis(50));
        bench.run(&[]).exits(0);
        assert!(bench.fake.most_under_way() > 1);
        let made = bench.run(&["endpoints.fake.requests_per_minute=240"]).exits(0);
        let times: Vec<Instant> = made.seen.iter().map(|seen| seen.at).collect();
        assert!(times[3] - times[0] > Duration::from_millis(700), "four a second, and four were asked");
    }

    timeout_ends_a_request("endpoints.NAME.timeout") {
        let bench = Bench::scripted(|_, before| match before {
            0 => Reply::Hang(Duration::from_millis(1500)),
            _ => Reply::Good,
        });
        assert_eq!(bench.run(&[]).exits(0).summary["faults"], json!({}));
        let made = bench.run(&["endpoints.fake.timeout=300ms"]).exits(0);
        assert_eq!(made.summary["faults"], json!({ "timeout": 1 }));
        // And one token of what went through, to see whether the server is well.
        let asks = made.seen.iter().filter(|seen| seen.body["max_tokens"] != 1);
        assert_eq!((asks.count(), made.seen.len()), (5, 6));
    }

    patience_waits_for_a_server("endpoints.NAME.patience") {
        let bench = Bench::new();
        bench.fake.loading(true);
        std::thread::scope(|scope| {
            scope.spawn(|| {
                std::thread::sleep(Duration::from_millis(2500));
                bench.fake.loading(false);
            });
            let made = bench.run(&["endpoints.fake.patience=400ms"]).exits(1);
            assert!(made.stderr.contains("loading"), "{}", made.stderr);
            assert_eq!(bench.run(&[]).exits(0).rows.len(), 4);
        });
    }

    managed_starts_a_server("endpoints.NAME.managed", "endpoints.NAME.managed.model") {
        let bench = managed();
        let (made, argv) = run_managed(&bench, &[]);
        let made = made.exits(0);
        assert!(after(&argv, "-m").is_some_and(|model| Path::new(model).ends_with("models/tiny.gguf")), "{argv:?}");
        assert_eq!((made.column("model"), made.rows.len()), (texts(["tiny"]), 4));
        let (made, argv) = run_managed(&bench, &["endpoints.own.managed.model=models/other.gguf"]);
        assert_eq!(made.exits(0).column("model"), texts(["other"]));
        assert!(after(&argv, "-m").is_some_and(|model| Path::new(model).ends_with("models/other.gguf")), "{argv:?}");
        // The quickstart wants Python where no server is on PATH: none is found, and nothing is fetched.
        let empty = [("PATH", "/nowhere"), ("EMOGRID_CACHE", "/nowhere/cache"), ("EMOGRID_PYTHON", "no-such-python")];
        for set in ["endpoints.own.managed=quickstart", "endpoints.own.managed.model=quickstart"] {
            let made = bench.run_with(&[set], &empty).exits(1);
            assert!(made.stderr.contains("the quickstart needs Python"), "{}", made.stderr);
        }
    }

    managed_command_is_what_is_started("endpoints.NAME.managed.command") {
        let bench = managed();
        let (made, argv) = run_managed(&bench, &[]);
        made.exits(0);
        assert!(argv[0].ends_with("bin/llama-server"), "{argv:?}");
        let (made, argv) = run_managed(&bench, &["endpoints.own.managed.command=./tools/mine"]);
        made.exits(0);
        assert!(argv[0].ends_with("tools/mine"), "{argv:?}");
        let (made, _) = run_managed(&bench, &["endpoints.own.managed.command=no-such-server"]);
        let stderr = made.exits(1).stderr;
        assert!(stderr.contains("program `no-such-server` (`managed.command`): none of the folders on PATH has it"), "{stderr}");
        let (made, _) = run_managed(&bench, &["endpoints.own.managed.command=tools/none"]);
        let stderr = made.exits(1).stderr;
        assert!(stderr.contains("tools/none` (`managed.command`): there is no such file"), "{stderr}");
    }

    managed_arguments_are_passed_on("endpoints.NAME.managed.args") {
        let flags = [("--flash-attn", None, "on"), ("--rope-scale", None, "2")];
        is_passed("args", "[--flash-attn, on, --rope-scale, 2]", &flags);
    }

    managed_lora_is_part_of_the_model("endpoints.NAME.managed.lora") {
        let bench = managed();
        let (made, argv) = run_managed(&bench, &[]);
        made.exits(0);
        assert_eq!(after(&argv, "--lora"), None);
        let lora = bench.project.write("tuned.gguf", "GGUF of an adapter");
        let set = "endpoints.own.managed.lora=tuned.gguf";
        let (made, argv) = run_managed(&bench, &[set]);
        made.exits(0);
        assert!(after(&argv, "--lora").is_some_and(|path| Path::new(path).ends_with("tuned.gguf")), "{argv:?}");
        let left = |args: &[&str]| {
            let args = [&["plan", "base.yaml", "--json"], args].concat();
            bench.project.emogrid(&args).exits(0).json()["requests"].as_u64()
        };
        assert_eq!((left(&["--set", set]), left(&[])), (Some(0), Some(4)), "without it is another model");
        std::fs::write(&lora, "GGUF of another").unwrap();
        assert_eq!(left(&["--set", set]), Some(4), "an adapter is what it holds");
    }

    managed_slots_are_the_servers("endpoints.NAME.managed.slots") {
        is_passed("slots", "2", &[("-np", Some("4"), "2"), ("-c", Some("8192"), "4096")]);
    }

    managed_context_is_that_of_a_slot("endpoints.NAME.managed.context") {
        is_passed("context", "1024", &[("-c", Some("8192"), "4096")]);
    }

    managed_is_started_again("endpoints.NAME.managed.restarts") {
        let bench = managed();
        let mortal = ["endpoints.own.managed.args=['--die-after', '2']", "endpoints.own.slots=1"];
        let (made, _) = run_managed(&bench, &mortal);
        let made = made.exits(0);
        assert!(made.stderr.contains("starting it again (2 more times at most)"), "{}", made.stderr);
        assert_eq!(made.rows.len(), 4);
        let (made, _) = run_managed(&bench, &[&mortal[..], &["endpoints.own.managed.restarts=0"]].concat());
        let made = made.exits(1);
        assert!(made.stderr.contains("the model server ended by itself"), "{}", made.stderr);
        assert_eq!(made.rows.len(), 2);
    }

    managed_loading_is_how_long_a_model_may_load("endpoints.NAME.managed.loading") {
        let bench = managed();
        let path = bench.project.write("tools/mine", "#!/bin/sh\nexec sleep 60\n");
        assert!(path.exists());
        let sets = ["endpoints.own.managed.command=./tools/mine", "endpoints.own.managed.loading=300ms"];
        let (made, _) = run_managed(&bench, &sets);
        assert!(made.exits(1).stderr.contains("its model did not load within 0.3 s"));
        let (made, _) = run_managed(&bench, &["endpoints.own.managed.loading=20s"]);
        made.exits(0);
    }

    managed_threads_are_passed_on("endpoints.NAME.managed.threads") {
        is_passed("threads", "3", &[("-t", None, "3")]);
    }

    system_prompt_comes_first("prompt", "prompt.system", "prompt.system.from", "prompt.system.text") {
        let bench = Bench::new();
        bench.project.write("prompts/a/system.j2", "From a file.\n");
        assert_eq!(bench.run(&[]).sent("/messages/0/role"), Some(json!("user")));
        for (set, expected) in [
            ("prompt.system=Plain.", "Plain."),
            ("prompt.system.text=Inline {{ items }}.", "Inline 1."),
            ("prompt.system.from=a/system.j2", "From a file."),
        ] {
            let made = bench.run(&[set]).exits(0);
            assert_eq!(made.sent("/messages/0"), Some(json!({ "role": "system", "content": expected })));
            assert_eq!(made.sent("/messages/1/role"), Some(json!("user")));
        }
    }

    user_prompts_are_variants(
        "prompt.user", "prompt.user.NAME.from", "prompt.user.NAME.text", "prompt.user.NAME.weight"
    ) {
        let bench = Bench::new();
        bench.project.write("prompts/chat.j2", "Chat {{ emotion }} {{ place }}\n");
        let expected: BTreeSet<_> =
            ["joy at home", "joy at work", "anger at home", "anger at work"].map(|cell| format!("Show {cell}.")).into();
        assert_eq!(bench.run(&[]).prompts(), expected);
        for set in ["prompt.user={ from: chat.j2 }", "prompt.user={ text: \"Chat {{ emotion }} {{ place }}\" }"] {
            assert!(bench.run(&[set]).prompts().iter().all(|user| user.starts_with("Chat ")), "{set}");
        }
        let counts = |weight: &str| {
            let variants = format!(
                "prompt.user={{ chat: {{ from: chat.j2 }}, post: {{ text: \"Post {{{{ emotion }}}} {{{{ place }}}}\"{weight} }} }}"
            );
            let made = bench.run(&[&variants, "samples.per_cell=20"]).exits(0);
            let mut counts: BTreeMap<String, usize> = BTreeMap::new();
            for row in &made.rows {
                *counts.entry(row["prompt"].as_str().unwrap().to_owned()).or_default() += 1;
            }
            let asked = made.seen.iter().filter(|seen| seen.user().starts_with("Chat ")).count();
            let chat = counts.get("chat").copied().unwrap_or(0);
            assert_eq!((asked, made.rows.len()), (chat, 80));
            chat
        };
        let (even, heavy, alone) = (counts(""), counts(", weight: 7"), counts(", weight: 0"));
        assert!((25..=55).contains(&even), "{even} of 80");
        assert!((1..=20).contains(&heavy), "{heavy} of 80");
        assert_eq!(alone, 80);
    }

    completions_are_gone_on_with("prompt.completion") {
        let bench = Bench::scripted(|seen, _| Reply::text(&format!(" it was {} all along", seen.body["seed"])));
        let config = BASE.replace("prompt: { user: ", "prompt: { completion: ");
        bench.project.write("base.yaml", &config.replace("URL", &bench.fake.url()));
        bench.project.write("prompts/more.j2", "More of {{ emotion }} {{ place }}:\n");
        let made = bench.run(&[]).exits(0);
        assert_eq!(made.prompts().len(), 4);
        for seen in &made.seen {
            assert_eq!((&seen.body["messages"], &seen.body["response_format"]), (&Value::Null, &Value::Null));
            assert!(seen.body["prompt"].as_str().unwrap().starts_with("Show "));
        }
        assert!(made.rows.iter().all(|row| row["text"].as_str().unwrap().starts_with("it was ")));
        let variants = "prompt.completion={ more: { from: more.j2, weight: 9, model: fake }, show: { text: 'And {{ emotion }} {{ place }}' } }";
        let made = bench.run(&[variants, "samples.per_cell=10"]).exits(0);
        let more = made.seen.iter().filter(|seen| seen.user().ends_with("work:") || seen.user().ends_with("home:")).count();
        assert!((25..40).contains(&more), "{more} of 40");
        let said = bench.run(&["prompt.user=x"]).exits(2).stderr;
        assert!(said.contains("`prompt.user` has no meaning beside `prompt.completion`"), "{said}");
    }

    lines_are_texts("response.format") {
        let bench = Bench::scripted(|seen, _| {
            let seed = seen.seed();
            let lines = format!("1. first {seed}\n\n2. second {seed}\n3. third {seed}\n4. fourth is cut off");
            Reply::Choices(vec![(lines, "length")])
        });
        let set = ["response.format=lines", "response.items=4", "samples.per_cell=3"];
        let made = bench.run(&set).exits(0);
        assert_eq!((made.rows.len(), made.seen.len()), (12, 4));
        assert!(made.rows.iter().all(|row| !row["text"].as_str().unwrap().contains(['.', '\n'])));
        let two = bench.run(&["response.format=lines", "response.items=2", "samples.per_cell=3"]).exits(0);
        assert_eq!((two.rows.len(), two.seen.len()), (12, 8), "two lines an answer are enough");
        assert!(bench.run(&["response={ format: lines, text: x }"]).exits(2).stderr.contains("no meaning under `format: lines`"));
    }

    sampling_is_sent(
        "sampling", "sampling.temperature", "sampling.top_p", "sampling.presence_penalty", "sampling.frequency_penalty",
        "sampling.stop", "sampling.max_tokens"
    ) {
        let bench = Bench::new();
        is_sent(&bench, "sampling.temperature", "/temperature", Some(json!(0.8)), json!(1.25));
        is_sent(&bench, "sampling.top_p", "/top_p", Some(json!(0.95)), json!(0.5));
        is_sent(&bench, "sampling.presence_penalty", "/presence_penalty", Some(json!(0.0)), json!(0.5));
        is_sent(&bench, "sampling.frequency_penalty", "/frequency_penalty", Some(json!(0.0)), json!(-0.5));
        is_sent(&bench, "sampling.stop", "/stop", None, json!(["END", "\n\n"]));
        is_sent(&bench, "sampling.max_tokens", "/max_tokens", Some(json!(256)), json!(77));
    }

    sampling_of_llama_cpp_is_sent("sampling.top_k", "sampling.min_p", "sampling.repeat_penalty") {
        let named = Bench::named();
        let llama = Bench::new();
        for (key, default, other) in [("top_k", json!(40), json!(0)), ("min_p", json!(0.05), json!(0.1)), ("repeat_penalty", json!(1.0), json!(1.1))] {
            let (path, pointer) = (format!("sampling.{key}"), format!("/{key}"));
            is_sent(&llama, &path, &pointer, Some(default), other.clone());
            is_sent(&named, &path, &pointer, None, other);
        }
    }

    extra_fields_are_sent_as_they_are("sampling.extra") {
        let bench = Bench::new();
        is_sent(&bench, "sampling.extra.chat_template_kwargs", "/chat_template_kwargs", None, json!({ "enable_thinking": false, "depth": [1, 2.5] }));
        let made = bench.run(&["sampling.extra.temperature=1"]).exits(2);
        assert!(made.stderr.contains("sampling.temperature"), "{}", made.stderr);
    }

    format_text_takes_the_whole_answer("response", "response.format") {
        let bench = Bench::scripted(|_, _| Reply::text(r#" {"text": "Said."} "#));
        let json = bench.run(&["dedup.scope=cell"]).exits(0);
        assert_eq!(json.sent("/response_format/type"), Some(json!("json_schema")));
        assert_eq!(json.column("text"), texts(["Said."]));
        let text = bench.run(&["dedup.scope=cell", "response.format=text", "checks.leftover=false"]).exits(0);
        assert_eq!(text.sent("/response_format"), None);
        assert_eq!(text.column("text"), texts([r#"{"text": "Said."}"#]));
    }

    text_names_the_field_of_the_text("response.text") {
        let bench = Bench::scripted(|_, _| Reply::text(r#"{"said": "Hello."}"#));
        let made = bench.run(&["dedup.scope=cell"]).exits(4);
        assert!(made.rejects.iter().all(|reject| reject["reason"] == "schema"));
        let made = bench.run(&["dedup.scope=cell", "response.text=said"]).exits(0);
        assert_eq!(made.column("text"), texts(["Hello."]));
        assert_eq!(made.sent("/response_format/json_schema/schema/required"), Some(json!(["said"])));
    }

    schema_holds_an_answer_and_its_fields_are_columns("response.schema") {
        let bench = Bench::scripted(|_, _| Reply::text(r#"{"text": "Hello.", "tone": "dry"}"#));
        let schema = json!({ "type": "object", "properties": { "text": { "type": "string" }, "tone": { "enum": ["dry", "wet"] } }, "required": ["tone"] });
        bench.project.write("tone.json", &schema.to_string());
        bench.run(&["dedup.scope=cell"]).exits(4);
        for set in ["response.schema=tone.json".to_owned(), format!("response.schema={schema}")] {
            let made = bench.run(&["dedup.scope=cell", &set]).exits(0);
            assert_eq!(made.column("tone"), texts(["dry"]));
            assert_eq!(made.sent("/response_format/json_schema/schema"), Some(schema.clone()));
        }
        let strict = format!("response.schema={}", schema.to_string().replace("dry", "loud"));
        let made = bench.run(&["dedup.scope=cell", &strict]).exits(4);
        assert!(made.rejects.iter().all(|reject| reject["reason"] == "schema"), "{:?}", made.rejects);
    }

    items_are_texts_of_one_answer("response.items") {
        let bench = Bench::new();
        let per_cell = "samples.per_cell=3";
        assert_eq!(bench.run(&[per_cell]).exits(0).seen.len(), 12);
        let made = bench.run(&[per_cell, "response.items=3", "prompt.user=Write {{ items }} texts."]).exits(0);
        assert_eq!((made.seen.len(), made.rows.len()), (4, 12));
        assert_eq!(made.sent("/response_format/json_schema/schema/properties/items/minItems"), Some(json!(3)));
        assert_eq!(made.sent("/messages/0/content"), Some(json!("Write 3 texts.")));
    }

    n_is_answers_to_one_request("response.n") {
        let bench = Bench::new();
        is_sent(&bench, "response.n", "/n", Some(json!(1)), json!(2));
        let made = bench.run(&["samples.per_cell=4", "response.n=2"]).exits(0);
        assert_eq!((made.seen.len(), made.rows.len()), (8, 16));
    }

    axes_span_the_grid("grid", "grid.axes", "grid.axes.NAME.values") {
        let bench = Bench::new();
        assert_eq!(bench.run(&[]).column("place"), texts(["home", "work"]));
        let made = bench.run(&["grid.axes.place=[sea, 5, true]"]).exits(0);
        assert_eq!((made.column("place"), made.rows.len()), (texts(["sea", "5", "true"]), 6));
        let made = bench.run(&[
            "grid.axes.place={ values: { sea: { of: salt }, sky: { of: air } } }",
            "prompt.user=\"{{ emotion }} {{ place.of }}\"",
        ]);
        assert_eq!(made.column("place"), texts(["sea", "sky"]));
        assert!(made.prompts().contains("joy salt") && made.prompts().contains("anger air"));
        assert_eq!(bench.run(&["grid.axes.emotion.values=[fear]"]).column("emotion"), texts(["fear"]));
    }

    values_come_from_a_taxonomy("grid.axes.NAME.from", "grid.axes.NAME.override") {
        let bench = Bench::new();
        bench.project.write("mine/places.yaml", "description: mine\nvalues:\n  sea: { of: salt }\n  sky: { of: air }\n  den: { of: earth }\n");
        let prompt = "prompt.user=\"{{ emotion }} {{ place.of }}\"";
        let from = "grid.axes.place={ from: mine/places.yaml }";
        let made = bench.run(&[prompt, from]).exits(0);
        assert_eq!((made.column("place"), made.rows.len()), (texts(["sea", "sky", "den"]), 6));
        let made = bench.run(&[prompt, from, "grid.axes.place.values=[sky]", "grid.axes.place.override.sky.of=wind"]).exits(0);
        assert_eq!(made.column("place"), texts(["sky"]));
        assert_eq!(made.prompts(), ["joy wind", "anger wind"].map(String::from).into());
        for (name, values) in [("ekman", 6), ("goemotions", 27), ("contexts", 5), ("sentiments", 3)] {
            let made = bench.run(&[&format!("grid.axes.place={{ from: {name} }}")]).exits(0);
            assert!(made.column("place").len() >= values, "{name}: {:?}", made.column("place"));
        }
    }

    label_is_what_a_scope_goes_by("grid.axes.NAME.label", "dedup", "dedup.scope") {
        let bench = Bench::scripted(|_, _| Reply::text(r#"{"text": "All the same."}"#));
        let max = "samples.max_asks=1";
        let rows = |sets: &[&str]| bench.run(&[&[max], sets].concat()).rows.len();
        assert_eq!(rows(&[]), 2, "one an emotion, which is the label");
        assert_eq!(rows(&["grid.axes.emotion.label=false"]), 1, "no label: one in the dataset");
        assert_eq!(rows(&["grid.axes.place={ label: true, values: [home, work, sea] }"]), 6, "both are labels");
        assert_eq!(rows(&["dedup.scope=label"]), 2);
        assert_eq!(rows(&["dedup.scope=dataset"]), 1);
        assert_eq!(rows(&["dedup.scope=cell"]), 4);
    }

    level_is_how_alike_duplicates_are("dedup.level") {
        let bench = Bench::scripted(|seen, _| Reply::text(match seen.user().contains("home") {
            true => r#"{"text": "My dentist stole the umbrella again"}"#,
            false => r#"{"text": "My dentist stole the sandwich again"}"#,
        }));
        let rows = |sets: &[&str]| bench.run(&[&["samples.max_asks=1", "grid.only=[{ emotion: joy }]"], sets].concat()).rows.len();
        assert_eq!(rows(&[]), 2, "exact");
        assert_eq!(rows(&["dedup.level=strict"]), 1);
        let made = bench.run(&["samples.max_asks=1", "dedup.level=default", "grid.only=[{ emotion: joy }]"]).exits(4);
        assert_eq!(made.rejects[0]["reason"], "near-duplicate");
        let why = made.rejects[0]["why"].as_str().unwrap();
        assert!(why.starts_with(&format!("similar to {} (0.", made.rows[0]["id"].as_str().unwrap())), "{why}");
        assert_eq!(made.summary["rejected"]["near-duplicate"], 1);
        let bench = Bench::scripted(|_, _| Reply::text(r#"{"text": "All the same."}"#));
        let rows = |sets: &[&str]| bench.run(&[&["samples.max_asks=1"], sets].concat()).rows.len();
        assert_eq!((rows(&[]), rows(&["dedup.level=off"])), (2, 4));
    }

    threshold_takes_the_place_of_the_levels("dedup.threshold") {
        let bench = Bench::scripted(|seen, _| Reply::text(match seen.user().contains("home") {
            true => r#"{"text": "My dentist stole the umbrella again"}"#,
            false => r#"{"text": "My dentist stole the sandwich again"}"#,
        }));
        let rows = |sets: &[&str]| bench.run(&[&["samples.max_asks=1", "dedup.level=default"], sets].concat()).rows.len();
        assert_eq!((rows(&[]), rows(&["dedup.threshold=0.9"])), (2, 4));
    }

    against_is_off_limits("dedup.against") {
        let bench = Bench::scripted(|_, _| Reply::text(r#"{"text": "My dentist stole the umbrella again"}"#));
        bench.project.write("test.txt", "\nmy dentist STOLE the umbrella again\n");
        bench.project.write("test.csv", "id,text\n1,\"the dentist, he stole my umbrella\"\n");
        bench.project.write("test.jsonl", "{\"text\": \"The umbrella again: my dentist stole it\"}\n");
        let made = |sets: &[&str]| bench.run(&[&["samples.max_asks=1", "dedup.scope=cell"], sets].concat());
        assert_eq!(made(&[]).rows.len(), 4);
        let made_exact = made(&["dedup.against=[test.txt]"]);
        assert_eq!(made_exact.rejects[0]["why"], "off limits: similar to test.txt:2 (1.00)");
        assert_eq!(made(&["dedup.against=[test.csv, test.jsonl]"]).rows.len(), 4, "not the same text");
        let near = made(&["dedup.against=[test.csv, test.jsonl]", "dedup.level=default"]);
        assert_eq!((near.rows.len(), near.summary["rejected"]["off-limits"].as_u64()), (0, Some(4)));
    }

    against_names_a_file_and_its_column("dedup.against.file", "dedup.against.text") {
        let bench = Bench::scripted(|_, _| Reply::text(r#"{"text": "My dentist stole the umbrella again"}"#));
        bench.project.write("test.csv", "text,body\nnothing of the kind,my dentist STOLE the umbrella again\n");
        let made = |set: &str| bench.run(&["samples.max_asks=1", "dedup.scope=cell", set]);
        assert_eq!(made("dedup.against=[{ file: test.csv }]").rows.len(), 4);
        let made = made("dedup.against=[{ file: test.csv, text: body }]");
        assert_eq!(made.rejects[0]["why"], "off limits: similar to test.csv:2 (1.00)");
    }

    statistics_are_the_weights_of_words("dedup.statistics") {
        let bench = Bench::scripted(|seen, _| Reply::text(match seen.user().contains("home") {
            true => r#"{"text": "My dentist stole the umbrella again"}"#,
            false => r#"{"text": "My dentist stole the sandwich again"}"#,
        }));
        let words = ["my", "dentist", "stole", "the", "again"].map(|word| format!("{word}\t50\n")).concat();
        bench.project.write("words.tsv", &format!("emogrid-words 1\ntexts\t100\n{words}"));
        let rows = |sets: &[&str]| bench.run(&[&["samples.max_asks=1", "dedup.level=default"], sets].concat()).rows.len();
        assert_eq!((rows(&[]), rows(&["dedup.statistics=words.tsv"])), (2, 4), "what they share weighs nothing");
    }

    method_is_how_they_are_looked_for("dedup.method") {
        // Two words of ten are common: an exact join finds it, and bands of five do not.
        let bench = Bench::scripted(|seen, _| Reply::text(match seen.user().contains("home") {
            true => r#"{"text": "zork blim grue plugh xyzzy fnord"}"#,
            false => r#"{"text": "zork blim quux wibble frob garply"}"#,
        }));
        let rows = |sets: &[&str]| {
            let near = ["samples.max_asks=1", "dedup.level=default", "dedup.threshold=0.1"];
            bench.run(&[&near[..], sets].concat()).rows.len()
        };
        assert_eq!((rows(&[]), rows(&["dedup.method=minhash"])), (2, 4));
    }

    exclude_leaves_combinations_out("grid.exclude") {
        let bench = Bench::new();
        let cells = |sets: &[&str]| -> BTreeSet<String> {
            let made = bench.run(sets).exits(0);
            made.rows.iter().map(|row| format!("{} {}", row["emotion"].as_str().unwrap(), row["place"].as_str().unwrap())).collect()
        };
        let of = |cells: &[&str]| -> BTreeSet<String> { cells.iter().map(|cell| (*cell).to_owned()).collect() };
        assert_eq!(cells(&[]).len(), 4);
        assert_eq!(cells(&["grid.exclude=[{ emotion: joy, place: [home, work] }]"]), of(&["anger home", "anger work"]));
        assert_eq!(cells(&["grid.exclude=[{ emotion: joy, place: home }, { place: work }]"]), of(&["anger home"]));
        let pleasant = "grid.axes.emotion.values={ joy: { good: true }, anger: { good: false } }";
        assert_eq!(
            cells(&[pleasant, "grid.exclude=[{ if: \"emotion.good and place.name != 'home'\" }, { place: home, if: not emotion.good }]"]),
            of(&["joy home", "anger work"])
        );
    }

    only_keeps_combinations("grid.only") {
        let bench = Bench::new();
        let made = bench.run(&["grid.only=[{ emotion: joy, place: home }, { if: emotion.name == 'anger' }]"]).exits(0);
        assert_eq!(made.prompts(), ["Show joy at home.", "Show anger at home.", "Show anger at work."].map(String::from).into());
        let made = bench.run(&["grid.only=[{ emotion: anger }]", "grid.exclude=[{ place: home }]"]).exits(0);
        assert_eq!(made.prompts(), ["Show anger at work.".to_owned()].into());
    }

    per_cell_is_rows_of_each_cell("samples", "samples.per_cell") {
        let bench = Bench::new();
        assert_eq!(bench.run(&[]).exits(0).rows.len(), 4);
        assert_eq!(bench.run(&["samples.per_cell=3"]).exits(0).rows.len(), 12);
    }

    max_asks_ends_a_cell("samples.max_asks") {
        let bench = Bench::scripted(|_, _| Reply::text(""));
        let asked = |sets: &[&str]| bench.run(sets).exits(4).seen.len();
        assert_eq!(asked(&[]), 4 * 3);
        assert_eq!(asked(&["samples.per_cell=2"]), 4 * 6);
        assert_eq!(asked(&["samples.per_cell=6", "response.items=3"]), 4 * 6);
        assert_eq!(asked(&["samples.max_asks=2"]), 4 * 2);
    }

    allow_short_forgives_a_share("samples.allow_short") {
        let bench = Bench::scripted(|seen, _| match seen.user().contains("joy at home") {
            true => Reply::text(""),
            false => Reply::Good,
        });
        bench.run(&[]).exits(4);
        bench.run(&["samples.allow_short=0.24"]).exits(4);
        let made = bench.run(&["samples.allow_short=0.25"]).exits(0);
        assert_eq!((&made.summary["shortfall"], &made.summary["state"]), (&json!(1), &json!("complete")));
    }

    max_leaving_refuses_a_run("run", "run.max_leaving") {
        let bench = Bench::new();
        bench.run(&[]).exits(0);
        let edited = |more: &str| {
            bench.project.emogrid(&["run", "base.yaml", "--set", "sampling.temperature=0.1", "--set", more])
        };
        edited("run.max_leaving=3").exits(4).says("4 of 4 rows would leave");
        edited("run.max_leaving=4").exits(0);
    }

    alarms_ring("alarm", "alarm.accepted", "alarm.distinct_2", "alarm.opening", "alarm.short", "alarm.faults", "alarm.tokens_per_second", "alarm.rows_per_hour") {
        // A send in three fails, the texts of one cell are empty, and the others are alike but for their end.
        let bench = Bench::scripted(|seen, before| match (seen.user().contains("joy at home"), before % 3) {
            (_, 2) => Reply::status(500, "broken"),
            (true, _) => Reply::text(""),
            _ => Reply::text(&format!("{{\"text\": \"It was so {before}.\"}}")),
        });
        let all = ["samples.per_cell=30", "samples.max_asks=60", "samples.allow_short=1", "dedup.level=off"];
        let rings = |key: &str, kept: &str, broken: &str, more: &[&str], exit: i32| {
            let run = |value: &str| {
                let set = format!("alarm.{key}={value}");
                bench.run(&[&all[..], more, &[set.as_str()]].concat())
            };
            run(kept).exits(exit);
            let made = run(broken).exits(4);
            assert_eq!(made.summary["verdict"], "LOOK");
            let finding = &made.summary["findings"][0];
            assert!(finding["what"].as_str().unwrap().starts_with(&format!("`alarm.{key}`: ")), "{finding}");
            assert!(finding["cause"].is_string() && finding["key"].is_string(), "{finding}");
        };
        rings("accepted", "0.4", "0.9", &[], 0);
        rings("distinct_2", "0.1", "1", &[], 0);
        rings("opening", "1", "0.9", &[], 0);
        rings("short", "0.25", "0.24", &[], 0);
        rings("faults", "0.9", "0.01", &[], 0);
        // One that completes the dataset in so short a time had its tail to ask.
        let stopped = ["run.max_requests=40"];
        rings("tokens_per_second", "0", "1e9", &stopped, 3);
        rings("rows_per_hour", "0", "1e9", &stopped, 3);
    }

    curated_rows_are_left_out_and_replaced("curation") {
        let bench = Bench::new();
        let plain = bench.run(&[]).exits(0);
        let dropped = plain.rows[0]["id"].as_str().unwrap().to_owned();
        bench.project.write("dropped.jsonl", &format!("{{\"id\": \"{dropped}\", \"why\": \"dull\"}}\n\n"));
        let made = bench.run(&["curation=dropped.jsonl"]).exits(0);
        assert_eq!(made.rows.len(), plain.rows.len(), "another row is asked for in its place");
        assert!(made.rows.iter().all(|row| row["id"] != dropped.as_str()));
        assert_eq!(made.rejects[0]["reason"], "curation");
        assert_eq!(made.seen.len(), plain.seen.len() + 1);
        // It is asked for in its old place again where the decision goes.
        let back = bench.project.emogrid(&["run", "base.yaml", "--json"]).exits(0).json();
        assert_eq!(back["requests"], 0);
        assert!(bench.project.rows("out/base/dataset.jsonl").iter().any(|row| row["id"] == dropped.as_str()));
        // Other lines put a row beside one, and ask for more of a cell.
        let (emotion, place) = (&plain.rows[0]["emotion"], &plain.rows[0]["place"]);
        let beside = serde_json::json!({ "id": dropped, "counterpart": "She sold the old boat to everybody at noon." });
        let raised = serde_json::json!({ "cell": { "emotion": emotion, "place": place }, "add": 2 });
        bench.project.write("dropped.jsonl", &format!("{beside}\n{raised}\n"));
        let made = bench.run(&["curation=dropped.jsonl"]).exits(0);
        assert_eq!(made.rows.len(), plain.rows.len() + 3);
        assert_eq!(made.seen.len(), plain.seen.len() + 2);
        assert_eq!(made.rows[1]["pair"], dropped.as_str());
    }

    an_audit_is_told_what_matters("audit", "audit.off", "audit.warn", "audit.fail", "audit.targets") {
        let bench = Bench::new();
        // Of fewer rows it is not told how far they are from what was asked.
        let rows = "samples.per_cell=20";
        bench.run(&[rows]).exits(0);
        let audit = |set: &str| {
            let args = ["audit", "base.yaml", "--json", "--set", rows, "--set", set, "--fail-on", "never"];
            bench.project.emogrid(&args).exits(0).json()
        };
        let of = |report: &Value, metric: &str| {
            let measures = report["measures"].as_array().unwrap().iter();
            measures.filter(|measure| measure["metric"] == metric).cloned().collect::<Vec<_>>()
        };
        // As many rows as were asked, so that the distance is 0.
        assert_eq!(of(&audit("audit.off=[]"), "cells_asked")[0]["verdict"], "ok");
        assert!(of(&audit("audit.off=[cells_asked]"), "cells_asked").is_empty());
        assert_eq!(of(&audit("audit.warn.cells_asked=-1"), "cells_asked")[0]["verdict"], "warn");
        assert_eq!(of(&audit("audit.fail.cells_asked=-1"), "cells_asked")[0]["verdict"], "fail");
        let aimed = of(&audit("audit.targets.female=0.5"), "representation").remove(0);
        assert_eq!(aimed["parts"][0]["name"], "female");
    }

    a_run_ends_with_an_audit_of_its_first_rows("audit.rows") {
        let made = |set: &[&str]| Bench::new().run(set).exits(0).summary;
        let audited = &made(&[])["audit"];
        assert!(audited["rows"].as_u64().unwrap() > 3, "{audited}");
        assert!(audited["measures"].as_array().unwrap().iter().any(|measure| measure["metric"] == "cells_asked"));
        assert_eq!(made(&["audit.rows=3"])["audit"]["rows"], 3);
        assert!(made(&["audit.rows=0"])["audit"].is_null());
    }

    prompts_show_rows(
        "exemplars", "exemplars.from", "exemplars.rows", "exemplars.by", "exemplars.copy", "exemplars.anonymize"
    ) {
        let bench = Bench::scripted(|seen, _| {
            Reply::text(&json!({ "text": format!("they met at one for a walk, she and Anna {}", seen.body["seed"]) }).to_string())
        });
        let rows = ["joy", "joy", "anger", "anger"].into_iter().enumerate().map(|(n, emotion)| {
            json!({ "text": format!("{n}: they met at one with Maria Lopez"), "emotion": emotion, "where": if n % 2 == 0 { "home" } else { "work" } })
        });
        let rows: Vec<String> = rows.map(|row| row.to_string()).collect();
        bench.project.write("rows.jsonl", &rows.join("\n"));
        let prompt = "prompt.user=Of {{ emotion }} {{ place }}{% for row in exemplars %} <{{ row.text }}>{% endfor %}";
        let shown = |set: &[&str]| {
            let set = [&[prompt, "exemplars.from=rows.jsonl"], set].concat();
            let made = bench.run(&set).exits(0);
            (made.prompts(), made.rejects)
        };
        let rows_in = |prompts: &BTreeSet<String>| prompts.iter().map(|prompt| prompt.matches('<').count()).collect::<BTreeSet<_>>();
        let (plain, _) = shown(&[]);
        assert_eq!(rows_in(&plain), [2].into(), "all that there are");
        assert!(plain.iter().all(|prompt| prompt.contains("with Person A>")), "{plain:?}");
        assert_eq!(rows_in(&shown(&["exemplars.rows=1"]).0), [1].into());
        assert!(shown(&["exemplars.anonymize=false"]).0.iter().all(|prompt| prompt.contains("with Maria Lopez>")));
        let by_place = shown(&["exemplars.by={ place: where }"]).0;
        assert!(by_place.iter().any(|prompt| prompt.contains("joy home") && prompt.contains("<2:")), "{by_place:?}");
        assert_eq!(bench.run(&[prompt, "exemplars.from=rows.jsonl", "exemplars.copy=3"]).exits(4).reasons(), texts(["copied"]));
        let all = ["exemplars.by=[place]", prompt, "exemplars.from=rows.jsonl"];
        assert!(bench.run(&all).stderr.contains("nothing to show"), "rows have no place in a column of its name");
    }

    somebody_is_told("notify", "notify.command", "notify.when") {
        let bench = Bench::scripted(|seen, _| match seen.user().contains("joy at home") {
            true => Reply::text(""),
            false => Reply::Good,
        });
        let command = "notify.command='echo $EMOGRID_VERDICT $EMOGRID_NAME >> told; head -c 4 $EMOGRID_SUMMARY >> told; exit 3'";
        let told = || std::fs::read_to_string(bench.project.path().join("told")).unwrap_or_default();
        bench.run(&["samples.allow_short=1", command]).exits(0);
        assert_eq!(told(), "");
        bench.run(&["samples.allow_short=1", command, "notify.when=always"]).exits(0);
        assert_eq!(told(), "OK base\nOK b");
        bench.run(&[command, "notify.when=lost"]).exits(4);
        assert_eq!(told(), "OK base\nOK b");
        bench.run(&[command]).exits(4);
        assert_eq!(told(), "OK base\nOK bLOOK base\nLOOK");
    }

    metrics_are_written("run.metrics") {
        let bench = Bench::new();
        // Where a file stands in the way, their folder cannot be made.
        bench.project.write("figures", "");
        let made = bench.run(&["run.metrics=figures/emogrid.prom"]).exits(0);
        assert!(made.stderr.contains("goes on without its metrics"), "{}", made.stderr);
        std::fs::remove_file(bench.project.path().join("figures")).unwrap();
        bench.run(&["run.metrics=figures/emogrid.prom"]).exits(0);
        let text = bench.project.read("figures/emogrid.prom");
        assert!(text.contains("emogrid_rows{name=\"base\"} 4\n"), "{text}");
    }

    the_log_makes_room("run.log_size", "run.log_files") {
        let bench = Bench::scripted(|_, before| match before % 2 {
            0 => Reply::status(500, "broken"),
            _ => Reply::Good,
        });
        let log = |name: &str| std::fs::read_to_string(bench.project.path().join("out/base").join(name)).ok();
        bench.run(&["run.log_files=0"]).exits(0);
        assert_eq!(log("log.jsonl"), None);
        bench.run(&["seed=1"]).exits(0);
        let text = log("log.jsonl").unwrap();
        let events: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        let fault = events.iter().find(|event| event["event"] == "fault").unwrap();
        assert_eq!((&fault["class"], &fault["then"]), (&json!("server-error"), &json!("again")), "{fault}");
        assert_eq!(events.last().unwrap()["event"], "ended");
        assert_eq!(log("log.1.jsonl"), None);
        bench.run(&["seed=2", "run.log_size=1000", "run.log_files=2"]).exits(0);
        assert!(log("log.1.jsonl").is_some() && log("log.2.jsonl").is_none());
    }

    words_are_counted("checks", "checks.words") {
        let bench = Bench::scripted(|_, _| Reply::text(r#"{"text": "It's four words, really."}"#));
        let cell = "dedup.scope=cell";
        bench.run(&[cell]).exits(0);
        bench.run(&[cell, "checks.words=[4, 4]"]).exits(0);
        for set in ["checks.words=[5, 9]", "checks.words=[1, 3]"] {
            let made = bench.run(&[cell, set]).exits(4);
            assert!(made.rejects.iter().all(|reject| reject["why"] == "4 words"), "{:?}", made.rejects);
        }
    }

    characters_are_counted("checks.characters") {
        let bench = Bench::scripted(|_, _| Reply::text(r#"{"text": "Déjà vu 🙂"}"#));
        let cell = "dedup.scope=cell";
        bench.run(&[cell]).exits(0);
        bench.run(&[cell, "checks.characters=[9, 9]"]).exits(0);
        for set in ["checks.characters=[10, 99]", "checks.characters=[0, 8]"] {
            let made = bench.run(&[cell, set]).exits(4);
            assert!(made.rejects.iter().all(|reject| reject["reason"] == "characters"), "{:?}", made.rejects);
        }
    }

    persons_are_taken_out("anonymize", "anonymize.preset") {
        let bench = personal();
        let cell = "dedup.scope=cell";
        let whole = "My Muslim neighbour Priya is 34 years old: priya@example.com";
        let plain = bench.run(&[cell]).exits(0);
        assert_eq!(plain.column("text"), texts([whole]));
        assert_eq!(plain.rows[0].get("spans"), None);
        let masked = "My [RELIGION] neighbour Person A is [AGE]: [EMAIL]";
        for set in ["anonymize=strict", "anonymize.preset=strict"] {
            let strict = bench.run(&[cell, set]).exits(0);
            assert_eq!(strict.column("text"), texts([masked]));
            assert_eq!(strict.rows[0]["spans"][1], json!({ "start": 24, "end": 32, "category": "NAME", "action": "person" }));
        }
        let tag = bench.run(&[cell, "anonymize=tag"]).exits(0);
        assert_eq!(tag.column("text"), texts([whole]));
        assert_eq!(tag.rows[0]["spans"].as_array().unwrap().len(), 4);
        let off = bench.run(&[cell, "anonymize=off"]).exits(0);
        assert_eq!(off.rows[0].get("spans"), None);
    }

    categories_have_actions("anonymize.keep", "anonymize.tag", "anonymize.mask", "anonymize.person", "anonymize.drop") {
        let bench = personal();
        let cell = "dedup.scope=cell";
        let text = |sets: &[&str]| {
            let made = bench.run(&[&[cell], sets].concat()).exits(0);
            let row = &made.rows[0];
            (row["text"].as_str().unwrap().to_owned(), row["spans"].as_array().unwrap().len())
        };
        let strict = "anonymize.preset=strict";
        let kept = text(&[strict, "anonymize.keep=[RELIGION, AGE]"]);
        assert_eq!(kept, ("My Muslim neighbour Person A is 34 years old: [EMAIL]".into(), 2));
        let tagged = text(&[strict, "anonymize.tag=[RELIGION]"]);
        assert_eq!(tagged, ("My Muslim neighbour Person A is [AGE]: [EMAIL]".into(), 4));
        let masked = text(&["anonymize.mask=[NAME]"]);
        assert_eq!(masked, ("My Muslim neighbour [NAME] is 34 years old: priya@example.com".into(), 1));
        let person = text(&["anonymize.person=[NAME]"]);
        assert_eq!(person, ("My Muslim neighbour Person A is 34 years old: priya@example.com".into(), 1));
        let dropped = bench.run(&[cell, strict, "anonymize.drop=[AGE]"]).exits(4);
        assert!(dropped.rows.is_empty());
        for reject in &dropped.rejects {
            assert_eq!(reject["reason"], "anonymize");
            assert_eq!(reject["text"], "My [RELIGION] neighbour Person A is [AGE]: [EMAIL]");
        }
    }

    names_in_doubt_are_looked_at_again(
        "anonymize.second_look", "anonymize.second_look.model", "anonymize.second_look.remote"
    ) {
        let script = |seen: &Seen, before: usize| match seen.user().starts_with("Text: ") {
            true => Reply::text(r#"{"names": []}"#),
            false => Reply::text(&json!({ "text": format!("We saw Dakota again after report {before}.") }).to_string()),
        };
        let (bench, other) = (Bench::scripted(script), Fake::start_at(0, Model { file: "other.gguf".into(), ..Model::default() }));
        other.script(script);
        let looks = |made: &Made| made.seen.iter().filter(|seen| seen.user().starts_with("Text: ")).count();
        let named = |made: &Made| made.column("text").iter().filter(|text| text.contains("Dakota")).count();
        let strict = "anonymize.preset=strict";
        for off in [&[strict][..], &[strict, "anonymize.second_look=false"]] {
            let made = bench.run(off).exits(0);
            assert_eq!((looks(&made), named(&made)), (0, 0));
        }
        for on in ["anonymize.second_look=true", "anonymize.second_look=fake", "anonymize.second_look.model=fake"] {
            let made = bench.run(&[strict, on]).exits(0);
            assert_eq!((looks(&made), named(&made)), (4, 4), "{on}");
        }
        let endpoint = |host: &str| format!("endpoints.other={{url: 'http://{host}:{}', weight: 0}}", other.address.port());
        let made = bench.run(&[&endpoint("127.0.0.1"), strict, "anonymize.second_look=other"]).exits(0);
        assert_eq!((looks(&made), named(&made), other.take_count()), (0, 4, 4));
        let elsewhere = [&endpoint("0.0.0.0"), strict, "anonymize.second_look.model=other"];
        bench.run(&elsewhere).exits(2);
        let made = bench.run(&[&elsewhere[..], &["anonymize.second_look.remote=true"]].concat()).exits(0);
        assert_eq!((looks(&made), named(&made), other.take_count()), (0, 4, 4));
    }

    pseudonyms_are_keyed("anonymize.pseudonym", "anonymize.key_env") {
        let bench = personal();
        let sets = ["dedup.scope=cell", "anonymize.pseudonym=[NAME]", "anonymize.key_env=NAMES_KEY"];
        bench.run(&sets[..2]).exits(2);
        let without = bench.run(&sets).exits(2);
        assert!(without.stderr.contains("the environment variable `NAMES_KEY` is not set"), "{}", without.stderr);
        let under = |key: &str| {
            let made = bench.run_with(&sets, &[("NAMES_KEY", key)]).exits(0);
            made.rows[0]["text"].as_str().unwrap().to_owned()
        };
        assert_eq!(under("one"), under("one"));
        let made: BTreeSet<String> = ["one", "two", "three"].map(under).into();
        assert!(made.len() > 1 && made.iter().all(|text| !text.contains("Priya")), "{made:?}");
    }

    a_check_that_is_off_lets_texts_in(
        "checks.whitespace", "checks.repetition", "checks.refusal", "checks.leftover", "checks.placeholder",
        "checks.unfinished"
    ) {
        for (check, text) in [
            ("whitespace", "We won the cup                     again."),
            ("repetition", "The bus is late. The bus is late. The bus is late."),
            ("refusal", "I'm sorry, but I cannot fulfill this request."),
            ("leftover", "We won the cup.<|im_end|>"),
            ("placeholder", "I had lunch with [insert name] today."),
            ("unfinished", "We were all set to leave when the"),
        ] {
            let bench = saying(text);
            let made = bench.run(&["dedup.scope=cell"]).exits(4);
            assert_eq!(made.reasons(), texts([check]), "{text}");
            let made = bench.run(&["dedup.scope=cell", &format!("checks.{check}=false")]).exits(0);
            assert_eq!(made.column("text"), texts([text]));
        }
    }

    what_surrounds_a_text_is_mended("checks.mend") {
        let bench = saying("1. \"We won the cup.\"");
        let made = bench.run(&["dedup.scope=cell"]).exits(0);
        assert_eq!(made.column("text"), texts(["We won the cup."]));
        assert!(made.rows.iter().all(|row| row["mended"] == json!(["quotes", "list-marker"])), "{:?}", made.rows);
        let made = bench.run(&["dedup.scope=cell", "checks.mend=false"]).exits(0);
        assert_eq!(made.column("text"), texts(["1. \"We won the cup.\""]));
        assert!(made.rows.iter().all(|row| row.get("mended").is_none()));
    }

    an_echo_of_the_prompt_is_rejected("checks.echo") {
        let bench = saying("Say in ten words how the day at the old house went.");
        let prompt = "prompt.user='{{ emotion }}, {{ place }}: say in ten words how the day at the old house went'";
        let set = |echo: &'static str| ["dedup.scope=cell", prompt, echo];
        assert_eq!(bench.run(&set("name=base")).exits(4).reasons(), texts(["echo"]));
        // All of the text is from the prompt, however long the run may be.
        assert_eq!(bench.run(&set("checks.echo=100")).exits(4).reasons(), texts(["echo"]));
        bench.run(&set("checks.echo=false")).exits(0);
        let bench = saying("The day at the old house went by, and nobody spoke of it or of anything else.");
        bench.run(&set("checks.echo=8")).exits(0);
        assert_eq!(bench.run(&set("checks.echo=6")).exits(4).reasons(), texts(["echo"]));
    }

    texts_are_held_to_a_language("checks.language") {
        let bench = saying("Der Zug hatte schon wieder Verspätung, und ich stand im Regen.");
        bench.run(&["dedup.scope=cell"]).exits(0);
        bench.run(&["dedup.scope=cell", "checks.language=de"]).exits(0);
        let made = bench.run(&["dedup.scope=cell", "checks.language=en"]).exits(4);
        assert!(made.rejects.iter().all(|reject| reject["why"] == "in de"), "{:?}", made.rejects);
    }

    labels_are_named_in_a_share_of_their_rows("checks.label_leakage", "checks.label_leakage.at_most") {
        let bench = Bench::scripted(|seen, before| {
            let label = if seen.user().contains("joy") { "such joy" } else { "so angry" };
            Reply::text(&json!({ "text": format!("I was {label} on day {before}.") }).to_string())
        });
        let set = |limit: &'static str| ["samples.per_cell=5", "samples.max_asks=5", limit];
        bench.run(&set("checks.mend=true")).exits(0);
        // Ten rows of a label, of which each names it.
        for (limit, named) in [("human", 1), ("0.25", 1), ("0.5", 1), ("0", 0), ("1", 10)] {
            let limit = format!("checks.label_leakage.at_most={limit}");
            let made = bench.run(&["samples.per_cell=5", "samples.max_asks=5", &limit]);
            let of = |label: &str| made.rows.iter().filter(|row| row["emotion"] == label).count();
            assert_eq!((of("joy"), of("anger")), (named, named), "{limit}: {:?}", made.rejects);
            assert_eq!(made.reasons(), if named == 10 { texts([]) } else { texts(["label-leakage"]) });
        }
    }

    the_sentiment_is_held_to("checks.sentiment", "checks.sentiment.axis", "checks.sentiment.at_most") {
        let bench = saying("What a wonderful, happy day, I love it!");
        let axis = "grid.axes.tone=[positive, negative]";
        let cell = "dedup.scope=cell";
        let sentiment = "checks.sentiment.axis=tone";
        bench.run(&[cell, axis]).exits(0);
        let made = bench.run(&[cell, axis, sentiment]).exits(4);
        assert_eq!(made.column("tone"), texts(["positive"]));
        assert!(made.rejects.iter().all(|reject| reject["tone"] == "negative" && reject["reason"] == "sentiment"));
        bench.run(&[cell, axis, sentiment, "checks.sentiment.at_most=0.99"]).exits(0);
        let other = "grid.axes.view={values: {up: {polarity: negative}, down: {polarity: positive}}}";
        let made = bench.run(&[cell, other, "checks.sentiment.axis=view"]).exits(4);
        assert_eq!(made.column("view"), texts(["down"]));
    }

    terms_are_not_wanted("checks.toxicity", "checks.toxicity.level", "checks.toxicity.terms") {
        let bench = saying("Holy shit, the moisture in this cellar.");
        let cell = "dedup.scope=cell";
        for (set, code) in [
            ("name=base", 0),
            ("checks.toxicity=off", 0),
            ("checks.toxicity=mild", 0),
            ("checks.toxicity=strict", 4),
            ("checks.toxicity.level=strict", 4),
            ("checks.toxicity.terms=terms.txt", 4),
        ] {
            bench.project.write("terms.txt", "# ours\n\nMoist*\n");
            let made = bench.run(&[cell, set]).exits(code);
            assert!(made.reasons().iter().all(|reason| *reason == "toxicity"));
        }
        bench.project.write("terms.txt", "moist\n");
        bench.run(&[cell, "checks.toxicity.terms=terms.txt"]).exits(0);
    }

    judges_have_a_say(
        "checks.judges", "checks.judges.NAME.prompt", "checks.judges.NAME.prompt.from", "checks.judges.NAME.prompt.text",
        "checks.judges.NAME.system", "checks.judges.NAME.system.from", "checks.judges.NAME.system.text",
        "checks.judges.NAME.schema", "checks.judges.NAME.accept", "checks.judges.NAME.columns"
    ) {
        let bench = judged();
        bench.project.write("prompts/ask.j2", "Good? {{ text }}");
        bench.project.write("prompts/be.j2", "You judge {{ place }}.");
        let made = bench.run(&[JUDGE]).exits(0);
        assert_eq!((made.seen.len(), made.rows[0].get("j_score")), (8, None));
        let with = |key: &str, value: &str| bench.run(&[JUDGE, &format!("checks.judges.j.{key}={value}")]);
        let asked = |made: &Made| -> BTreeSet<String> {
            made.judging().map(|seen| seen.user().split_whitespace().next().unwrap().to_owned()).collect()
        };
        for (prompt, first) in [("'Well, {{ text }}'", "Well,"), ("{from: ask.j2}", "Good?"), ("{text: 'So: {{ text }}'}", "So:")] {
            let made = with("prompt", prompt).exits(0);
            assert_eq!(asked(&made), [first.to_owned()].into(), "{prompt}");
        }
        for (system, place) in [("Be {{ place }}.", "Be home."), ("{from: be.j2}", "You judge home."), ("{text: 'At {{ place }}'}", "At home")] {
            let made = with("system", system).exits(0);
            let said: BTreeSet<_> = made.judging().map(|seen| seen.body["messages"][0]["content"].as_str().unwrap().to_owned()).collect();
            assert!(said.len() == 2 && said.contains(place), "{said:?}");
        }
        let made = with("accept", "score >= 4").exits(4);
        assert_eq!((made.rows.len(), made.reasons()), (0, texts(["judge:j"])));
        with("accept", "place.name == 'home' and score == 3").exits(4);
        let made = with("schema", "{type: object, properties: {score: {type: integer, maximum: 2}}, required: [score]}").exits(4);
        assert!(made.rejects.iter().all(|reject| reject["why"].as_str().unwrap().contains("the last schema")));
        let made = with("columns", "[score, votes]").exits(0);
        assert!(made.rows.iter().all(|row| row["j_score"] == 3 && row["j_votes"] == 1));
    }

    judges_are_asked_as_often_as_said("checks.judges.NAME.votes", "checks.judges.NAME.asks") {
        let bench = judged();
        let made = bench.run(&[JUDGE, "checks.judges.j.votes=3"]).exits(0);
        assert_eq!(made.judging().count(), 12);
        bench.fake.script(|seen, _| if seen.is_judging() { Reply::text("no") } else { Reply::Good });
        let once = [JUDGE, "samples.max_asks=1"];
        assert_eq!(bench.run(&once).exits(4).judging().count(), 12);
        let made = bench.run(&[JUDGE, "samples.max_asks=1", "checks.judges.j.asks=5"]).exits(4);
        assert_eq!(made.judging().count(), 20);
        bench.run(&[JUDGE, "checks.judges.j.votes=3", "checks.judges.j.asks=2"]).exits(2);
    }

    texts_are_compared_by_what_they_mean(
        "dedup.semantic", "dedup.semantic.threshold", "dedup.semantic.prefix", "dedup.semantic.model"
    ) {
        let bench = Bench::new();
        let embedded = |made: &Made| -> Vec<String> {
            made.seen.iter().filter(|seen| seen.body["input"].is_string()).map(Seen::user).collect()
        };
        // The fake's texts share most of their words.
        let made = bench.run(&[]).exits(0);
        assert!(embedded(&made).is_empty());
        let made = bench.run(&["dedup.semantic=true"]).exits(0);
        assert_eq!(embedded(&made).len(), made.rows.len() + made.rejects.len());
        let made = bench.run(&["dedup.semantic={threshold: 0.1, prefix: 'say: '}", "samples.max_asks=2"]).exits(4);
        assert_eq!((made.rows.len(), made.reasons()), (2, texts(["paraphrase"])), "one a label");
        assert!(embedded(&made).iter().all(|text| text.starts_with("say: ")));
        let other = Fake::start();
        other.model(|model| model.file = "other.gguf".into());
        let second = format!("endpoints.other={{url: '{}', weight: 0}}", other.url());
        assert!(embedded(&bench.run(&[&second, "dedup.semantic.model=other"]).exits(0)).is_empty());
        assert_eq!(other.take_count(), 4);
        bench.run(&[&second, "dedup.semantic=true"]).exits(2);
    }

    a_judge_has_a_model("checks.judges.NAME.model") {
        let (bench, other) = (judged(), Fake::start_at(0, Model { file: "other.gguf".into(), ..Model::default() }));
        other.script(|_, _| Reply::text(r#"{"score": 3}"#));
        let second = format!("endpoints.other={{url: '{}', weight: 0}}", other.url());
        let made = bench.run(&[&second, JUDGE, "checks.judges.j.model=other"]).exits(0);
        assert_eq!((made.seen.len(), other.take_count()), (4, 4));
        let made = bench.run(&[&second, JUDGE, "checks.judges.j.model=fake"]).exits(0);
        assert_eq!((made.seen.len(), other.take_count()), (8, 0));
    }

    a_judge_is_sampled_in_its_own_way(
        "checks.judges.NAME.sampling", "checks.judges.NAME.sampling.temperature", "checks.judges.NAME.sampling.top_p",
        "checks.judges.NAME.sampling.max_tokens", "checks.judges.NAME.sampling.extra"
    ) {
        let bench = judged();
        for (key, value, field, default) in [
            ("temperature", json!(0.9), "temperature", json!(0.3)),
            ("top_p", json!(0.5), "top_p", json!(0.95)),
            ("max_tokens", json!(33), "max_tokens", json!(256)),
            ("extra", json!({ "top_k": 7 }), "top_k", json!(40)),
        ] {
            let sent = |made: &Made| -> Vec<Value> { made.judging().map(|seen| seen.body[field].clone()).collect() };
            let generation = ["sampling.temperature=0.7", "sampling.max_tokens=99", JUDGE];
            assert_eq!(sent(&bench.run(&generation).exits(0)), vec![default; 4], "{key}");
            let set = format!("checks.judges.j.sampling={}", json!({ key: value }));
            let made = bench.run(&[JUDGE, &set]).exits(0);
            let expected = value.get(field).unwrap_or(&value).clone();
            assert_eq!(sent(&made), vec![expected; 4], "{key}");
        }
    }

    labels_are_held_to_a_probe("checks.label", "checks.label.probe", "checks.label.top", "checks.label.axis") {
        let bench = Bench::scripted(|_, before| {
            let text = format!("The day was lovely and wonderful, number {before}.");
            Reply::text(&json!({ "text": text }).to_string())
        });
        probe_of(&bench.project, "mood.probe", ["joy", "anger", "surprise"]);
        probe_of(&bench.project, "place.probe", ["home", "work", "away"]);
        let cell = "dedup.scope=cell";
        bench.run(&[cell]).exits(0);
        let made = bench.run(&[cell, "checks.label.probe=mood.probe", "checks.label.top=1"]).exits(4);
        assert_eq!((made.column("emotion"), made.reasons()), (texts(["joy"]), texts(["label"])));
        assert!(made.rows.iter().all(|row| row["label_rank"] == 1 && row["probe_label"] == "joy"));
        assert!(made.rows.iter().all(|row| row["label_probability"].as_f64() > Some(0.5)));
        bench.run(&[cell, "checks.label.probe=mood.probe"]).exits(0);
        let places = ["checks.label.probe=place.probe", "checks.label.axis=place"];
        let made = bench.run(&[cell, "checks.label.top=1", places[0], places[1]]).exits(4);
        assert_eq!(made.column("place"), texts(["home"]));
        bench.run(&[cell, places[0]]).exits(2);
    }

    labels_are_found_blindly(
        "checks.label.blind", "checks.label.blind.votes", "checks.label.blind.asks", "checks.label.blind.top",
        "checks.label.blind.model"
    ) {
        let bench = blind();
        let made = bench.run(&["checks.label.blind=false"]).exits(0);
        assert_eq!((made.seen.len(), made.rows.len()), (4, 4));
        let made = bench.run(&["checks.label.blind=true"]).exits(4);
        assert_eq!((made.column("emotion"), made.reasons()), (texts(["joy"]), texts(["label"])));
        assert!(made.rows.iter().all(|row| row["blind_label"] == "joy" && row["blind_votes"].as_u64() >= Some(2)));
        assert!(made.finding().all(|seen| seen.user().contains("joy, anger") && !seen.user().contains("Show")));
        let once = |set: &str| bench.run(&["samples.max_asks=1", set]).finding().count();
        assert_eq!(once("checks.label.blind=true"), 12);
        assert_eq!(once("checks.label.blind.votes=5"), 20);
        // Of three votes one is for anger.
        let made = bench.run(&["checks.label.blind.top=2"]).exits(0);
        assert_eq!(made.column("emotion"), texts(["joy", "anger"]));
        bench.fake.script(|seen, _| if seen.is_finding() { Reply::text("hm") } else { Reply::Good });
        let asks = |set: &str| bench.run(&["samples.max_asks=1", "checks.label.blind=true", set]).exits(4).finding().count();
        assert_eq!(asks("name=base"), 4 * 5);
        assert_eq!(asks("checks.label.blind={asks: 4}"), 4 * 4);
        let other = Fake::start_at(0, Model { file: "other.gguf".into(), ..Model::default() });
        other.script(|_, _| Reply::text(r#"{"label": "joy"}"#));
        let second = format!("endpoints.other={{url: '{}', weight: 0}}", other.url());
        let made = bench.run(&[&second, "checks.label.blind={model: other}", "samples.max_asks=1"]).exits(4);
        assert_eq!((made.seen.len(), other.take_count()), (4, 12));
    }

    how_likely_a_label_is_can_be_asked_for("checks.label.blind.probabilities") {
        let bench = blind();
        let told = |seen: &Seen| (seen.body.get("logprobs").cloned(), seen.body.get("top_logprobs").cloned());
        let made = bench.run(&["checks.label.blind={votes: 1}"]).exits(4);
        assert!(made.finding().all(|seen| told(seen) == (None, None)));
        assert!(made.rows.iter().all(|row| row.get("blind_probability").is_none()));
        let top = |own: f64| json!([{ "token": "joy", "logprob": own.ln() }, { "token": "anger", "logprob": (1.0 - own).ln() }]);
        let tokens = json!([{ "token": "{\"label\": \"", "top_logprobs": [] }, { "token": "joy", "top_logprobs": top(0.8) }]);
        let answer = json!({ "choices": [{ "message": { "content": "{\"label\": \"joy\"}" }, "finish_reason": "stop",
            "logprobs": { "content": tokens } }] });
        bench.fake.script(move |seen, _| if seen.is_finding() { Reply::Raw(answer.to_string()) } else { Reply::Good });
        let made = bench.run(&["checks.label.blind={votes: 1, probabilities: true}"]).exits(4);
        assert!(made.finding().count() > 0);
        assert!(made.finding().all(|seen| told(seen) == (Some(json!(true)), Some(json!(20)))));
        assert!(!made.rows.is_empty() && made.rows.iter().all(|row| row["blind_probability"] == json!(0.8)), "{:?}", made.rows);
    }

    who_finds_labels_is_asked_in_ones_own_words(
        "checks.label.blind.prompt", "checks.label.blind.prompt.from", "checks.label.blind.prompt.text",
        "checks.label.blind.system", "checks.label.blind.system.from", "checks.label.blind.system.text",
        "checks.label.blind.sampling", "checks.label.blind.sampling.temperature", "checks.label.blind.sampling.top_p",
        "checks.label.blind.sampling.max_tokens", "checks.label.blind.sampling.extra"
    ) {
        let bench = blind();
        bench.project.write("prompts/find.j2", "Found: {{ text }} {% for label in labels %}<{{ label.name }}>{% endfor %}");
        bench.project.write("prompts/be.j2", "You find.");
        for (prompt, first) in [("'Well, {{ text }}'", "Well,"), ("{from: find.j2}", "Found:"), ("{text: 'So: {{ text }}'}", "So:")] {
            let made = bench.run(&[&format!("checks.label.blind.prompt={prompt}")]);
            assert!(made.finding().all(|seen| seen.user().starts_with(first)), "{prompt}");
            assert!(made.finding().count() > 0);
        }
        for system in ["You find.", "{from: be.j2}", "{text: 'You find.'}"] {
            let made = bench.run(&[&format!("checks.label.blind.system={system}")]);
            assert!(made.finding().all(|seen| seen.body["messages"][0]["content"] == "You find."), "{system}");
        }
        bench.run(&["checks.label.blind.prompt='{{ text }} {{ emotion }}'"]).exits(2);
        for (key, value, field) in [
            ("temperature", json!(0.9), "temperature"),
            ("top_p", json!(0.5), "top_p"),
            ("max_tokens", json!(33), "max_tokens"),
            ("extra", json!({ "top_k": 7 }), "top_k"),
        ] {
            let made = bench.run(&[&format!("checks.label.blind.sampling={}", json!({ key: value }))]);
            let expected = value.get(field).unwrap_or(&value);
            assert!(made.finding().count() > 0 && made.finding().all(|seen| seen.body[field] == *expected), "{key}");
        }
    }

    lists_are_picked_from("lists") {
        let bench = Bench::new();
        bench.project.write("items.txt", "# first\nred\n\n  green  \n");
        bench.project.write("items.csv", "name,size\n\"tea, black\",small\ncake,large\n");
        bench.project.write("items.jsonl", "{\"who\": \"Ann\", \"age\": [4]}\n{\"who\": \"Bo\", \"age\": [5]}\n");
        let many = "samples.per_cell=8";
        for (set, prompt, expected) in [
            ("lists.x=items.txt", "{{ lists.x | pick }}", ["red", "green"]),
            ("lists.x=items.csv", "{% set x = lists.x | pick %}{{ x.name }}/{{ x.size }}", ["tea, black/small", "cake/large"]),
            ("lists.x=items.jsonl", "{% set x = lists.x | pick %}{{ x.who }} {{ x.age[0] }}", ["Ann 4", "Bo 5"]),
        ] {
            let user = format!("prompt.user={}", json!(prompt));
            bench.run(&[&user]).exits(2);
            let made = bench.run(&[set, &user, many]).exits(0);
            assert_eq!(made.prompts(), expected.map(String::from).into(), "{set}");
        }
    }

    output_dir_holds_the_datasets("output", "output.dir") {
        let bench = Bench::new();
        bench.run(&["output.dir=data/made"]).exits(0);
        assert_eq!(bench.project.rows("data/made/base/dataset.jsonl").len(), 4);
        assert!(!bench.project.path().join("out").exists());
    }
}
