//! Names of accounts without a sign, where the words before say so: `my insta is coffee_and_tears`.

use std::sync::OnceLock;

use super::category::Category;
use super::token::Gap;
use super::words::id_of;
use super::{Found, View};

/// Where people have accounts, and what their names there are called.
const PLACES: &str = "insta instagram ig snap snapchat discord twitter twt tiktok telegram kik psn xbox gamertag steam \
    twitch username usernames handle venmo cashapp reddit tumblr threads bluesky bsky mastodon github gitlab skype \
    wechat weixin roblox minecraft fortnite battletag riot valorant nintendo soundcloud spotify youtube yt onlyfans \
    facebook fb linkedin pinterest letterboxd goodreads duolingo strava lastfm ao3 wattpad deviantart vsco bereal depop \
    etsy ebay login";
/// May stand between them and the name.
const BETWEEN: &str = "is are was its it's name username user handle handles tag id account acc called as under at me add \
    new old now too also here's";

fn sets() -> &'static [Vec<u32>; 2] {
    static SETS: OnceLock<[Vec<u32>; 2]> = OnceLock::new();
    SETS.get_or_init(|| [PLACES, BETWEEN].map(|list| list.split_whitespace().map(id_of).collect()))
}

/// Adds every such name. Only words with a digit or an underscore are looked at, since others could be any word.
pub fn find(view: &View, found: &mut Vec<Found>) {
    let mut end = 0;
    for at in 1..view.tokens.len() {
        let token = &view.tokens[at];
        if !token.mixed || view.taken[at] || token.start < end {
            continue;
        }
        let (from, to) = around(view.text, token.start, token.end);
        let name = &view.text[from..to];
        let letters = name.bytes().filter(u8::is_ascii_alphabetic).count();
        let digits = name.bytes().filter(u8::is_ascii_digit).count();
        let joined = name.contains('_');
        if from < end
            || letters < 3
            || name.len() < 5
            || !(joined || digits >= 2 && name.as_bytes()[0].is_ascii_alphabetic())
        {
            continue;
        }
        let first = (0..=at).rev().find(|&at| view.tokens[at].start <= from).unwrap_or(at);
        if told(view, first, joined) {
            found.push(Found::new(from, to, Category::Handle));
            end = to;
        }
    }
}

/// The whole name around a word: full stops join its parts.
fn around(text: &str, start: usize, end: usize) -> (usize, usize) {
    let bytes = text.as_bytes();
    let part = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
    let (mut from, mut to) = (start, end);
    while from > 1
        && start - from < 32
        && (part(bytes[from - 1]) || bytes[from - 1] == b'.' && part(bytes[from - 2]))
    {
        from -= 1;
    }
    while to < bytes.len()
        && to - end < 32
        && (part(bytes[to]) || bytes[to] == b'.' && bytes.get(to + 1).is_some_and(|&byte| part(byte)))
    {
        to += 1;
    }
    (from, to)
}

/// Whether a place for accounts is named just before; of a name with digits alone, as what somebody is called there.
fn told(view: &View, first: usize, joined: bool) -> bool {
    let [places, between] = sets();
    let mut said = joined;
    for back in 1..=4 {
        let Some(at) = first.checked_sub(back) else { return false };
        let gap = view.tokens[at + 1].gap;
        if !matches!(gap, Gap::Space | Gap::Quote | Gap::Other) {
            return false;
        }
        said |=
            gap == Gap::Quote && view.text[view.tokens[at].after..view.tokens[at + 1].start].starts_with(':');
        let id = view.tokens[at].id;
        if places.contains(&id) {
            return said || back > 1;
        }
        if !between.contains(&id) {
            return false;
        }
    }
    false
}
