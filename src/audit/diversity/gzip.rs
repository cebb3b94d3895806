//! How much smaller texts are when they are packed.

use flate2::{Compress, Compression, FlushCompress, Status};

/// Bytes of a gzip file beside what is packed: its header without a name, and the checksum.
const AROUND: u64 = 18;

/// Packs texts; its tables, which are larger than most samples, are made once.
pub struct Gzip {
    deflate: Compress,
    plain: Vec<u8>,
    packed: Vec<u8>,
}

impl Default for Gzip {
    fn default() -> Self {
        Self { deflate: Compress::new(Compression::new(6), false), plain: Vec::new(), packed: Vec::new() }
    }
}

impl Gzip {
    /// Bytes of the texts, a line each, by bytes of the same in gzip at level 6 (Shaib et al., 2024).
    pub fn ratio<'t>(&mut self, texts: impl Iterator<Item = &'t str>) -> f64 {
        self.plain.clear();
        for (at, text) in texts.enumerate() {
            if at > 0 {
                self.plain.push(b'\n');
            }
            self.plain.extend_from_slice(text.as_bytes());
        }
        self.deflate.reset();
        loop {
            self.packed.clear();
            self.packed.reserve(self.plain.len() + 1024);
            let rest = &self.plain[self.deflate.total_in() as usize..];
            match self.deflate.compress_vec(rest, &mut self.packed, FlushCompress::Finish) {
                Ok(Status::Ok) => {}
                // It is at its end: packing in memory does not fail.
                _ => break,
            }
        }
        self.plain.len() as f64 / (AROUND + self.deflate.total_out()) as f64
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use flate2::write::GzEncoder;

    use super::*;

    #[test]
    fn it_is_the_size_of_a_gzip_file() {
        let mut gzip = Gzip::default();
        let noise = |from: u64| -> String {
            (0..300_000u64)
                .map(|n| char::from(b' ' + (crate::model::random::mix(from + n) % 94) as u8))
                .collect()
        };
        let some = ["", "a", "the bus was late and so was I", &noise(1), &"copies ".repeat(9_000), &noise(7)];
        for count in 0..=some.len() {
            let mut file = GzEncoder::new(Vec::new(), Compression::new(6));
            let plain = some[..count].join("\n");
            file.write_all(plain.as_bytes()).unwrap();
            let packed = file.finish().unwrap();
            let wanted = plain.len() as f64 / packed.len() as f64;
            assert_eq!(gzip.ratio(some[..count].iter().copied()), wanted, "{count}");
        }
    }

    #[test]
    fn copies_compress() {
        let text = "the bus was late and so was I";
        assert!(Gzip::default().ratio(std::iter::repeat_n(text, 100)) > 20.0);
        assert!(Gzip::default().ratio(std::iter::once(text)) < 2.0);
    }
}
