use std::collections::BTreeMap;

use super::*;

struct Real(BTreeMap<&'static str, &'static str>);

impl RealRow for Real {
    fn text(&self) -> &str {
        self.0["text"]
    }

    fn column(&self, name: &str) -> Option<&str> {
        self.0.get(name).copied()
    }
}

fn row<const N: usize>(columns: [(&'static str, &'static str); N]) -> Real {
    Real(columns.into_iter().collect())
}

/// A folder `data/moods` with a frozen test part of one row.
fn frozen(folder: &Path) -> std::path::PathBuf {
    let data = folder.join("data/moods");
    std::fs::create_dir_all(&data).unwrap();
    std::fs::write(data.join("test.jsonl"), "{}").unwrap();
    let part = Frozen {
        dataset: "moods".into(),
        file: "test.jsonl".into(),
        rows: 1,
        hash: blake3::hash(b"{}").to_hex().to_string(),
        origins: vec!["moods/test.tsv@1f2e3d4c:3".into()],
        texts: vec![TextKey::of("The kettle sings again"), TextKey::of("the kettle &amp; again")],
    };
    let text = serde_json::json!({ "format": FORMAT, "test": part }).to_string();
    std::fs::write(data.join("manifest.json"), text).unwrap();
    data
}

#[test]
fn what_is_of_the_test_part_passes_for_measuring_alone() {
    let folder = tempfile::tempdir().unwrap();
    let guard = Guard::of(&[frozen(folder.path()).join("train.jsonl")]).unwrap();
    let rows = || {
        [
            row([("text", "the KETTLE  sings again")]),
            row([("text", "The kettle &amp; again"), ("split", "train")]),
            row([("text", "edited"), ("id", "7"), ("origin", "again/renamed.tsv@1f2e3d4c:3")]),
            row([("text", "new"), ("split", "Testing")]),
            // The third row of another file in a data set of the same name, and a text that is only like a frozen one.
            row([("text", "other"), ("id", "7"), ("origin", "moods/test.tsv@4c3d2e1f:3")]),
            row([("text", "The kettle sings"), ("id", "7")]),
        ]
    };
    for purpose in [Purpose::Training, Purpose::Exemplars, Purpose::Mix] {
        let mut gate = guard.gate(purpose);
        let passed: Vec<_> = rows().into_iter().filter_map(|row| gate.admit(row)).collect();
        let texts: Vec<_> = passed.iter().map(|row| row.text()).collect();
        assert_eq!((texts, gate.held()), (vec!["other", "The kettle sings"], 4), "{purpose:?}");
        assert!(matches!(gate.why(), Some(Held::Text(part)) if part.contains("of moods")), "{gate:?}");
    }
    let mut gate = guard.gate(Purpose::Measuring);
    assert_eq!(rows().into_iter().filter_map(|row| gate.admit(row)).count(), 6);
}

#[test]
fn a_copy_anywhere_in_the_project_is_known() {
    let folder = tempfile::tempdir().unwrap();
    let data = frozen(folder.path());
    std::fs::create_dir_all(folder.path().join("configs/deep")).unwrap();
    let copy = folder.path().join("configs/deep/copy.csv");
    let held = || {
        let guard = Guard::of(&[&copy]).unwrap();
        let mut gate = guard.gate(Purpose::Mix);
        gate.admit("The kettle sings again");
        gate.held()
    };
    assert_eq!(held(), 0, "nobody has told the project yet");
    let part = concerning_one(&data);
    let at = register(&data, Some(&part)).unwrap().unwrap();
    assert!(at.starts_with(folder.path().join(".emogrid/frozen")), "{at:?}");
    assert_eq!(held(), 1);
    // Beside its own file it is known once.
    assert_eq!(Guard::of(&[data.join("train.jsonl")]).unwrap().parts(), 1);
    register(&data, None).unwrap();
    assert_eq!(held(), 0);
    assert!(register(Path::new("/nowhere/at/all"), Some(&part)).unwrap().is_none());
}

fn concerning_one(data: &Path) -> Frozen {
    frozen::concerning(&[data.join("x")]).unwrap().remove(0).frozen
}

#[test]
fn a_changed_test_part_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let data = frozen(folder.path());
    let test = data.join("test.jsonl");
    let guard = Guard::of(&[&test]).unwrap();
    guard.unchanged(&test).unwrap();
    guard.unchanged(&data.join("train.jsonl")).unwrap();
    std::fs::write(&test, "{ }").unwrap();
    assert!(matches!(guard.unchanged(&test), Err(GuardError::Changed { .. })));
}

#[test]
fn manifests_of_others_do_not_matter_and_damaged_ones_do() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("manifest.json");
    let open = || Guard::of(&[folder.path().join("rows.csv")]);
    for text in ["{\"name\": \"a web app\"}", "no JSON", ""] {
        std::fs::write(&path, text).unwrap();
        assert_eq!(open().unwrap().parts(), 0, "{text}");
    }
    for text in [
        format!("{{\"format\": \"{FORMAT}\", \"test\": {{"),
        format!("{{\"format\": \"{FORMAT}\", \"test\": 3}}"),
    ] {
        std::fs::write(&path, text).unwrap();
        assert!(matches!(open(), Err(GuardError::Damaged { .. })));
    }
}

#[test]
fn texts_can_be_held_without_being_frozen() {
    let guard = Guard::default().also("the test part", ["So  good", "été", "ﬁne"]);
    let mut gate = guard.gate(Purpose::Training);
    for text in ["so good", "E\u{301}TE\u{301}", "Fine", " SO\u{a0}GOOD\n"] {
        assert!(gate.admit(text).is_none(), "{text}");
    }
    for text in ["not so good", "bad"] {
        assert!(gate.admit(text).is_some(), "{text}");
    }
    assert_eq!(gate.why(), Some(&Held::Text("the test part".into())));
    assert_eq!(guard.hash(), None);
}
