use super::tensor::block;
use super::*;

/// Writes GGUF bytes: only what the cases below need.
#[derive(Clone, Default)]
struct Builder {
    pairs: Vec<Vec<u8>>,
    tensors: Vec<Vec<u8>>,
    end: u64,
}

fn string(text: &str) -> Vec<u8> {
    let mut bytes = (text.len() as u64).to_le_bytes().to_vec();
    bytes.extend(text.as_bytes());
    bytes
}

impl Builder {
    fn pair(mut self, key: &str, kind: u32, value: &[u8]) -> Self {
        self.pairs.push([&string(key), &kind.to_le_bytes()[..], value].concat());
        self
    }

    fn text(self, key: &str, value: &str) -> Self {
        self.pair(key, STRING, &string(value))
    }

    fn number(self, key: &str, value: u32) -> Self {
        self.pair(key, UINT32, &value.to_le_bytes())
    }

    fn array(self, key: &str, kind: u32, length: u64, items: &[u8]) -> Self {
        self.pair(key, ARRAY, &[&kind.to_le_bytes()[..], &length.to_le_bytes(), items].concat())
    }

    fn split(self, number: u16, count: u16) -> Self {
        self.pair("split.no", UINT16, &number.to_le_bytes()).pair("split.count", UINT16, &count.to_le_bytes())
    }

    fn tensor(mut self, name: &str, kind: u32, shape: &[u64]) -> Self {
        let mut bytes = string(name);
        bytes.extend(u32::try_from(shape.len()).expect("few").to_le_bytes());
        bytes.extend(shape.iter().flat_map(|n| n.to_le_bytes()));
        bytes.extend(kind.to_le_bytes());
        bytes.extend(self.end.to_le_bytes());
        self.tensors.push(bytes);
        if let Some((values, size)) = block(kind) {
            let length = shape.iter().copied().fold(1_u64, u64::saturating_mul) / values;
            let padded = length.saturating_mul(size).checked_next_multiple_of(32);
            self.end = self.end.saturating_add(padded.unwrap_or(u64::MAX));
        }
        self
    }

    fn bytes(&self) -> Vec<u8> {
        let mut bytes = b"GGUF\x03\0\0\0".to_vec();
        bytes.extend((self.tensors.len() as u64).to_le_bytes());
        bytes.extend((self.pairs.len() as u64).to_le_bytes());
        bytes.extend(self.pairs.concat());
        bytes.extend(self.tensors.concat());
        bytes
    }
}

fn good() -> Builder {
    Builder::default()
        .text("general.architecture", "llama")
        .pair("some.flag", 7, &[1])
        .pair("some.double", 12, &[0; 8])
        .array("some.floats", 6, 3, &[0; 12])
        .number("general.file_type", 15)
        .number("other.vocab_size", 9)
        .number("llama.vocab_size", 7)
        .array("tokenizer.ggml.tokens", STRING, 2, &[string("a"), string("\u{e9}")].concat())
        .text("tokenizer.chat_template", "{{ messages }}")
        .tensor("token_embd.weight", 12, &[256, 3])
        .tensor("blk.0.norm", 0, &[5])
        .tensor("blk.10.norm", 3, &[32, 2, 2])
}

fn summary(bytes: &[u8]) -> Result<GgufSummary, GgufError> {
    Header::read(&mut &bytes[..])
        .and_then(Header::summarise)
        .map_err(|failure| failure.at(Path::new("m.gguf")))
}

fn reason(bytes: &[u8]) -> String {
    summary(bytes).expect_err("refused").to_string()
}

#[test]
fn says_what_the_server_would() {
    let found = summary(&good().bytes()).expect("readable");
    assert_eq!(
        found,
        GgufSummary {
            parameters: 768 + 5 + 128,
            size: 3 * 144 + 20 + 4 * 20,
            vocabulary: 2,
            quantisation: Some("Q4_K - Medium".into()),
            chat_template: Some("{{ messages }}".into()),
            architecture: "llama".into(),
        }
    );
}

#[test]
fn does_not_read_past_the_header() {
    let header = good().bytes();
    let mut bytes = header.clone();
    bytes.extend([7; 100]);
    let mut rest = &bytes[..];
    assert!(Header::read(&mut rest).is_ok());
    assert_eq!(rest.len(), 100);
}

#[test]
fn every_truncation_is_an_error() {
    let bytes = good().bytes();
    for length in 0..bytes.len() {
        assert!(reason(&bytes[..length]).contains("ends in the middle"), "cut at {length}");
    }
}

#[test]
fn no_single_changed_byte_panics() {
    let bytes = good().bytes();
    for place in 0..bytes.len() {
        for value in [0, 1, 0x7f, 0x80, 0xff] {
            let mut bytes = bytes.clone();
            bytes[place] = value;
            let _ = summary(&bytes);
        }
    }
}

#[test]
fn hostile_lengths_are_refused() {
    let huge = u64::MAX.to_le_bytes();
    let base = || Builder::default().text("general.architecture", "llama");
    let cases = [
        ("key", b"GGUF\x03\0\0\0\0\0\0\0\0\0\0\0\x01\0\0\0\0\0\0\0\xff\xff\xff\xff\xff\xff\xff\xff".to_vec()),
        ("template", base().pair("tokenizer.chat_template", STRING, &huge).bytes()),
        ("skipped string", base().pair("x", STRING, &huge).bytes()),
        ("strings", base().array("x", STRING, u64::MAX, &[]).bytes()),
        ("tokens", base().array("tokenizer.ggml.tokens", STRING, u64::MAX, &[]).bytes()),
        ("numbers", base().array("x", 10, u64::MAX, &[]).bytes()),
        ("bytes", base().array("x", 0, u64::MAX, &[]).bytes()),
        ("nested", base().array("x", ARRAY, 1, &[0; 64]).bytes()),
        ("unknown array", base().array("x", 99, 1, &[0; 64]).bytes()),
        ("unknown value", base().pair("x", 99, &[0; 64]).bytes()),
        ("elements", base().tensor("t", 0, &[u64::MAX, u64::MAX]).bytes()),
        ("bytes of elements", base().tensor("t", 27, &[1 << 62]).bytes()),
        (
            "sum",
            base().tensor("t", 0, &[1 << 61]).tensor("u", 0, &[1 << 61]).tensor("v", 0, &[1 << 61]).bytes(),
        ),
        ("row", base().tensor("t", 12, &[255]).bytes()),
        ("tensor type", base().tensor("t", 4, &[32]).bytes()),
        ("dimensions", base().tensor("t", 0, &[1; 5]).bytes()),
        ("alignment", base().number("general.alignment", 0).bytes()),
        ("no architecture", Builder::default().bytes()),
    ];
    for (what, bytes) in cases {
        assert!(summary(&bytes).is_err(), "{what}");
    }
    for (place, count) in [(8, u64::MAX), (16, u64::MAX), (8, MAX_TENSORS + 1), (16, MAX_PAIRS + 1)] {
        let mut bytes = good().bytes();
        bytes[place..place + 8].copy_from_slice(&count.to_le_bytes());
        assert!(reason(&bytes).contains("it claims"));
    }
}

#[test]
fn strangers_are_named() {
    assert!(reason(b"<html><head>").contains("does not begin with GGUF"));
    assert!(reason(b"GGUF\x01\0\0\0").contains("version is 1"));
    assert!(reason(b"GGUF\0\0\0\x03").contains("byte order"));
    assert!(reason(&Builder::default().pair("\u{0}", STRING, &string("x")).bytes()).contains("architecture"));
    let mut latin = good().bytes();
    let place = latin.windows(5).position(|part| part == b"llama").expect("there");
    latin[place] = 0xff;
    assert!(reason(&latin).contains("UTF-8"));
}

#[test]
fn offsets_betray_a_type_of_another_size() {
    let mut builder = good();
    builder.end += 32;
    assert!(reason(&builder.tensor("late", 0, &[1]).bytes()).contains("not where"));
}

#[test]
fn vocabulary_size_stands_in_for_a_missing_vocabulary() {
    let builder = Builder::default().number("bert.vocab_size", 7).text("general.architecture", "bert");
    assert_eq!(summary(&builder.bytes()).expect("readable").vocabulary, 7);
}

#[test]
fn file_type_is_guessed_as_llama_cpp_does() {
    let guess = |builder: Builder| summary(&builder.bytes()).expect("readable").quantisation;
    let base = Builder::default().text("general.architecture", "llama");
    assert_eq!(guess(base.clone()).as_deref(), Some("(guessed) all F32"));
    // A tie goes to the type that comes first by layer number, where 10 is after 9.
    let tie = base.clone().tensor("blk.10.a", 8, &[32]).tensor("blk.9.b", 14, &[256]);
    assert_eq!(guess(tie).as_deref(), Some("(guessed) Q6_K"));
    let most = base.clone().tensor("a", 0, &[1]).tensor("b", 1, &[1]).tensor("c", 1, &[1]);
    assert_eq!(guess(most).as_deref(), Some("(guessed) F16"));
    assert_eq!(guess(base.number("general.file_type", 999)), None);
}

#[test]
fn parts_of_a_split_model_are_summed() {
    let folder = std::env::temp_dir().join(format!("emogrid-gguf-{}", std::process::id()));
    std::fs::create_dir_all(&folder).expect("folder");
    let first = folder.join("m-00001-of-00002.gguf");
    let second = folder.join("m-00002-of-00002.gguf");
    std::fs::write(&first, good().split(0, 2).bytes()).expect("written");
    assert!(matches!(read_summary(&first), Err(GgufError::Io { path, .. }) if path == second));
    let part = |number| Builder::default().split(number, 2).tensor("blk.11.norm", 0, &[5]);
    std::fs::write(&second, part(1).bytes()).expect("written");
    let whole = read_summary(&first).expect("readable");
    assert_eq!((whole.parameters, whole.size), (768 + 5 + 128 + 5, 3 * 144 + 20 + 4 * 20 + 20));
    assert!(read_summary(&second).expect_err("refused").to_string().contains("name the first part"));
    std::fs::write(&second, part(0).bytes()).expect("written");
    assert!(read_summary(&first).expect_err("refused").to_string().contains("not part 1 of 2"));
    let renamed = folder.join("m.gguf");
    std::fs::rename(&first, &renamed).expect("renamed");
    assert!(read_summary(&renamed).expect_err("refused").to_string().contains("one part of several"));
    std::fs::remove_dir_all(&folder).expect("removed");
}
