use super::*;

fn read(format: Option<Format>, layout: Layout, bytes: &'static [u8]) -> Result<Vec<Row>, String> {
    Reader::new(Path::new("t"), Box::new(bytes), &Layout { format, ..layout })
        .and_then(Iterator::collect)
        .map_err(|error: TableError| error.to_string())
}

#[test]
fn the_three_forms_say_the_same() {
    let jsonl = "\u{feff}{\"id\": 7, \"text\": \"so \\\"it\\\"\"}\n\n{\"id\": \"b\", \"text\": \"\"}\r\n";
    let csv = "id,text\r\n7,\"so \"\"it\"\"\"\nb,\n";
    let tsv = "id\ttext\n7\tso \"it\"\nb\t\n";
    for (format, table) in [(Format::Jsonl, jsonl), (Format::Csv, csv), (Format::Tsv, tsv)] {
        for format in [Some(format), None] {
            let rows = read(format, Layout::default(), table.as_bytes()).unwrap();
            let rows: Vec<_> = rows.iter().map(|row| (row.id.as_str(), row.text.as_str())).collect();
            assert_eq!(rows, [("7", "so \"it\""), ("b", "")], "{format:?}");
        }
    }
}

#[test]
fn a_row_knows_its_line_and_keeps_its_columns() {
    let rows = read(Some(Format::Csv), Layout::default(), b"text,mood\n\"two\nlines\",dry\nx,wet\n").unwrap();
    assert_eq!(rows.iter().map(|row| row.line).collect::<Vec<_>>(), [2, 4]);
    assert_eq!(rows.iter().map(|row| row.id.as_str()).collect::<Vec<_>>(), ["1", "2"]);
    assert_eq!(rows[1].column("mood"), "wet");
    assert_eq!(rows[1].column("none"), "");
}

#[test]
fn columns_can_be_named_and_chosen() {
    let layout = Layout {
        columns: Some(vec!["said".into(), "labels".into(), "key".into()]),
        text: Some("said".into()),
        id: Some("key".into()),
        ..Layout::default()
    };
    let rows = read(Some(Format::Tsv), layout, b"\"so\t1,2\tk1\n").unwrap();
    assert_eq!((rows[0].text.as_str(), rows[0].id.as_str()), ("\"so", "k1"));
    assert_eq!(rows[0].column("labels"), "1,2");
}

#[test]
fn rows_are_told_by_the_lines_that_they_begin_on() {
    let text = "text,b\none,1\n\"two\nlines\",2\n\n\nsix,3\nseven,4";
    for text in [text.to_owned(), text.replace('\n', "\r\n"), format!("{text}\n"), format!("{text}\r\n")] {
        let rows = read(Some(Format::Csv), Layout::default(), text.leak().as_bytes()).unwrap();
        let lines: Vec<u64> = rows.iter().map(|row| row.line).collect();
        assert_eq!(lines, [2, 3, 7, 8]);
    }
}

#[test]
fn what_cannot_be_read_is_told_with_its_line() {
    let with_id = || Layout { id: Some("key".into()), ..Layout::default() };
    for (format, layout, bytes, says) in [
        (
            Format::Jsonl,
            Layout::default(),
            &b"{\"text\": \"a\"}\n{\"text\": 3}"[..],
            "t:2: `text` is a number",
        ),
        (
            Format::Jsonl,
            Layout::default(),
            b"{\"txt\": \"a\"}",
            "t:1: there is no column `text`, only `txt`; did you mean `txt`?",
        ),
        (Format::Jsonl, Layout::default(), b"{}", "t:1: there is no column `text`, nor any other"),
        (Format::Csv, Layout::default(), b"text,b\n1,2\n\"a\"b,3\n", "t:3: text after a closing quote"),
        (Format::Csv, Layout::default(), b"text,b\n\n\"one,2\nx,y\n", "t:3: a quoted text begins here"),
        (Format::Csv, Layout::default(), b"text,\"b\n", "t:1: a quoted text begins here"),
        (
            Format::Csv,
            Layout::default(),
            b"text,b,text\n",
            "t:1: the header: columns 1 and 3 are both `text`; give each",
        ),
        (
            Format::Tsv,
            Layout { columns: Some(vec!["text".into(), String::new(), String::new()]), ..Layout::default() },
            b"",
            "t: `--columns`: columns 2 and 3 have no name",
        ),
        (
            Format::Jsonl,
            Layout::default(),
            b"{\"text\": \"a\", \"n\": NaN}",
            "t:1: not JSON, in column 20: expected value; JSON has no `NaN`",
        ),
        (
            Format::Tsv,
            Layout { columns: Some(vec!["text".into(), "text".into()]), ..Layout::default() },
            b"",
            "t: `--columns`: columns 1 and 2 are both `text`",
        ),
        (Format::Jsonl, Layout::default(), b"\n[1]", "t:2: expected a JSON object, found a list"),
        (Format::Jsonl, Layout::default(), b"{\"text\": ", "t:1: not JSON, in column"),
        (
            Format::Jsonl,
            Layout::default(),
            b"{\"text\": \"a\"}\n{\"text\": \"a\", \"n\": 1, \"n\": 1}",
            "t:2: two columns are both `n`",
        ),
        (Format::Jsonl, Layout::default(), b"{\"text\": \"\xff\"}", "t:1: not UTF-8"),
        (Format::Jsonl, with_id(), b"{\"text\": \"a\"}", "t:1: there is no column `key`, only `text`"),
        (Format::Csv, Layout::default(), b"a,b\n1,2\n", "t: there is no column `text`, only `a`, `b`"),
        (Format::Csv, with_id(), b"text,b\n1,2\n", "t: there is no column `key`"),
        (Format::Csv, Layout::default(), b"text,b\n1,2\n3\n", "t:3: 1 column; expected 2"),
        (Format::Csv, Layout::default(), b"text,b\n1,\xff\n", "t:2: not UTF-8"),
    ] {
        let error = read(Some(format), layout, bytes).unwrap_err();
        assert!(error.starts_with(says), "{error}");
    }
}

/// Lines of a megabyte that people never write.
#[test]
fn a_line_of_a_megabyte_is_a_row_like_others() {
    let begun = std::time::Instant::now();
    for piece in [
        "a",
        "word ",
        "nobody",
        "\u{202e}x\u{202c}",
        "\u{301}",
        "\u{200b}",
        "😭",
        "\\\"",
        "''",
        "{[",
        "\u{7f}",
    ] {
        let text = piece.repeat((1 << 20) / piece.len());
        let json = serde_json::json!({ "text": text }).to_string() + "\n{\"text\": \"next\"}\n";
        let csv = format!("text\n\"{}\"\nnext\n", text.replace('"', "\"\""));
        let tsv = format!("text\n{text}\nnext\n");
        for (format, table) in [(Format::Jsonl, json), (Format::Csv, csv), (Format::Tsv, tsv)] {
            let rows = read(Some(format), Layout::default(), table.clone().leak().as_bytes()).unwrap();
            let texts: Vec<&str> = rows.iter().map(|row| row.text.as_str()).collect();
            assert!(texts == [text.as_str(), "next"], "{piece:?} as {format:?}");
        }
    }
    assert!(begun.elapsed().as_secs() < 120);
}

#[test]
fn a_megabyte_of_what_is_no_row_is_told_in_a_line() {
    let begun = std::time::Instant::now();
    let keys: String = (0..60_000).map(|n| format!("\"key{n}\": 1, ")).collect();
    let names: String = (0..60_000).map(|n| format!("column{n},")).collect();
    for (format, table) in [
        (Format::Jsonl, "[".repeat(1 << 20)),
        (Format::Jsonl, "{\"a\":".repeat(1 << 17)),
        (Format::Jsonl, "\"".repeat(1 << 20)),
        (Format::Jsonl, format!("{{{keys}\"last\": 1}}")),
        (Format::Jsonl, format!("{{\"{}\": 1}}", "k".repeat(1 << 20))),
        (Format::Csv, names.clone()),
        (Format::Csv, "\"".repeat(1 << 20)),
        (Format::Csv, format!("text\n{names}")),
        (Format::Tsv, "\t".repeat(1 << 20)),
    ] {
        let error = read(Some(format), Layout::default(), table.leak().as_bytes()).unwrap_err();
        assert!(error.starts_with("t:") && error.len() < 1500, "{format:?}: {}", error.len());
    }
    assert!(begun.elapsed().as_secs() < 120);
}

#[test]
fn ids_are_the_letters_of_the_table() {
    let table = b"{\"id\": 12345678901234567890123, \"text\": \"a\"}\n{\"id\": 1.10, \"text\": \"b\"}\n";
    let rows = read(None, Layout::default(), table).unwrap();
    assert_eq!([&*rows[0].id, &*rows[1].id], ["12345678901234567890123", "1.10"]);
}

#[test]
fn rows_before_a_wrong_quote_are_read() {
    let layout = Layout { format: Some(Format::Csv), ..Layout::default() };
    let mut reader = Reader::new(Path::new("t"), Box::new(&b"text\na\n\"b\nc\n"[..]), &layout).unwrap();
    assert_eq!(reader.next().unwrap().unwrap().text, "a");
    assert!(reader.next().unwrap().is_err());
}

#[test]
fn columns_without_a_name_are_called_as_pandas_calls_them() {
    let rows = read(Some(Format::Csv), Layout::default(), b"text,,\nso it is,,x\n").unwrap();
    assert_eq!(rows[0].fields.keys().collect::<Vec<_>>(), ["text", "Unnamed: 1", "Unnamed: 2"]);
    assert_eq!(rows[0].column("Unnamed: 2"), "x");
    // One alone is an index, and stays as it is.
    let rows = read(Some(Format::Csv), Layout::default(), b",text\n0,so it is\n").unwrap();
    assert_eq!(rows[0].fields.keys().collect::<Vec<_>>(), ["", "text"]);
}

#[test]
fn nothing_is_an_empty_table() {
    for format in [None, Some(Format::Jsonl), Some(Format::Csv), Some(Format::Tsv)] {
        assert_eq!(read(format, Layout::default(), b""), Ok(Vec::new()));
    }
}
