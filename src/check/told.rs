//! How likely a server says that each label was, where it tells the probabilities of tokens.

use serde::Deserialize;

/// An answer's tokens, each with the likeliest in its place, as OpenAI's API tells them.
#[derive(Debug, Default, Deserialize)]
pub struct Tokens {
    #[serde(default)]
    pub content: Option<Vec<Token>>,
}

#[derive(Debug, Deserialize)]
pub struct Token {
    token: String,
    #[serde(default)]
    top_logprobs: Vec<Candidate>,
}

#[derive(Debug, Deserialize)]
struct Candidate {
    token: String,
    logprob: f64,
}

/// Each label's log-probability, at the first token that decides between labels; `begun` gives what an answer has said
/// of a label by then, behind its opening quote. A label that is not among the tokens told has the log-probability of
/// the least likely one told.
pub fn scores(labels: &[String], tokens: &[Token], begun: impl Fn(&str) -> Option<&str>) -> Option<Vec<f32>> {
    let mut before = String::new();
    for token in tokens {
        let mut sums = vec![0f64; labels.len()];
        let mut least = f64::INFINITY;
        for candidate in &token.top_logprobs {
            least = least.min(candidate.logprob);
            let whole = format!("{before}{}", candidate.token);
            let Some(begun) = begun(&whole).filter(|begun| !begun.is_empty()) else { continue };
            let fits = |label: &usize| {
                let closed = format!("{}\"", labels[*label]);
                // A token may close more than the label.
                closed.starts_with(begun) || begun.starts_with(&closed)
            };
            let mut fitting = (0..labels.len()).filter(fits);
            // What could still be several labels decides nothing.
            if let (Some(label), None) = (fitting.next(), fitting.next()) {
                sums[label] += candidate.logprob.exp();
            }
        }
        if sums.iter().any(|sum| *sum > 0.0) {
            let score = |sum: &f64| if *sum > 0.0 { sum.ln() } else { least };
            return Some(sums.iter().map(|sum| score(sum) as f32).collect());
        }
        before.push_str(&token.token);
    }
    None
}

/// Log-probabilities as parts of one whole.
pub fn parts(scores: &[f32]) -> Vec<f32> {
    let most = scores.iter().copied().fold(f32::MIN, f32::max);
    let exp: Vec<f32> = scores.iter().map(|score| (score - most).exp()).collect();
    let sum: f32 = exp.iter().sum();
    exp.into_iter().map(|part| part / sum).collect()
}

/// What `{"label": "jo` has said of a label: `jo`. Servers take off a fence before it (```` ```json ````) that stands
/// among the tokens.
pub fn of_label_field(said: &str) -> Option<&str> {
    let rest = said[said.find('{')?..].strip_prefix('{')?.trim_start().strip_prefix("\"label\"")?;
    rest.trim_start().strip_prefix(':')?.trim_start().strip_prefix('"')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_said_of_a_label_is_found_behind_a_fence_too() {
        for (said, of) in [
            ("{\"label\": \"jo", Some("jo")),
            ("```json\n{\n  \"label\":\"", Some("")),
            ("{\"label\": ", None),
            ("{\"other\": \"jo", None),
            ("\"jo", None),
        ] {
            assert_eq!(of_label_field(said), of, "{said}");
        }
    }
}
