//! Files that are no table as they are, by how they begin.

/// What a file is that has to be made a table first, and how that is done; `None` of what may be one.
pub fn foreign(head: &[u8]) -> Option<&'static str> {
    const KINDS: [(&[u8], &str); 8] = [
        (b"\x1f\x8b", "compressed with gzip; unpack it first, as `gunzip` does"),
        (b"PK\x03\x04", "a ZIP archive or a spreadsheet; unpack it, or save its sheet as CSV"),
        (b"\x28\xb5\x2f\xfd", "compressed with Zstandard; unpack it first, as `unzstd` does"),
        (b"\xfd7zXZ\0", "compressed with XZ; unpack it first, as `unxz` does"),
        (b"ARROW1\0", "an Arrow file; save it as Parquet"),
        (b"SQLite format 3\0", "a database of SQLite; write the table out as CSV"),
        (b"\xff\xfe", UTF_16),
        (b"\xfe\xff", UTF_16),
    ];
    let known = KINDS.iter().find(|(begin, _)| head.starts_with(begin)).map(|(_, what)| *what);
    // Every other byte of such a text is one.
    known.or_else(|| {
        head.contains(&0).then_some("no text of UTF-8, which has no zero bytes; save the file as UTF-8")
    })
}

const UTF_16: &str = "UTF-16; save the file as UTF-8, or write it anew with `iconv -f UTF-16 -t UTF-8`";

/// What stands between the columns of a CSV, by its first line: semicolons and tabs where there is no comma, as
/// spreadsheets write them where a comma is for decimals.
pub fn delimiter(line: &[u8]) -> u8 {
    let mut quoted = false;
    let mut found = [false; 3];
    for byte in line.iter().take_while(|byte| !matches!(byte, b'\n' | b'\r')) {
        quoted ^= *byte == b'"';
        if let Some(at) = b",;\t".iter().position(|of| of == byte).filter(|_| !quoted) {
            found[at] = true;
        }
    }
    match found {
        [false, true, _] => b';',
        [false, false, true] => b'\t',
        _ => b',',
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_parted_by_what_the_first_line_has() {
        for (line, expected) in [
            ("text,label\n", b','),
            ("text;label\r\n", b';'),
            ("text\tlabel\n", b'\t'),
            ("\"a,b\";label\n", b';'),
            ("text;more,label\n", b','),
            ("text;tab\there\n", b';'),
            ("text\nhe;she\n", b','),
            ("", b','),
        ] {
            assert_eq!(delimiter(line.as_bytes()), expected, "{line:?}");
        }
    }
}
