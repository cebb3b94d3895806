//! `emogrid dedup`.

use std::io::{BufRead as _, BufReader, Write as _};
use std::process::Stdio;

use serde_json::json;

use crate::project::Project;

/// Five rows: two near-duplicates under different labels, a text in other words' order, two alone.
const MOODS: &str = r#"{"id": "a", "mood": "joy", "text": "My grandmother won the lottery in Norway yesterday"}
{"id": "b", "mood": "joy", "text": "The dentist stole my umbrella again"}
{"id": "c", "mood": "anger", "text": "my grandmother won the lottery in Norway today!"}
{"id": "d", "mood": "joy", "text": "Again the dentist stole my umbrella?!"}
{"id": "e", "mood": "anger", "text": "Nobody told me about the harbour"}
"#;

fn moods() -> Project {
    let project = Project::new();
    project.write("moods.jsonl", MOODS);
    project
}

fn ids(project: &Project, name: &str) -> Vec<String> {
    project.rows(name).iter().map(|row| row["id"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn one_of_each_group_is_kept_or_all_are_marked() {
    let project = moods();
    project
        .emogrid(&["dedup", "moods.jsonl", "-o", "kept.jsonl"])
        .exits(0)
        .says("5 rows read, 3 kept\n2 duplicates: 0 the same text, 1 the same words, 1 similar\n");
    assert_eq!(ids(&project, "kept.jsonl"), ["a", "b", "e"]);
    project.emogrid(&["dedup", "moods.jsonl", "-o", "marked.jsonl", "--mark"]).exits(0);
    let rows = project.rows("marked.jsonl");
    let marks: Vec<_> =
        rows.iter().map(|row| (row["duplicate_of"].as_str(), row["similarity"].as_f64())).collect();
    assert_eq!(marks[0], (None, None));
    assert_eq!(marks[3], (Some("b"), Some(1.0)));
    assert!(marks[2].0 == Some("a") && (0.45..1.0).contains(&marks[2].1.unwrap()), "{marks:?}");
    assert!(rows.iter().all(|row| row.as_object().unwrap().contains_key("similarity")));
}

#[test]
fn labels_part_rows_and_their_conflicts_are_told() {
    let project = moods();
    let args =
        ["dedup", "moods.jsonl", "--label", "mood", "--conflicts", "c.csv", "--pairs", "p.csv", "--json"];
    let told = project.emogrid(&args).exits(0).json();
    assert_eq!(
        (&told["rows"], &told["kept"], &told["pairs"], &told["conflicts"]),
        (&json!(5), &json!(3), &json!(2), &json!(1))
    );
    assert_eq!(told["duplicates"], json!({ "same_text": 0, "same_words": 1, "similar": 1 }));
    let pairs = project.read("p.csv");
    let lines: Vec<&str> = pairs.lines().collect();
    assert_eq!((lines[0], lines[2], lines.len()), ("id_a,id_b,similarity", "b,d,1.0000", 3));
    assert!(lines[1].starts_with("a,c,0."));
    let conflicts = project.read("c.csv");
    assert!(conflicts.starts_with("id_a,id_b,similarity,label_a,label_b\na,c,0."), "{conflicts}");
    assert!(conflicts.ends_with(",joy,anger\n"));

    let told = project.emogrid(&[&args[..], &["--scope", "label"]].concat()).exits(0).json();
    assert_eq!((&told["kept"], &told["pairs"], &told["conflicts"]), (&json!(4), &json!(1), &json!(1)));
    assert_eq!(project.read("p.csv"), "id_a,id_b,similarity\nb,d,1.0000\n");
    project.emogrid(&["dedup", "moods.jsonl", "--scope", "label"]).exits(2).says("--label");
    project.emogrid(&["dedup", "moods.jsonl", "--label", "mod"]).exits(2).says("no column `mod`");
}

#[test]
fn levels_and_thresholds_decide() {
    let project = moods();
    let kept = |args: &[&str]| {
        let args = [&["dedup", "moods.jsonl", "--json"], args].concat();
        project.emogrid(&args).exits(0).json()["kept"].as_u64().unwrap()
    };
    assert_eq!(kept(&[]), 3);
    assert_eq!(kept(&["--level", "exact"]), 5);
    assert_eq!(kept(&["--level", "strict"]), 3);
    assert_eq!(kept(&["--threshold", "0.95"]), 4);
    assert_eq!(kept(&["--method", "minhash", "--threshold", "0.95"]), 4);
    for wrong in ["0", "1.1", "x", "NaN"] {
        project.emogrid(&["dedup", "moods.jsonl", "--threshold", wrong]).exits(2).says("such as 0.45");
    }
}

#[test]
fn what_is_off_limits_goes() {
    let project = moods();
    project
        .write("test.csv", "text,id\nnobody told US about the harbour,t1\nsomething else entirely here,t2\n");
    let args = ["dedup", "moods.jsonl", "--against", "test.csv", "--mark", "-o", "out.csv", "--json"];
    let told = project.emogrid(&args).exits(0).json();
    assert_eq!((&told["off_limits"], &told["kept"]), (&json!(1), &json!(2)));
    assert!(project.read("out.csv").contains(",test.csv:t1,0."), "{}", project.read("out.csv"));
    project.emogrid(&["dedup", "moods.jsonl", "--against", "none.csv"]).exits(1).says("none.csv: ");
}

#[test]
fn an_index_goes_on_where_the_last_call_ended() {
    let project = moods();
    let lines: Vec<&str> = MOODS.lines().collect();
    project.write("one.jsonl", &lines[..2].join("\n"));
    project.write("two.jsonl", &lines[2..].join("\n"));
    let run = |table: &str, out: &str, index: &str| {
        project.emogrid(&["dedup", table, "--mark", "-o", out, "--index", index, "--json"]).exits(0).json()
    };
    let told = run("moods.jsonl", "all.jsonl", "all");
    assert_eq!(told["remembered"], 0);
    run("one.jsonl", "1.jsonl", "parts");
    assert_eq!(run("two.jsonl", "2.jsonl", "parts")["remembered"], 2);
    let all = project.read("all.jsonl");
    assert_eq!(project.read("1.jsonl") + &project.read("2.jsonl"), all);
    let index = |name: &str| std::fs::read(project.path().join(name).join("index")).unwrap();
    assert_eq!(index("parts"), index("all"));

    // The same rows again are the same rows; without the index they are worked out anew.
    run("moods.jsonl", "again.jsonl", "all");
    assert_eq!(project.read("again.jsonl"), all);
    std::fs::remove_dir_all(project.path().join("all")).unwrap();
    run("moods.jsonl", "anew.jsonl", "all");
    assert_eq!(project.read("anew.jsonl"), all);
    assert!(!String::from_utf8_lossy(&index("all")).contains("harbour"), "no words in it");

    let refused = ["dedup", "one.jsonl", "--index", "all", "--level", "strict"];
    project.emogrid(&refused).exits(2).says("level: default then, strict now");
    let torn = &index("all")[..100];
    std::fs::write(project.path().join("all/index"), torn).unwrap();
    project.emogrid(&["dedup", "one.jsonl", "--index", "all"]).exits(2).says("torn");
    std::fs::write(project.path().join("all/index"), "id,text\n").unwrap();
    project.emogrid(&["dedup", "one.jsonl", "--index", "all"]).exits(2).says("name another folder");
}

#[test]
fn rows_without_ids_are_told_apart_by_their_file() {
    let project = Project::new();
    project.write("one.csv", "text\nthe same text twice over\n");
    project.write("two.csv", "text\nthe same text twice over\n");
    project.emogrid(&["dedup", "one.csv", "--index", "seen", "-o", "1.jsonl"]).exits(0);
    project.emogrid(&["dedup", "two.csv", "--index", "seen", "-o", "2.jsonl", "--mark"]).exits(0);
    assert_eq!(project.rows("2.jsonl")[0]["duplicate_of"], "one.csv:1");
}

#[test]
fn tables_come_and_go_through_pipes() {
    let project = Project::new();
    let mut command = project.command(&["dedup", "-", "--text", "said", "-o", "-"]);
    let mut child =
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(b"said\tn\nso it goes\t1\nSo it goes!\t2\n").unwrap();
    let output = child.wait_with_output().unwrap();
    assert_eq!(String::from_utf8(output.stdout).unwrap(), "{\"said\":\"so it goes\",\"n\":\"1\"}\n");
    assert_eq!(output.status.code(), Some(0));
    project.write("x.jsonl", "{\"text\": \"x\"}\n");
    project.emogrid(&["dedup", "x.jsonl", "-o", "-", "--json"]).exits(2).says("only one thing");
    project.emogrid(&["dedup", "-", "--index", "seen"]).exits(0);
    project.emogrid(&["dedup", "x.jsonl", "--mark"]).exits(2).says("--output");
}

#[test]
fn an_empty_pair_or_one_of_something_else_is_no_group() {
    let project = Project::new();
    let rows =
        |pair: &str| (1..=5).map(|n| format!("{n},the same text twice over,{pair}\n")).collect::<String>();
    for pair in ["", "EUR/USD"] {
        project.write("t.csv", &format!("id,text,pair\n{}", rows(pair)));
        let told = project.emogrid(&["dedup", "t.csv", "--json"]).exits(0).json();
        assert_eq!(told["kept"], 1, "{pair:?}");
    }
    // Unless it is said to be one.
    let told = project.emogrid(&["dedup", "t.csv", "--group", "pair", "--json"]).exits(0).json();
    assert_eq!(told["kept"], 5);
    project.emogrid(&["dedup", "t.csv", "--group", "pairs"]).exits(2).says("did you mean `pair`?");
    project.write("t.jsonl", "{\"text\": \"a\", \"g\": null}\n{\"text\": \"a\", \"g\": \"\"}\n");
    assert_eq!(project.emogrid(&["dedup", "t.jsonl", "--group", "g", "--json"]).exits(0).json()["kept"], 1);
}

#[test]
fn counterparts_of_an_audit_are_kept_whatever_the_format_and_the_calls() {
    let project = Project::new();
    let rows = [
        json!({ "id": "a", "mood": "joy", "text": "He left his keys on the wet kitchen table again" }),
        json!({ "id": "b", "mood": "joy", "text": "Nobody came to the old school fair" }),
        json!({ "id": "c", "mood": "joy", "text": "nobody came to the old school fair!" }),
    ];
    project.write("in.jsonl", &rows.map(|row| format!("{row}\n")).concat());
    for out in ["out.csv", "out.jsonl", "out.tsv"] {
        project
            .emogrid(&["audit", "in.jsonl", "--label", "mood", "--swap", out, "--fail-on", "never"])
            .exits(0);
        project.emogrid(&["dedup", out, "-o", "kept.jsonl"]).exits(0).says("4 rows read, 3 kept");
        assert_eq!(ids(&project, "kept.jsonl"), ["a", "a-swap", "b"], "{out}");
    }
    // One call a row: an index knows what belongs together.
    for (at, line) in project.read("out.jsonl").lines().enumerate() {
        project.write("one.jsonl", line);
        let told = project.emogrid(&["dedup", "one.jsonl", "--index", "seen", "--json"]).exits(0).json();
        assert_eq!(told["kept"], u64::from(at < 3), "{line}");
    }
    project.emogrid(&["dedup", "in.jsonl", "--index", "seen", "--group", "mood"]).exits(2).says("group: ");
}

#[test]
fn an_index_of_before_is_said_to_be_one() {
    let project = moods();
    project.emogrid(&["dedup", "moods.jsonl", "--index", "seen"]).exits(0);
    let path = project.path().join("seen/index");
    let mut bytes = std::fs::read(&path).unwrap();
    let version = bytes.iter().position(|byte| *byte == b'\n').unwrap() - 1;
    bytes[version] = b'1';
    std::fs::write(&path, bytes).unwrap();
    project.emogrid(&["dedup", "moods.jsonl", "--index", "seen"]).exits(2).says(
        "made by another version of emogrid, and has to be made anew\n  delete it, and give all its tables",
    );
}

#[test]
fn ids_that_several_rows_have_are_told() {
    let project = Project::new();
    project.write(
        "t.csv",
        "id,text\n7,so it goes on\n8,and on it goes again\n7,but not for ever\n8,never mind\n",
    );
    let ran = project.emogrid(&["dedup", "t.csv", "--json"]).exits(0);
    assert_eq!(ran.json()["repeated_ids"], 2);
    ran.says("warning: 2 rows have the id of another row, `7` first").says("`--id`");
    let ran = project.emogrid(&["dedup", "t.csv", "--id", "text", "--json"]).exits(0);
    assert_eq!(ran.json()["repeated_ids"], 0);
    assert!(!ran.stderr.contains("warning"), "{}", ran.stderr);
}

#[test]
fn tables_off_limits_have_columns_of_their_own() {
    let project = Project::new();
    project.write("t.csv", "said,n\nNobody told me about the harbour,1\n");
    let off_limits = |against: &str, more: &[&str]| {
        let args = [&["dedup", "t.csv", "--text", "said", "--json", "--against", against], more].concat();
        project.emogrid(&args).exits(0).json()["off_limits"].as_u64().unwrap()
    };
    project.write("own.jsonl", "{\"said\": \"nobody told me about the harbour\", \"text\": \"x\"}\n");
    project.write("usual.jsonl", "{\"text\": \"nobody told me about the harbour\"}\n");
    project.write("other.csv", "body,id\nnobody told me about the harbour,7\n");
    assert_eq!(off_limits("own.jsonl", &[]), 1);
    assert_eq!(off_limits("usual.jsonl", &[]), 1);
    assert_eq!(off_limits("other.csv", &["--against-text", "body"]), 1);
    let args = ["dedup", "t.csv", "--text", "said", "--against", "other.csv"];
    project.emogrid(&args).exits(2).says("other.csv: there is no column `said`, only `body`, `id`; name");
    let args = ["dedup", "t.csv", "--text", "said", "--against", "other.csv", "--against-text", "bodi"];
    project.emogrid(&args).exits(2).says("did you mean `body`?").says("--against-text");
    // A table without a header, beside some with one and without.
    project.write("bare.csv", "Nobody told me about the harbour,1\n");
    project.write("bare-test.csv", "nobody told me about the harbour,2\n");
    for against in ["bare-test.csv", "usual.jsonl", "own.jsonl"] {
        let args =
            ["dedup", "bare.csv", "--columns", "said,n", "--text", "said", "--json", "--against", against];
        assert_eq!(project.emogrid(&args).exits(0).json()["off_limits"], 1, "{against}");
    }
}

#[test]
fn tables_that_are_read_are_written_letter_by_letter() {
    let project = Project::new();
    let rows = "{\"id\":12345678901234567890123,\"text\":\"one thing\",\"p\":1.10,\"q\":1e5}\n\
                {\"id\":12345678901234567890124,\"text\":\"quite another\",\"p\":-0,\"q\":[0.10]}\n";
    project.write("t.jsonl", rows);
    project.emogrid(&["dedup", "t.jsonl", "-o", "out.jsonl"]).exits(0);
    assert_eq!(project.read("out.jsonl"), rows);
    project.emogrid(&["dedup", "t.jsonl", "-o", "out.tsv", "--mark"]).exits(0);
    let marked =
        "id\ttext\tp\tq\tduplicate_of\tsimilarity\n12345678901234567890123\tone thing\t1.10\t1e5\t\t\n";
    assert!(project.read("out.tsv").starts_with(marked), "{}", project.read("out.tsv"));
    project.emogrid(&["dedup", "out.tsv", "-o", "again.tsv"]).exits(0);
    assert_eq!(project.read("again.tsv"), project.read("out.tsv"));
    assert_eq!(project.emogrid(&["export", "t.jsonl"]).exits(0).stdout, rows);
    let csv = project.emogrid(&["export", "t.jsonl", "--format", "csv"]).exits(0).stdout;
    assert!(csv.contains("12345678901234567890124,quite another,-0,[0.10]"), "{csv}");
}

#[test]
fn a_table_that_cannot_be_right_is_refused() {
    let project = Project::new();
    for (name, table, code, says) in [
        ("t.csv", "text\na\n\"b\nc\n", 1, "t.csv:3: a quoted text begins here and does not end"),
        ("t.csv", "text\n\"a\"b\n", 1, "t.csv:2: text after a closing quote; expected `,`"),
        ("t.csv", "text,text\na,b\n", 2, "t.csv:1: the header: columns 1 and 2 are both `text`"),
        ("t.csv", "txet\na\n", 2, "t.csv: there is no column `text`, only `txet`; did you mean `txet`?"),
        ("t.jsonl", "{\"txet\": \"a\"}\n", 2, "t.jsonl:1: there is no column `text`, only `txet`; did you"),
    ] {
        project.write(name, table);
        for command in ["dedup", "anonymize"] {
            project.emogrid(&[command, name, "-o", "out.jsonl"]).exits(code).says(says);
        }
    }
}

/// Writes a row to a command, and reads what becomes of it while the command waits for more.
pub fn a_row_comes_at_once(mut child: std::process::Child, row: &str) -> String {
    let mut stdin = child.stdin.take().unwrap();
    let mut stdout = BufReader::new(child.stdout.take().unwrap());
    let (told, tells) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        let mut line = String::new();
        let _ = stdout.read_line(&mut line);
        let _ = told.send(line);
    });
    stdin.write_all(row.as_bytes()).unwrap();
    stdin.flush().unwrap();
    let line = tells.recv_timeout(std::time::Duration::from_secs(60)).expect("a row while the input is open");
    drop(stdin);
    assert!(child.wait().unwrap().success());
    line
}

#[test]
fn a_row_comes_out_of_a_pipe_as_soon_as_it_went_in() {
    let project = Project::new();
    let mut command = project.command(&["dedup", "-", "-o", "-"]);
    let child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
    assert_eq!(a_row_comes_at_once(child, "{\"text\":\"a\"}\n"), "{\"text\":\"a\"}\n");
}

#[test]
fn word_statistics_can_be_ones_own() {
    let project = moods();
    let common =
        "{\"text\": \"grandmother lottery norway\"}\n".repeat(40) + &"{\"text\": \"rain\"}\n".repeat(60);
    project.write("corpus.jsonl", &common);
    project
        .emogrid(&["dedup", "corpus.jsonl", "--write-statistics", "words.tsv"])
        .exits(0)
        .says("4 words of 100 texts");
    assert_eq!(
        project.read("words.tsv"),
        "emogrid-words 1\ntexts\t100\nrain\t60\ngrandmother\t40\nlottery\t40\nnorway\t40\n"
    );
    let similarity = |args: &[&str]| {
        let args = [&["dedup", "moods.jsonl", "--pairs", "p.csv", "--threshold", "0.01"], args].concat();
        project.emogrid(&args).exits(0);
        let pairs = project.read("p.csv");
        let line = pairs.lines().find(|line| line.starts_with("a,c")).unwrap();
        line.rsplit(',').next().unwrap().parse::<f64>().unwrap()
    };
    assert!(similarity(&["--statistics", "words.tsv"]) < similarity(&[]), "what is common weighs little");
    project.edit("words.tsv", "rain\t60", "rain\t600");
    project
        .emogrid(&["dedup", "moods.jsonl", "--statistics", "words.tsv"])
        .exits(2)
        .says("words.tsv, line 3: ");
}

#[test]
fn odd_tables_are_no_trouble() {
    let project = Project::new();
    let long = "so very much ".repeat(80_000);
    let odd = ["", "\u{202e}\u{202e}", "e\u{301}\u{301}\u{200d}", "👩‍👩‍👧", "\u{0}\u{7f}", &long];
    let rows: String = odd.iter().map(|text| json!({ "text": text }).to_string() + "\n").collect();
    project.write("odd.jsonl", &(rows.clone() + &rows));
    let told = project.emogrid(&["dedup", "odd.jsonl", "--json", "--pairs", "p.csv"]).exits(0).json();
    assert_eq!((&told["rows"], &told["kept"], &told["pairs"]), (&json!(12), &json!(6), &json!(6)));
    project.write("none.jsonl", "");
    project
        .emogrid(&["dedup", "none.jsonl", "-o", "out.jsonl", "--pairs", "p.csv"])
        .exits(0)
        .says("0 rows read");
    assert_eq!(
        (project.read("out.jsonl"), project.read("p.csv")),
        (String::new(), "id_a,id_b,similarity\n".to_owned())
    );
}

/// Each row of the table in docs/dedup.md: two texts, their similarity, and which levels agree.
#[test]
fn the_examples_of_the_docs_are_so() {
    let docs = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/dedup.md")).unwrap();
    let table = docs.split("| a text | and another |").nth(1).expect("the table of examples");
    let rows = table.lines().skip(2).take_while(|line| line.starts_with('|'));
    let mut seen = 0;
    for row in rows {
        let cells: Vec<&str> = row.split('|').map(str::trim).collect();
        let project = Project::new();
        project
            .write("t.jsonl", &format!("{}\n{}\n", json!({ "text": cells[1] }), json!({ "text": cells[2] })));
        for (level, expected) in ["strict", "default", "aggressive"].iter().zip(&cells[3..6]) {
            project.emogrid(&["dedup", "t.jsonl", "--level", level, "-o", "m.jsonl", "--mark"]).exits(0);
            let found = match project.rows("m.jsonl")[1]["similarity"].as_f64() {
                None => "–".to_owned(),
                Some(similarity) => format!("{similarity:.2}"),
            };
            assert_eq!(&found, expected, "{level}: {row}");
        }
        seen += 1;
    }
    assert!(seen >= 10, "{seen}");
}
