//! What prompts begin with, in short.

/// Into so many parts a prompt is cut to see what it shares with others.
const PARTS: usize = 48;

/// A prompt's beginnings, each as a short hash: prompts that share the first of these share as much
/// of their text, so that sorting puts those together that share most. Bytes are compared many at a time.
pub type PrefixKey = [u8; 2 * PARTS];

/// The key of a prompt whose parts are `step` bytes long.
pub fn prefix_key(text: &[&[u8]], step: usize) -> PrefixKey {
    let mut key = [0; 2 * PARTS];
    // A collision only costs a little order.
    let mut hash: u64 = 0xcbf2_9ce4_8422_2325;
    let (mut part, mut left) = (0, step);
    for mut rest in text.iter().copied() {
        while !rest.is_empty() {
            let (now, later) = rest.split_at(left.min(rest.len()));
            hash = mixed(hash, now);
            rest = later;
            left -= now.len();
            if left == 0 {
                put(&mut key, part, hash);
                (part, left) = (part + 1, step);
                if part == PARTS {
                    return key;
                }
            }
        }
    }
    put(&mut key, part, hash);
    key
}

fn put(key: &mut PrefixKey, part: usize, hash: u64) {
    key[2 * part..2 * part + 2].copy_from_slice(&(hash as u16).to_be_bytes());
}

/// How long the parts are that prompts like this one are cut into, in bytes.
pub fn step_of(text: &[&[u8]]) -> usize {
    let length: usize = text.iter().map(|part| part.len()).sum();
    (length / (PARTS - 8)).max(8)
}

/// A hash with further bytes, eight at a time.
fn mixed(mut hash: u64, bytes: &[u8]) -> u64 {
    let mut mix = |word: u64| {
        let wide = u128::from(hash ^ word) * 0x9e37_79b9_7f4a_7c15;
        hash = wide as u64 ^ (wide >> 64) as u64;
    };
    let (words, rest) = bytes.as_chunks::<8>();
    words.iter().for_each(|word| mix(u64::from_le_bytes(*word)));
    let mut last = [0; 8];
    last[..rest.len()].copy_from_slice(rest);
    if !rest.is_empty() {
        mix(u64::from_le_bytes(last));
    }
    hash
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sorting_puts_those_together_that_share_most() {
        let stable = "Write a short post. ".repeat(20);
        let mut prompts: Vec<String> = Vec::new();
        for outer in ["joy", "anger", "fear"] {
            for inner in ["work", "home", "school", "money"] {
                prompts.push(format!("{stable}{outer} {} then {inner}", "and more of it ".repeat(10)));
            }
        }
        // Out of order: inner first.
        prompts.sort_by_key(|prompt| prompt.split(' ').next_back().map(str::to_owned));
        prompts.sort_by_cached_key(|prompt| prefix_key(&[prompt.as_bytes()], 16));
        let outer = |prompt: &String| prompt[stable.len()..].split(' ').next().unwrap().to_owned();
        let changes = prompts.windows(2).filter(|pair| outer(&pair[0]) != outer(&pair[1])).count();
        assert_eq!(changes, 2, "{prompts:?}");
    }
}
