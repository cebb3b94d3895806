//! What asks for the names in a text: in a run about texts that would be rows, and outside of one.

use std::convert::Infallible;

use serde_json::{Value, json};

use crate::check::second::MOST_NAMES;
use crate::config::resolved::Sampling;
use crate::fingerprint::{Ask, Frame, Identity, Messages, Room};
use crate::model::Fingerprint;

/// What the model is told.
const SYSTEM: &str = include_str!("looking.txt");

/// Tokens that the names of a text may take.
pub const MAX_TOKENS: u32 = 128;

/// At temperature 0 it means nothing, and is sent like any other.
pub const SEED: u32 = 7;

/// What all such requests to a model share.
pub fn frame(model: &Identity) -> Frame {
    Frame::about("names", &Sampling::likeliest(MAX_TOKENS), &schema(), model)
}

fn schema() -> Value {
    json!({
        "type": "object",
        "properties": {
            "names": { "type": "array", "items": { "type": "string" }, "maxItems": MOST_NAMES },
        },
        "required": ["names"],
        "additionalProperties": false,
    })
}

/// The messages that ask for the names in a text.
pub fn messages(text: &str) -> [(&'static str, String); 2] {
    [("system", SYSTEM.trim().to_owned()), ("user", format!("Text: {text}"))]
}

fn write(text: &str, to: &mut Messages) -> Result<(), Infallible> {
    to.add("system", SYSTEM.trim());
    to.add("user", &["Text: ", text].concat());
    Ok(())
}

/// The fingerprint of the request about a text; the room is used for its text.
pub fn fingerprint(frame: &Frame, text: &str, room: &mut Room) -> Fingerprint {
    let Ok(fingerprint) = frame.fingerprint(SEED, room, |messages| write(text, messages));
    fingerprint
}

/// The same request, ready to be sent; for one token only where that will do.
pub fn ask(frame: &Frame, text: &str, probe: bool) -> Ask {
    let Ok(ask) = match probe {
        true => frame.probe(SEED, |messages| write(text, messages)),
        false => frame.ask(SEED, |messages| write(text, messages)),
    };
    ask
}
