//! When a term counts.

use super::super::View;
use super::super::words;
use super::placed::Placed;
use super::said::{of_person, of_somebody};
use super::sets::sets;
use super::worship;

/// When a term counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rule {
    /// Always.
    Any,
    /// But before food, music, markets: `Asian market`.
    Ethnic,
    /// Only of people: before a word for a person.
    Colour,
    /// Of people, or said of somebody: `I'm Polish`.
    Nation,
    /// Like a nation, and some are other words in small letters: `poles`.
    People,
    /// Said of somebody, or before a word for a person: `she's blind`.
    Subject,
    /// After `my`, `his`, `a`: `my stutter`.
    Own,
    /// Of a member, with a capital or said of somebody: `a Quaker`.
    Member,
    Christian,
    Gay,
    Straight,
    Men,
    Man,
    Sex,
    /// Houses of worship: `our temple`, not `Temple Street` or `my temples hurt`.
    House,
    /// Who leads worship, but as a title: `the pastor`, not `Pastor Dave`.
    Clergy,
    /// Worship where it is gone to: `went to mass`, not `mass of people`.
    Mass,
    /// A time of fasting, with a capital or kept: `for lent`, not `lent me`.
    Lent,
    /// Who came from elsewhere, where no nation says so already: not in `Somali refugees`.
    Migrant,
    /// One of a people, after an article: `a Finn`, not `Finn`.
    Demonym,
    /// In capitals only: `ALS`.
    Upper,
    /// What somebody has, in capitals if it is short: `I have MS`, `living with bipolar`.
    Ill,
}

/// The rule of that name in the list of terms.
pub fn rule(name: &str) -> Option<Rule> {
    Some(match name {
        "any" => Rule::Any,
        "ethnic" => Rule::Ethnic,
        "colour" => Rule::Colour,
        "nation" => Rule::Nation,
        "people" => Rule::People,
        "subject" => Rule::Subject,
        "own" => Rule::Own,
        "member" => Rule::Member,
        "christian" => Rule::Christian,
        "gay" => Rule::Gay,
        "straight" => Rule::Straight,
        "men" => Rule::Men,
        "man" => Rule::Man,
        "sex" => Rule::Sex,
        "house" => Rule::House,
        "clergy" => Rule::Clergy,
        "mass" => Rule::Mass,
        "lent" => Rule::Lent,
        "migrant" => Rule::Migrant,
        "demonym" => Rule::Demonym,
        "upper" => Rule::Upper,
        "ill" => Rule::Ill,
        _ => return None,
    })
}

/// Whether a term counts where it stands, from the word at `at` to that at `last`.
pub fn applies(view: &View, at: usize, last: usize, rule: Rule) -> bool {
    let term = Placed::new(view, at, last);
    match rule {
        Rule::Any => true,
        Rule::Ethnic => !term.is_before(words::THING),
        Rule::Colour => of_person(view, last, false) || term.is_colour_of_somebody(),
        Rule::Nation => term.is_nation(),
        Rule::People => term.has_its_capital(),
        Rule::Subject => term.is_of_subject(),
        Rule::Own => term.is_own(),
        Rule::Member => term.is_member(),
        Rule::Christian => worship::christian(view, at),
        Rule::Gay => term.is_gay(),
        Rule::Straight => of_person(view, last, false) || of_somebody(view, at, last),
        Rule::Men => term.is_men(),
        Rule::Man => term.is_man(),
        Rule::Sex => !term.is_before_one_of(&sets().plugs),
        Rule::House => worship::house(view, at, last),
        Rule::Clergy => worship::clergy(view, at, last),
        Rule::Mass => worship::mass(view, at, last),
        Rule::Lent => worship::lent(view, at, last),
        Rule::Migrant => !term.is_behind_nation() && !term.is_before(words::THING),
        Rule::Demonym => term.is_demonym(),
        Rule::Upper => term.is_written_large(),
        Rule::Ill => term.is_illness(),
    }
}
