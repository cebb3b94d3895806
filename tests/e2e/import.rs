//! Somebody's labelled texts, made into clean rows with a frozen test part.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::project::{Project, Ran};

/// Sentences of our own in the format of GoEmotions' filtered release: text, label ids, comment id.
const TRAIN: &str = "\
The **kettle** sings &amp; so do I\t17\ta1
Nobody warned us about the flooded basement\t2,3\ta2
nobody warned us about the FLOODED basement\t25\ta3
[NAME] fixed my bike before [RELIGION] class\t15\ta4
We watched the comet from the roof\t17,26\ta5
see https://example.org/x for the map\t27\ta6
Der Garten war nicht schön und ich bin sehr traurig\t25\ta7
[NAME]!\t27\ta8
I cannot find my left boot anywhere\t3\ta9
";
const DEV: &str = "The comet from the roof, we watched it\t17\tb1\nMy boot is wet again\t3\tb2\n";
const TEST: &str = "\
we watched the comet from the ROOF\t26\tc1
A parcel came for the neighbour\t27\tc2
What a day, my sister called\t17\tc3
";

fn goemotions() -> Project {
    let project = Project::new();
    project.write("raw/train.tsv", TRAIN);
    project.write("raw/dev.tsv", DEV);
    project.write("raw/test.tsv", TEST);
    project.write("configs/none.yaml", "");
    project
}

const FILES: [&str; 5] = ["import", "goemotions", "raw/train.tsv", "raw/dev.tsv", "raw/test.tsv"];

fn import(project: &Project, more: &[&str]) -> Ran {
    project.emogrid(
        &FILES.iter().copied().chain(["-o", "data/moods"]).chain(more.iter().copied()).collect::<Vec<_>>(),
    )
}

fn ids(project: &Project, name: &str) -> Vec<String> {
    project.rows(name).iter().map(|row| row["id"].as_str().unwrap().to_owned()).collect()
}

/// Where a row is from: its data set, the file with its hash, and the line.
fn origin(dataset: &str, file: &str, text: &str, line: u32) -> String {
    format!("{dataset}/{file}@{}:{line}", &blake3::hash(text.as_bytes()).to_hex()[..8])
}

fn step<'a>(told: &'a Value, name: &str) -> &'a Value {
    told["steps"].as_array().unwrap().iter().find(|step| step["step"] == name).unwrap()
}

#[test]
fn goemotions_is_cleaned_counted_and_frozen() {
    let project = goemotions();
    let told = import(&project, &["--json"]).exits(0).json();
    assert_eq!((&told["read"], &told["kept"]), (&json!(14), &json!(9)));
    assert_eq!(ids(&project, "data/moods/train.jsonl"), ["a1", "a2", "a4", "a6", "a9"]);
    assert_eq!(ids(&project, "data/moods/dev.jsonl"), ["b2"]);
    assert_eq!(ids(&project, "data/moods/test.jsonl"), ["c1", "c2", "c3"]);
    let rows = project.rows("data/moods/train.jsonl");
    assert_eq!(
        rows[0],
        json!({
            "id": "a1", "text": "The kettle sings & so do I", "labels": ["joy"], "ekman": ["joy"],
            "sentiment": ["positive"], "split": "train", "source": "real",
            "origin": origin("moods", "train.tsv", TRAIN, 1),
        })
    );
    assert_eq!(rows[1]["labels"], json!(["anger", "annoyance", "sadness"]), "half of two rows each");
    assert_eq!(rows[1]["copies"], 2);
    assert_eq!(rows[2]["text"], "Person A fixed my bike before [RELIGION] class");
    assert_eq!(rows[2]["spans"][1]["category"], "RELIGION");
    assert_eq!(rows[3]["text"], "see [URL] for the map");
    // Equal and near ones: the test part keeps.
    assert_eq!(step(&told, "overlap")["removed_of"], json!({ "train": 1, "dev": 1, "test": 0 }));
    for (name, removed) in [("language", 1), ("empty", 1), ("duplicates", 1), ("overlap", 2)] {
        assert_eq!(step(&told, name)["removed"], removed, "{name}");
    }
    assert_eq!(told["differing"], json!({ "texts": 1, "rows": 2, "near": 0 }));
    assert_eq!(told["test"]["rows"], 3);
    let manifest: Value = serde_json::from_str(&project.read("data/moods/manifest.json")).unwrap();
    let origins = [1, 2, 3].map(|line| origin("moods", "test.tsv", TEST, line));
    assert_eq!(manifest["test"]["origins"], json!(origins));
    let hash = blake3::hash(project.read("data/moods/test.jsonl").as_bytes()).to_hex().to_string();
    assert_eq!((&manifest["test"]["hash"], &told["test"]["hash"]), (&json!(hash), &json!(hash)));
    let short: Value = serde_json::from_str(&project.read("data/moods/shortage.json")).unwrap();
    assert_eq!(short["wanted_by"], "even share");
    assert_eq!(told["shortage"], short);
}

#[test]
fn every_step_can_be_undone_or_left_out() {
    let project = goemotions();
    import(&project, &[]).exits(0);
    // Originals and what stayed are all that was read.
    let mut texts: Vec<String> = Vec::new();
    let text = |row: &Value, column: &str| row[column].as_str().unwrap().to_owned();
    let changed = project.rows("data/moods/undo/changes.jsonl");
    let original = |id: &Value| changed.iter().find(|row| &row["id"] == id && row["original"].is_string());
    for part in ["train", "dev", "test"] {
        for row in project.rows(&format!("data/moods/{part}.jsonl")) {
            texts.push(original(&row["id"]).map_or_else(|| text(&row, "text"), |row| text(row, "original")));
        }
    }
    let removed = project.rows("data/moods/undo/removed.jsonl");
    texts.extend(removed.iter().map(|row| text(row, "original")));
    let mut read: Vec<String> = [TRAIN, DEV, TEST]
        .iter()
        .flat_map(|file| file.lines().map(|line| line.split('\t').next().unwrap().to_owned()))
        .collect();
    texts.sort();
    read.sort();
    assert_eq!(texts, read);
    let merged = changed.iter().find(|row| row["id"] == "a2").unwrap();
    assert_eq!(
        (&merged["steps"], &merged["original_labels"]),
        (&json!(["duplicates"]), &json!(["anger", "annoyance"]))
    );
    assert!(removed.iter().all(|row| row["step"].is_string() && row["why"].is_string()));
    assert_eq!(project.read("data/moods/undo/.gitignore"), "*\n", "they hold what the anonymiser hides");

    let all = "unclear,agreement,unlabelled,encoding,html,markup,urls,masks,whitespace,empty,long,language,overlap,\
               duplicates,near-duplicates";
    let args = [&FILES[..], &["-o", "data/all", "--skip", all, "--anonymize", "off", "--no-undo"]].concat();
    project.emogrid(&args).exits(0);
    assert_eq!(project.rows("data/all/train.jsonl")[0]["text"], "The **kettle** sings &amp; so do I");
    assert_eq!(ids(&project, "data/all/train.jsonl").len(), 9);
    assert!(!project.path().join("data/all/undo").exists());
}

#[test]
fn raters_become_votes_and_parts_are_dealt_out() {
    let project = Project::new();
    let mut raw = "text,id,author,subreddit,link_id,parent_id,created_utc,rater_id,example_very_unclear,anger,joy,neutral\n".to_owned();
    let things = [
        "kettle", "violin", "lantern", "compass", "mirror", "ladder", "blanket", "trumpet", "basket",
        "pillow",
    ];
    for (n, thing) in things.iter().enumerate() {
        let flags = ["0,1,0", "1,0,0", "0,0,1"][n % 3];
        for rater in 0..3 {
            let flags = if rater == 2 { "0,1,0" } else { flags };
            raw.push_str(&format!("\"A {thing}, at last\",id{n},x,y,t3,t1,1.5e9,{rater},False,{flags}\n"));
        }
    }
    raw.push_str("what is it,id90,x,y,t3,t1,1.5e9,1,True,0,0,0\n");
    raw.push_str("nobody agrees on this,id91,x,y,t3,t1,1.5e9,1,False,1,0,0\n");
    raw.push_str("nobody agrees on this,id91,x,y,t3,t1,1.5e9,2,False,0,0,1\n");
    let (one, two) = raw.split_at(raw.match_indices('\n').nth(14).unwrap().0 + 1);
    project.write("goemotions_1.csv", one);
    let header = raw.lines().next().unwrap();
    project.write("goemotions_2.csv", &format!("{header}\n{two}"));
    let args = [
        "import",
        "goemotions",
        "goemotions_1.csv",
        "goemotions_2.csv",
        "--split",
        "60,20,20",
        "-o",
        "r",
        "--json",
    ];
    let told = project.emogrid(&args).exits(0).json();
    assert_eq!((&told["read"], &told["texts"], &told["kept"]), (&json!(33), &json!(12), &json!(10)));
    assert_eq!(step(&told, "unclear")["removed"], 1);
    assert_eq!(step(&told, "agreement")["removed"], 1);
    let parts = ["train", "dev", "test"].map(|part| told["parts"][part]["rows"].as_u64().unwrap());
    assert_eq!(parts, [6, 2, 2]);
    let rows: Vec<Value> =
        ["train", "dev", "test"].iter().flat_map(|part| project.rows(&format!("r/{part}.jsonl"))).collect();
    let row = |id: &str| rows.iter().find(|row| row["id"] == id).unwrap();
    assert_eq!(
        (&row("id0")["votes"], &row("id0")["labels"], &row("id0")["raters"]),
        (&json!({ "joy": 3 }), &json!(["joy"]), &json!(3))
    );
    assert_eq!(
        (&row("id1")["votes"], &row("id1")["labels"]),
        (&json!({ "anger": 2, "joy": 1 }), &json!(["anger"]))
    );
    let before = ["r/train.jsonl", "r/test.jsonl", "r/manifest.json"].map(|name| project.read(name));
    project.emogrid(&args).exits(0);
    assert_eq!(before, ["r/train.jsonl", "r/test.jsonl", "r/manifest.json"].map(|name| project.read(name)));
    // One vote is enough, and groups are counted by rater.
    let more = [&args[..6], &["-o", "s", "--agree", "1", "--map", "sentiment", "--json"]].concat();
    let told = project.emogrid(&more).exits(0).json();
    assert_eq!(
        (&told["labels"], step(&told, "agreement")["removed"].as_u64()),
        (&json!(["positive", "negative", "neutral"]), Some(0))
    );
}

#[test]
fn any_labelled_table_is_read() {
    let project = Project::new();
    let table = "body,joy,calm\nThe tide took our sandcastle,0,1\nNew boots at last,1,1\nnothing said,0,0\n";
    project.write("a.csv", table);
    let args = ["import", "table", "a.csv", "--text", "body", "--label", "joy", "--label", "calm", "-o", "d"];
    let shown = project.emogrid(&args).exits(0).stdout;
    assert!(shown.lines().all(|line| line.chars().count() <= 80), "{shown}");
    let rows = project.rows("d/rows.jsonl");
    assert_eq!(
        rows[1],
        json!({ "id": "a.csv:3", "text": "New boots at last", "labels": ["joy", "calm"], "source": "real",
            "origin": origin("d", "a.csv", table, 3) })
    );
    assert_eq!(rows.len(), 2, "a row without a label is taken out, and written down");
    assert_eq!(project.rows("d/undo/removed.jsonl")[0]["step"], "unlabelled");

    project.write("names.txt", "joy\nanger\n");
    project.write("b.jsonl", "{\"t\": \"one fine day\", \"l\": [0]}\n{\"t\": \"one grim night\", \"l\": [1, 0], \"split\": \"validation\"}\n");
    let args =
        ["import", "table", "b.jsonl", "--text", "t", "--label", "l", "--names", "names.txt", "-o", "e"];
    project.emogrid(&args).exits(2).says("b.jsonl is of a part").says("--split 80,10,10");
    project.emogrid(&[&args[..], &["--split", "50,50"]].concat()).exits(0);
    project.edit("b.jsonl", "[0]", "[7]");
    project.emogrid(&args).exits(1).says("b.jsonl:1: `7` is no label");
    project
        .emogrid(&["import", "table", "a.csv", "--text", "nix", "--label", "joy", "-o", "f"])
        .exits(2)
        .says("no column `nix`");
    project
        .emogrid(&["import", "table", "a.csv", "--text", "body", "--label", "mood", "-o", "f"])
        .exits(2)
        .says("no row has a column `mood`");
    project
        .emogrid(&["import", "table", "-", "--text", "body", "--label", "mood", "-o", "f"])
        .exits(2)
        .says("name files");
}

#[test]
fn quotas_level_the_training_part_and_say_what_is_short() {
    let project = Project::new();
    let things = [
        "kettle", "violin", "lantern", "compass", "mirror", "ladder", "blanket", "trumpet", "basket",
        "pillow",
    ];
    let line = |(n, thing): (usize, &&str)| {
        format!("my {thing} broke\t{}\tq{n}\n", if n < 8 { "27" } else { "16,27" })
    };
    project.write("train.tsv", &things.iter().enumerate().map(line).collect::<String>());
    let args =
        ["import", "goemotions", "train.tsv", "-o", "q", "--level", "exact", "--quota", "label=4", "--json"];
    let told = project.emogrid(&args).exits(0).json();
    let class = |name: &str| {
        told["classes"].as_array().unwrap().iter().find(|class| class["class"] == name).unwrap().clone()
    };
    assert_eq!((&class("neutral")["rows"][0], &class("neutral")["before"]), (&json!(4), &json!(10)));
    assert_eq!(class("grief")["rows"][0], 2, "a rare label loses nothing");
    assert_eq!(
        told["shortage"]["short"],
        json!([{ "family": "label", "class": "grief", "wanted": 4, "rows": 2, "short": 2 }])
    );
    assert_eq!(step(&told, "quota")["removed"], 6);
    project.emogrid(&[&args[..5], &["--quota", "joy=4"]].concat()).exits(2).says("`joy=4` is no quota");
}

#[test]
fn no_row_of_the_frozen_test_part_is_ever_trained_on() {
    let project = goemotions();
    import(&project, &[]).exits(0);
    // Its own file, and its text in another spelling, as it was before cleaning too, in another folder.
    project.write(
        "else/copy.csv",
        "text,emotion\nA PARCEL  came for the neighbour,neutral\nfresh bread this morning,joy\n",
    );
    let train = |files: &[&str]| {
        let args = [&["train", "--probe", "--train"], files, &["--json"]].concat();
        project.emogrid(&args)
    };
    train(&["data/moods/test.jsonl"]).exits(2).says("no row is left: 3 were held").says("`split`");
    let told = train(&["data/moods/train.jsonl", "else/copy.csv"])
        .exits(0)
        .says("1 training row left out: a frozen test part has them")
        .json();
    assert_eq!((&told["dropped"]["train"], &told["probe"]["rows"]), (&json!(1), &json!(6)));
    // Measuring on it is what it is for, as long as it is what it was.
    let test = ["--test", "data/moods/test.jsonl"];
    train(&[&["data/moods/train.jsonl"][..], &test].concat()).exits(0);
    project.edit("data/moods/test.jsonl", "parcel", "package");
    train(&[&["data/moods/train.jsonl"][..], &test].concat()).exits(1).says("not what was frozen");
}

#[test]
fn a_part_of_no_known_name_is_refused() {
    let project = Project::new();
    let table = |split: &str| {
        format!("text,label,split\nThe tide took our castle,joy,train\nNew boots at last,anger,{split}\n")
    };
    let args = ["import", "table", "a.csv", "--text", "text", "--label", "label", "-o", "d"];
    for split in ["held-out", "tset", "2"] {
        project.write("a.csv", &table(split));
        project
            .emogrid(&args)
            .exits(1)
            .says(&format!("a.csv:3: its column `split` holds `{split}`"))
            .says("known are train, training, dev")
            .says("test, testing");
    }
    project.emogrid(&[&args[..], &["--split", "50,50"]].concat()).exits(0);
}

#[test]
fn a_row_of_a_part_that_is_called_testing_is_not_trained_on() {
    let project = Project::new();
    let row = |n: usize| {
        let split = if n < 3 { "testing" } else { "training" };
        format!("it was number {n} of {},{},{split}\n", n * 7, ["joy", "anger"][n % 2])
    };
    project.write("a.csv", &("text,emotion,split\n".to_owned() + &(0..20).map(row).collect::<String>()));
    project
        .emogrid(&["train", "--probe", "--train", "a.csv"])
        .exits(0)
        .says("3 training rows left out: a frozen test part has them");
}

/// A table of so many rows, of which none stands in one of another `what`.
fn numbered(what: &str, rows: usize) -> String {
    let row = |n: usize| format!("{},the {what} {n} has {},{}\n", n + 1, n * 13, ["joy", "anger"][n % 2]);
    "id,text,mood\n".to_owned() + &(0..rows).map(row).collect::<String>()
}

#[test]
fn rows_of_another_data_set_with_the_same_names_and_ids_are_not_held() {
    let project = Project::new();
    project.write("configs/none.yaml", "");
    let import = |from: &str, to: &str, more: &[&str]| {
        let args = [
            "import",
            "table",
            from,
            "--text",
            "text",
            "--label",
            "mood",
            "-o",
            to,
            "--skip",
            "near-duplicates",
        ];
        project.emogrid(&[&args[..], &["--split", "80,10,10"], more].concat()).exits(0);
    };
    for (folder, what) in [("a", "kettle"), ("b", "bicycle")] {
        project.write(&format!("{folder}/raw.csv"), &numbered(what, 100));
        import(&format!("{folder}/raw.csv"), &format!("{folder}/data"), &[]);
    }
    let told =
        project.emogrid(&["train", "--probe", "--train", "a/data/train.jsonl", "--json"]).exits(0).json();
    assert_eq!((&told["dropped"]["train"], &told["probe"]["rows"]), (&json!(0), &json!(80)));

    // The same file dealt out otherwise: what the one has in its test part the other may not train on, whatever
    // became of the text.
    import("a/raw.csv", "again", &["--seed", "8"]);
    let held: Vec<String> = ids(&project, "a/data/test.jsonl");
    let again = project.read("again/train.jsonl");
    let others = held.iter().filter(|id| again.contains(&format!("{{\"id\":\"{id}\","))).count();
    assert!(others > 0);
    project.write("edited.jsonl", &again.replace("the kettle", "that blue kettle"));
    let told = project.emogrid(&["train", "--probe", "--train", "edited.jsonl", "--json"]).exits(0).json();
    assert_eq!(told["dropped"]["train"], json!(others));
}

#[test]
fn a_frozen_test_part_is_not_replaced_by_chance() {
    let project = goemotions();
    import(&project, &[]).exits(0);
    let frozen = project.read("data/moods/test.jsonl");
    import(&project, &["--quota", "label=1"]).exits(0);
    import(&project, &["--split", "50,50"]).exits(2).says("is frozen").says("--refreeze");
    project
        .emogrid(&["import", "goemotions", "raw/train.tsv", "-o", "data/moods"])
        .exits(2)
        .says("would make none");
    assert_eq!(project.read("data/moods/test.jsonl"), frozen);
    import(&project, &["--split", "50,50", "--refreeze"]).exits(0);
    assert_ne!(project.read("data/moods/test.jsonl"), frozen);
    assert!(!project.path().join("data/moods/dev.jsonl").exists(), "no part of the import before stays");
}

#[test]
fn generated_rows_fill_up_the_rare_labels() {
    let project = Project::new();
    project.write(
        "train.jsonl",
        &real(&[("The kettle sings", "joy"), ("Soup again", "joy"), ("My boot is wet", "anger")]),
    );
    let made = [
        ("the KETTLE sings", "joy"),
        ("A brass band at noon", "joy"),
        ("Who ate my lunch", "anger"),
        ("They cancelled the ferry", "anger"),
        ("We buried the old dog", "grief"),
        ("Her chair stays empty", "grief"),
        ("The garden without him", "grief"),
    ];
    let made: String = made
        .iter()
        .enumerate()
        .map(|(n, (text, label))| {
            format!("{}\n", json!({ "id": format!("g{n}"), "text": text, "emotion": label }))
        })
        .collect();
    project.write("made.jsonl", &made);
    let mix = |more: &[&str]| {
        project.emogrid(&[&["mix", "train.jsonl", "made.jsonl", "-o", "mixed.jsonl"], more].concat())
    };
    let told = mix(&["--quota", "2", "--json"]).exits(0).json();
    assert_eq!((&told["real"], &told["generated"], &told["repeated"]), (&json!(3), &json!(3), &json!(1)));
    assert_eq!(
        told["labels"][1],
        json!({ "label": "grief", "before": 0, "generated": 2, "after": 2, "quota": 2, "short": 0 })
    );
    let rows = project.rows("mixed.jsonl");
    let sources: Vec<_> = rows.iter().map(|row| row["source"].as_str().unwrap()).collect();
    assert_eq!(sources, ["real", "real", "real", "generated", "generated", "generated"]);
    assert_eq!(ids(&project, "mixed.jsonl")[3..], ["g4", "g2", "g5"], "the rarest first");
    assert!(rows.iter().all(|row| row["labels"].is_array()));
    let told = mix(&["--ratio", "3:1", "--json"]).exits(0).json();
    assert_eq!((&told["budget"], &told["generated"]), (&json!(1), &json!(1)));
    let told = mix(&["--quota", "1", "--quota", "grief=9", "--json"]).exits(0).json();
    assert_eq!((&told["generated"], &told["labels"][1]["short"]), (&json!(3), &json!(6)));
    let shown = mix(&["--quota", "9"]).exits(0).stdout;
    assert!(
        shown.lines().all(|line| line.chars().count() <= 80) && shown.contains("left out: 1 generated row"),
        "{shown}"
    );
    mix(&["--ratio", "1", "--map", "sentiment"]).exits(0);
    let labels: Vec<_> = project.rows("mixed.jsonl").iter().map(|row| row["labels"][0].clone()).collect();
    assert!(
        labels.iter().all(|label| ["positive", "negative"].contains(&label.as_str().unwrap())),
        "{labels:?}"
    );
    // What was mixed is trained on.
    let train = ["train", "--probe", "--train", "mixed.jsonl", "--min-df", "1", "--json"];
    assert_eq!(project.emogrid(&train).exits(0).json()["probe"]["rows"], 6);
    mix(&["--quota", "zeal=1"]).exits(2).says("there is no label `zeal`");
    mix(&["--ratio", "much"]).exits(2).says("`--ratio much` is none");
    mix(&[]).exits(2).says("--ratio");
}

fn real(rows: &[(&str, &str)]) -> String {
    let row = |(n, (text, label)): (usize, &(&str, &str))| {
        format!("{}\n", json!({ "id": format!("r{n}"), "text": text, "labels": [label], "source": "real" }))
    };
    rows.iter().enumerate().map(row).collect()
}

#[test]
fn a_test_row_never_reaches_a_mix() {
    let project = goemotions();
    import(&project, &[]).exits(0);
    // A generated row that is a test text as it was before it was cleaned, and one that is fine.
    let made = "{\"text\": \"what a day, my SISTER called\", \"emotion\": \"joy\"}\n{\"text\": \"fresh bread\", \"emotion\": \"joy\"}\n";
    project.write("made.jsonl", made);
    let mix = |real: &str, more: &[&str]| {
        project.emogrid(
            &[&["mix", real, "made.jsonl", "--ratio", "1", "-o", "m.jsonl", "--json"], more].concat(),
        )
    };
    let told = mix("data/moods/train.jsonl", &[]).exits(0).json();
    assert_eq!((&told["held"], &told["generated"]), (&json!({ "real": 0, "generated": 1 }), &json!(1)));
    mix("data/moods/test.jsonl", &[]).exits(2).says("3 rows of it must not be mixed").says("--overlap drop");
    project.write(
        "copy.jsonl",
        &real(&[("A parcel came for the neighbour", "neutral"), ("Rain on the tent", "joy")]),
    );
    mix("copy.jsonl", &[]).exits(2).says("its text stands in the frozen test part of moods");
    let told = mix("copy.jsonl", &["--overlap", "drop"]).exits(0).json();
    assert_eq!((&told["real"], &told["held"]["real"]), (&json!(1), &json!(1)));
    assert!(!project.read("m.jsonl").contains("parcel"));
}

/// The other row of a pair says the same of somebody else.
#[test]
fn the_counterpart_of_a_test_row_never_reaches_a_mix() {
    let project = goemotions();
    import(&project, &[]).exits(0);
    let row =
        |id: &str, text: &str, pair: &str| json!({ "id": id, "text": text, "labels": ["joy"], "pair": pair });
    let rows = [
        row("a", "A parcel came for the neighbour", "a"),
        row("a-swap", "A parcel came for his neighbour", "a"),
        row("b", "Rain on the tent", "b"),
        row("b-swap", "Rain on her tent", "b"),
    ];
    project.write("pairs.jsonl", &rows.map(|row| format!("{row}\n")).concat());
    project.write("made.jsonl", "{\"text\": \"fresh bread\", \"emotion\": \"joy\"}\n");
    let mix = ["mix", "pairs.jsonl", "made.jsonl", "--ratio", "1", "-o", "m.jsonl", "--overlap", "drop"];
    let told = project.emogrid(&[&mix[..], &["--json"]].concat()).exits(0).json();
    assert_eq!((&told["real"], &told["held"]["real"]), (&json!(2), &json!(1)));
    assert_eq!(told["without_their_pair"], json!({ "real": 1, "generated": 0 }));
    assert!(!project.read("m.jsonl").contains("parcel"));
    let said = project.emogrid(&mix).exits(0).stdout;
    assert!(said.contains("left out: 1 real row that is of a pair whose other row is left out\n"), "{said}");
}

#[test]
fn each_row_that_is_left_out_of_a_mix_is_counted_once() {
    let project = Project::new();
    project.write("real.jsonl", "{\"text\": \"a quiet evening\", \"emotion\": \"joy\"}\n");
    let row = |id: &str, text: &str, mood: &str, pair: Option<&str>| json!({ "id": id, "text": text, "emotion": mood, "pair": pair });
    let rows = [
        row("1", "fresh bread", "joy", None),
        // Of what else they are as well nothing is said.
        row("2", "a quiet evening", "", None),
        row("a", "he sang", "", Some("a")),
        row("a-swap", "she sang", "joy", Some("a")),
        row("b", "a quiet evening", "joy", Some("b")),
        row("b-swap", "a quiet evening", "joy", Some("b")),
    ];
    project.write("made.jsonl", &rows.map(|row| format!("{row}\n")).concat());
    let mix = ["mix", "real.jsonl", "made.jsonl", "--quota", "9", "-o", "m.jsonl"];
    let told = project.emogrid(&[&mix[..], &["--json"]].concat()).exits(0).json();
    let counts = ["offered", "generated", "repeated"].map(|name| told[name].as_u64().unwrap());
    assert_eq!(counts, [1, 1, 2], "{told}");
    assert_eq!(
        (&told["unlabelled"]["generated"], &told["without_their_pair"]["generated"]),
        (&json!(2), &json!(1)),
        "{told}"
    );
    let said = project.emogrid(&mix).exits(0).stdout;
    assert!(said.contains("1 real row, 1 of 1 generated: 2 rows\n"), "{said}");
}

#[test]
fn a_test_row_never_reaches_a_file_for_training() {
    let project = goemotions();
    import(&project, &[]).exits(0);
    project.write(
        "copy.jsonl",
        &real(&[("A parcel came for the neighbour", "neutral"), ("Rain on the tent", "joy")]),
    );
    let export =
        |from: &str, format: &str, to: &str| project.emogrid(&["export", from, "--format", format, "-o", to]);
    for format in ["messages", "prompt-completion"] {
        export("copy.jsonl", format, "t.jsonl")
            .exits(0)
            .says("1 row left out")
            .says("its text stands in the frozen test part of moods");
        let written = project.read("t.jsonl");
        assert!(written.contains("tent") && !written.contains("parcel"), "{format}: {written}");
        export("data/moods/test.jsonl", format, "u.jsonl").exits(2).says("no row is left: 3 were held");
    }
    // A table that stays one is put to no use.
    export("data/moods/test.jsonl", "csv", "test.csv").exits(0);
    assert!(project.read("test.csv").contains("parcel"));
}

#[test]
fn pairs_that_an_export_wrote_stay_pairs() {
    let project = Project::new();
    let mut rows = String::new();
    for at in 0..40 {
        let (who, whose, id) = if at % 2 == 0 { ("He", "his", "") } else { ("She", "her", "-swap") };
        let words: Vec<String> = (0..6)
            .map(|word| format!("{}", char::from(b'a' + (at / 2 + 3 * word) as u8 % 26)).repeat(4 + word))
            .collect();
        let text = format!("{who} left the {} in {whose} room", words.join(" "));
        let pair = format!("r{}", at / 2);
        let mood = ["joy", "fear"][at / 2 % 2];
        let row = json!({ "id": format!("{pair}{id}"), "text": text, "emotion": mood, "pair": pair });
        rows.push_str(&format!("{row}\n"));
    }
    // A column of that name which is of no pair, one whose other half is not there, and one that is there twice.
    for (id, text, pair) in [
        ("x1", "the euro fell again this morning", "EUR/USD"),
        ("x2", "a lonely kite above the harbour", "x2"),
        ("r1", "nobody took the bins out on time", "r1"),
    ] {
        rows.push_str(&format!("{}\n", json!({ "id": id, "text": text, "emotion": "joy", "pair": pair })));
    }
    project.write("pairs.jsonl", &rows);
    project.emogrid(&["export", "pairs.jsonl", "-o", "pairs.csv"]).exits(0);
    let import = |more: &[&str]| {
        let args = ["import", "table", "pairs.csv", "--text", "text", "--label", "emotion", "--json"];
        project.emogrid(&[&args[..], more].concat()).exits(0).json()
    };
    let told = import(&["--split", "50,50", "-o", "data"]);
    assert_eq!(step(&told, "near-duplicates")["removed"], 0, "those of a pair are alike on purpose");
    let mut part_of: BTreeMap<String, Vec<&str>> = BTreeMap::new();
    for part in ["train", "test"] {
        for row in project.rows(&format!("data/{part}.jsonl")) {
            if let Some(pair) = row["pair"].as_str() {
                part_of.entry(pair.to_owned()).or_default().push(part);
            }
        }
    }
    assert_eq!(part_of.len(), 20, "{part_of:?}");
    assert!(part_of.values().all(|parts| parts.len() == 2 && parts[0] == parts[1]), "{part_of:?}");
    // Where one of a pair goes, the other is of none any more.
    project.edit("pairs.csv", "r0-swap,She", "r0-swap,");
    project.edit("pairs.csv", "her room,joy,r0\n", "her room,,r0\n");
    import(&["-o", "other"]);
    let rows = project.rows("other/rows.jsonl");
    let of = |id: &str| rows.iter().find(|row| row["id"] == id).unwrap_or_else(|| panic!("{id}: {rows:?}"));
    assert_eq!((of("r0").get("pair"), of("r1-swap")["pair"].as_str()), (None, Some("r1")));
}

#[test]
fn an_import_of_an_import_keeps_what_was_known_of_its_rows() {
    let project = Project::new();
    let mut raw = "text,id,rater_id,example_very_unclear,anger,joy\n".to_owned();
    for (id, text) in [
        ("a", "[NAME] and Mary Jones fixed my bike"),
        ("b", "[name] and Mary Jones fixed my bike"),
        ("c", "gay and proud, said [NAME] of the harbour"),
    ] {
        for (rater, flags) in [(1, "0,1"), (2, "0,1"), (3, "1,0")] {
            raw.push_str(&format!("\"{text}\",{id},{rater},False,{flags}\n"));
        }
    }
    project.write("raw.csv", &raw);
    project.emogrid(&["import", "goemotions", "raw.csv", "-o", "one", "--language", "en"]).exits(0);
    let first = project.rows("one/rows.jsonl");
    assert_eq!((&first[0]["votes"], &first[0]["copies"]), (&json!({ "anger": 2, "joy": 4 }), &json!(2)));
    assert_eq!(first[0]["spans"].as_array().unwrap().len(), 2);
    let without_origin = |rows: &[Value]| -> Vec<Value> {
        let mut rows = rows.to_vec();
        rows.iter_mut().for_each(|row| drop(row.as_object_mut().unwrap().remove("origin")));
        rows
    };
    // As it is, and through a CSV.
    project.emogrid(&["export", "one/rows.jsonl", "-o", "one.csv"]).exits(0);
    for (from, to) in [("one/rows.jsonl", "two"), ("one.csv", "three")] {
        let again = ["import", "table", from, "--text", "text", "--label", "labels", "-o", to];
        project.emogrid(&again).exits(0);
        assert_eq!(
            without_origin(&project.rows(&format!("{to}/rows.jsonl"))),
            without_origin(&first),
            "{from}"
        );
    }
    let again = ["import", "table", "one.csv", "--text", "text", "--label", "labels"];
    project.emogrid(&[&again[..], &["--agree", "5", "-o", "four"]].concat()).exits(0);
    let removed = project.rows("four/undo/removed.jsonl");
    assert_eq!((removed.len(), &removed[0]["step"]), (2, &json!("agreement")));
    let ran = project.emogrid(&[&again[..], &["--map", "sentiment", "-o", "five"]].concat()).exits(0);
    let ran = ran.says("2 rows without their votes: who gave several labels of one group is not known");
    assert!(ran.stderr.lines().all(|line| line.chars().count() <= 80), "{}", ran.stderr);
    assert!(project.rows("five/rows.jsonl")[0]["votes"].is_null());
    // Nobody voted on what another column says.
    let other = ["import", "table", "one/rows.jsonl", "--text", "text", "--label", "sentiment", "-o", "six"];
    project.emogrid(&other).exits(0).says("2 rows without their votes: they are on what `labels` holds\n");
    let row = &project.rows("six/rows.jsonl")[0];
    assert_eq!(
        (&row["labels"], &row["votes"], &row["raters"]),
        (&json!(["positive"]), &Value::Null, &Value::Null)
    );
    assert_eq!(project.value("six/manifest.json")["labels"].as_array().unwrap().len(), 1);
}

#[test]
fn a_part_that_gets_no_row_is_told_with_the_reason() {
    let project = Project::new();
    let import = |text: &dyn Fn(usize) -> String, rows: usize| {
        let rows: String =
            (0..rows).map(|n| format!("{}\n", json!({ "text": text(n), "label": "joy" }))).collect();
        project.write("t.jsonl", &rows);
        let skip = ["--skip", "near-duplicates", "--split", "80,10,10", "-o", "d", "--refreeze"];
        project.emogrid(
            &[&["import", "table", "t.jsonl", "--text", "text", "--label", "label"], &skip[..]].concat(),
        )
    };
    let words = ["kettle", "garden", "harbour", "letter"];
    let ran = import(&|n| format!("the {} is what I saw when {} came", words[n], words[n]), 3).exits(0);
    let ran = ran.says("no row is of `dev`, whose share is 10%:\n3 rows are too few\n");
    ran.says("no row is of `test`, whose share is 10%, and nothing is frozen:\n3 rows are too few\n");
    // Each is like the next.
    let alike =
        |n: usize| format!("when the train was late again I told them all about the weather {}", n % 7);
    let ran = import(&|n| format!("{} {}", alike(n), words[n / 7]), 20).exits(0);
    let ran =
        ran.says("no row is of `test`, whose share is 10%, and nothing is frozen:\n20 of 20 rows are near-");
    assert!(ran.stderr.lines().all(|line| line.chars().count() <= 80), "{}", ran.stderr);
    assert!(!project.path().join("d/test.jsonl").exists());
}

#[test]
fn a_rater_counts_once_for_a_text() {
    let project = Project::new();
    let mut raw = "text,id,rater_id,example_very_unclear,anger,joy\n".to_owned();
    for (rater, flags) in [(1, "0,1"), (1, "0,1"), (2, "1,0"), (1, "1,0")] {
        raw.push_str(&format!("A parcel came for the neighbour,a,{rater},False,{flags}\n"));
    }
    project.write("raw.csv", &raw);
    let told = project.emogrid(&["import", "goemotions", "raw.csv", "--agree", "1", "-o", "d"]).exits(0);
    told.says("2 rows of a rater who had answered for the text: the first answer counts");
    let row = &project.rows("d/rows.jsonl")[0];
    assert_eq!((&row["votes"], &row["raters"]), (&json!({ "anger": 1, "joy": 1 }), &json!(2)));
}

#[test]
fn a_file_that_lacks_rows_of_its_import_is_found_by_whoever_reads_it() {
    let project = goemotions();
    import(&project, &[]).exits(0);
    let train = project.read("data/moods/train.jsonl");
    let rows = train.lines().count();
    let cut: String = train.split_inclusive('\n').take(rows - 1).collect();
    project
        .emogrid(&["train", "--probe", "--train", "data/moods/train.jsonl", "--model", "m.probe"])
        .exits(0);
    project.write("data/moods/train.jsonl", &cut);
    let says = format!("it has {} of {rows} rows that the `manifest.json` beside it tells of", rows - 1);
    for args in [
        &["verify", "data/moods/train.jsonl", "--probe", "m.probe", "-o", "v.jsonl"][..],
        &["train", "--probe", "--train", "data/moods/train.jsonl"],
        &["dedup", "data/moods/train.jsonl", "-o", "o.jsonl"],
        &["export", "data/moods/train.jsonl", "--format", "classification", "-o", "c"],
    ] {
        project.emogrid(args).exits(1).says(&says);
    }
    assert!(!project.path().join("v.jsonl").exists());
    // Elsewhere they are rows like any.
    project.write("train.jsonl", &cut);
    project.emogrid(&["dedup", "train.jsonl", "-o", "o.jsonl"]).exits(0);
}

#[test]
fn who_freezes_a_test_part_outside_of_a_project_is_told() {
    let project = goemotions();
    let shown = import(&project, &[]).exits(0).stdout;
    assert!(shown.contains("and known to the project: "), "{shown}");
    // The project of a folder below is that of all others.
    project.write("sub/configs/none.yaml", "");
    let args = [&FILES[..], &["-o", "sub/data/moods"]].concat();
    let shown = project.emogrid(&args).exits(0).stdout;
    assert!(!project.path().join("sub/.emogrid").exists(), "{shown}");
    std::fs::remove_dir_all(project.path().join("configs")).unwrap();
    std::fs::remove_dir_all(project.path().join(".emogrid")).unwrap();
    let shown = project.emogrid(&[&FILES[..], &["-o", "far"]].concat()).exits(0).stdout;
    assert!(shown.contains("in no project (no folder above has `.emogrid` or `configs`)"), "{shown}");
    assert!(shown.lines().all(|line| line.chars().count() <= 80), "{shown}");
}

#[test]
fn a_mix_without_limits_names_what_limits_it() {
    let project = Project::new();
    let row = "{\"text\": \"so it goes\", \"label\": \"joy\"}\n";
    project.write("real.jsonl", row);
    project.write("made.jsonl", row);
    let ran = project.emogrid(&["mix", "real.jsonl", "made.jsonl", "-o", "m.jsonl"]).exits(2);
    ran.says("`--quota 500` fills each label").says("`--ratio 0.5` adds");
}
