//! What a llama.cpp server is working on.

use std::time::Duration;

use serde::Deserialize;

use super::http::Client;

#[derive(Deserialize)]
struct Slot {
    id: i64,
    #[serde(default)]
    is_processing: bool,
}

/// How often the server is asked, from the first time on.
const FIRST: Duration = Duration::from_millis(100);
const LAST: Duration = Duration::from_secs(2);

impl Client {
    /// Waits until a slot works on nothing: one whose request was given up may go on for a while. With
    /// no number, until any slot is free. At most for so long, and not at all where the server does not
    /// tell.
    pub async fn until_idle(&self, slot: Option<usize>, at_most: Duration) {
        let idle = async {
            let mut pause = FIRST;
            while let Ok(page) = self.get("/slots", Duration::from_secs(10)).await
                && is_busy(&page, slot)
            {
                tokio::time::sleep(pause).await;
                pause = (pause * 2).min(LAST);
            }
        };
        // One that never ends is left to the next request's timeout.
        let _ = tokio::time::timeout(at_most, idle).await;
    }
}

/// Whether `/slots` says that a slot works, or where none is named that all do.
fn is_busy(page: &str, slot: Option<usize>) -> bool {
    let slots: Vec<Slot> = serde_json::from_str(page).unwrap_or_default();
    match slot {
        Some(wanted) => slots.iter().any(|slot| slot.id == wanted as i64 && slot.is_processing),
        None => !slots.is_empty() && slots.iter().all(|slot| slot.is_processing),
    }
}

#[cfg(test)]
mod tests {
    use super::is_busy;

    #[test]
    fn a_slot_is_busy_where_the_server_says_so() {
        let page = r#"[{"id":0,"is_processing":true,"n_ctx":2048},{"id":1,"is_processing":false}]"#;
        let all = r#"[{"id":0,"is_processing":true},{"id":1,"is_processing":true}]"#;
        for (page, slot, busy) in [
            (page, Some(0), true),
            (page, Some(1), false),
            (page, Some(7), false),
            (page, None, false),
            (all, None, true),
            ("[]", None, false),
            (r#"{"error":{"code":501,"message":"not supported"}}"#, Some(0), false),
            ("", None, false),
        ] {
            assert_eq!(is_busy(page, slot), busy, "{page} {slot:?}");
        }
    }
}
