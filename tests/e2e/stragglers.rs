//! Requests that take far too long at the only server, which tells what it works on.

use std::time::{Duration, Instant};

use serde_json::json;

use crate::fake::{Fake, Model, Reply};
use crate::faults::{RUN, ms, rows};
use crate::project::{Project, Running};

/// What is lost on its way, such as a connection that a box between forgot, keeps a slot idle for no longer than one can
/// tell: at the end, and where its place is the only one.
#[test]
fn what_the_only_llama_server_does_not_work_on_is_broken_off() {
    for (slots, lost) in [(4, 39), (1, 20)] {
        let fake = Fake::start_at(0, Model { slots, ..Model::default() });
        fake.script(move |_, before| if before == lost { Reply::Lost } else { Reply::Good });
        let project = Project::wide(&fake.url(), 20, "");
        let began = Instant::now();
        let ran = Running::start(project.command(&RUN)).finish_within(Duration::from_secs(18));
        let ran = ran.exits(0).says("dropped: no answer in ").says("`/slots`");
        assert!(began.elapsed() > ms(5_000), "{:?}", began.elapsed());
        let summary = ran.json();
        assert_eq!((&summary["faults"], &summary["hedged"]), (&json!({ "dropped": 1 }), &json!(0)));
        assert_eq!((rows(&project), fake.piled()), (40, 0));
    }
}

/// What it works on is left to it, however long that takes, and is not sent a second time.
#[test]
fn what_the_only_llama_server_works_on_is_left_to_it() {
    let fake = Fake::start();
    fake.script(|_, before| match before {
        39 => Reply::Hang(ms(8_000)),
        _ => Reply::Good,
    });
    let project = Project::wide(&fake.url(), 20, "");
    let summary = Running::start(project.command(&RUN)).finish().exits(0).json();
    assert_eq!((&summary["faults"], fake.take_count()), (&json!({}), 40));
}
