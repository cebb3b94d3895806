//! What a llama.cpp server is working on.

use std::time::Duration;

use serde::Deserialize;

use super::http::Client;

#[derive(Deserialize)]
struct Slot {
    id: i64,
    /// Not told by very old ones.
    is_processing: Option<bool>,
}

/// How often the server is asked, from the first time on.
const FIRST: Duration = Duration::from_millis(100);
const LAST: Duration = Duration::from_secs(2);
/// How long it may take to say.
const SAYS: Duration = Duration::from_secs(10);
/// How long one look is after another: what has just been answered is on its way meanwhile, and what was just sent
/// has come.
const BETWEEN: Duration = Duration::from_secs(1);

impl Client {
    /// Waits until a slot works on nothing: one whose request was given up may go on for a while. With
    /// no number, until any slot is free. At most for so long, and not at all where the server does not
    /// tell.
    pub async fn until_idle(&self, slot: Option<usize>, at_most: Duration) {
        let idle = async {
            let mut pause = FIRST;
            while let Ok(page) = self.get("/slots", SAYS).await
                && is_busy(&page, slot)
            {
                tokio::time::sleep(pause).await;
                pause = (pause * 2).min(LAST);
            }
        };
        // One that never ends is left to the next request's timeout.
        let _ = tokio::time::timeout(at_most, idle).await;
    }

    /// Whether a slot works on nothing, at two looks running. With no number, whether none works on anything.
    /// `false` where the server does not tell.
    pub async fn is_idle(&self, slot: Option<usize>) -> bool {
        for is_second in [false, true] {
            if is_second {
                tokio::time::sleep(BETWEEN).await;
            }
            if !self.get("/slots", SAYS).await.is_ok_and(|page| is_idle(&page, slot)) {
                return false;
            }
        }
        true
    }
}

fn slots(page: &str) -> Vec<Slot> {
    serde_json::from_str(page).unwrap_or_default()
}

/// Whether `/slots` says that a slot works, or where none is named that all do.
fn is_busy(page: &str, slot: Option<usize>) -> bool {
    let works = |slot: &Slot| slot.is_processing == Some(true);
    let slots = slots(page);
    match slot {
        Some(wanted) => slots.iter().any(|slot| slot.id == wanted as i64 && works(slot)),
        None => !slots.is_empty() && slots.iter().all(works),
    }
}

/// Whether `/slots` says that a slot does not work, or where none is named that none does.
fn is_idle(page: &str, slot: Option<usize>) -> bool {
    let rests = |slot: &Slot| slot.is_processing == Some(false);
    let slots = slots(page);
    match slot {
        Some(wanted) => slots.iter().any(|slot| slot.id == wanted as i64 && rests(slot)),
        None => !slots.is_empty() && slots.iter().all(rests),
    }
}

#[cfg(test)]
mod tests {
    use super::{is_busy, is_idle};

    #[test]
    fn a_slot_is_busy_or_idle_where_the_server_says_so() {
        let page = r#"[{"id":0,"is_processing":true,"n_ctx":2048},{"id":1,"is_processing":false}]"#;
        let all = r#"[{"id":0,"is_processing":true},{"id":1,"is_processing":true}]"#;
        let none = r#"[{"id":0,"is_processing":false},{"id":1,"is_processing":false}]"#;
        for (page, slot, busy, idle) in [
            (page, Some(0), true, false),
            (page, Some(1), false, true),
            (page, Some(7), false, false),
            (page, None, false, false),
            (all, None, true, false),
            (none, None, false, true),
            ("[]", None, false, false),
            (r#"[{"id":0,"state":1}]"#, Some(0), false, false),
            (r#"{"error":{"code":501,"message":"not supported"}}"#, Some(0), false, false),
            ("", None, false, false),
        ] {
            assert_eq!((is_busy(page, slot), is_idle(page, slot)), (busy, idle), "{page} {slot:?}");
        }
    }
}
