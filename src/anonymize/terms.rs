//! Identity terms: religion, gender and sexuality, race and nationality, disability, age groups.
//!
//! Words are looked up in their folded form rather than searched for in the text's bytes, so that
//! capitals, accents, full-width letters and invisible characters inside a word don't hide it.

mod worship;

use std::collections::HashMap;
use std::sync::OnceLock;

use super::category::Category;
use super::token::{Gap, Shape, Token, tokens};
use super::words::{self, Words, id_of};
use super::{Found, View};

const LIST: &str = include_str!("data/terms.txt");

/// When a term counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Rule {
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

struct Term {
    rest: Vec<u32>,
    category: Category,
    rule: Rule,
    /// Written with `'s`, which belongs to it.
    possessive: bool,
}

struct Terms {
    /// By their first word's hash: one more than the place of its group.
    first: Words<u16>,
    groups: Vec<Vec<Term>>,
}

/// Sets of words that rules ask for, by their hashes.
struct Sets {
    follows: Vec<u32>,
    middle_no: Vec<u32>,
    adjectives: Vec<u32>,
    articles: Vec<u32>,
    owners: Vec<u32>,
    adverbs: Vec<u32>,
    capital_only: Vec<u32>,
    blind_to: Vec<u32>,
    plugs: Vec<u32>,
    gay_no: Vec<u32>,
    christian_no: Vec<u32>,
    speech: Vec<u32>,
    before_mass: Vec<u32>,
    no_house: Vec<u32>,
    no_clergy: Vec<u32>,
    games: Vec<u32>,
}

fn ids(list: &str) -> Vec<u32> {
    let mut ids: Vec<u32> = list.split_whitespace().map(id_of).collect();
    ids.sort_unstable();
    ids
}

fn has(set: &[u32], id: u32) -> bool {
    set.binary_search(&id).is_ok()
}

fn sets() -> &'static Sets {
    static SETS: OnceLock<Sets> = OnceLock::new();
    SETS.get_or_init(|| Sets {
        follows: ids("and but or not so too as with who from by in because since now again then though although yet while also like if lol haha not btw though living at for after when i you he she we they like myself himself herself just ok okay tbh rn af"),
        middle_no: ids("and or but the a an to of in on at for with is are was were am be i you he she it we they my your his her our their this that these those so as if from by into than then who what when how no not do did does have has had will would can could should may might must press fries toast food made built speaking people's time style version language accent inspired owned sounding looking flag embassy border government army passport visa election tv show series team league club food restaurant cafe coffee tea wine beer bread cheese car cars train movie film band song songs music soccer football cup"),
        adjectives: ids("young old elderly female male trans transgender gay lesbian queer straight american british single married teenage disabled deaf blind muslim christian jewish working-class middle-class poor rich little pregnant older younger innocent unarmed cis bisexual nonbinary african-american latina latino own south north middle-aged beautiful strong"),
        articles: ids("a an the my your his her our their this that some any every each no one two three four five many most all other another both few several only first these those of and"),
        owners: ids("my your his her their our a own this"),
        adverbs: ids("not only half part very also so proudly actually always really clearly openly quarter completely mostly technically proud fully totally now still literally born legally an a the partially probably just going went gone a nearly almost both either more severely profoundly"),
        capital_only: ids("poles turk turks dane danes finn finns brit brits swede swedes kiwis pole polish turkish czech basque thai roma gypsy indian slavs serbs croats english dutch swiss danish finnish"),
        blind_to: ids("to eye eyes spot spots date dates trust faith side rage bag bags box luck item items taste test tasting ambition optimism loyalty alley turn corner drop sided ears ear button swan tone notes colors from"),
        plugs: ids("connector connectors plug plugs socket sockets adapter adapters jack port ports pin pins cable cables thread threads screw cat cats dog dogs kitten puppy hamster end ends header condom mosquito mosquitoes spider spiders lion lions bird birds"),
        gay_no: ids("old ol apparel paree 90s nineties bob as that smell feeling sort fat fats am siberian atlantic mission"),
        christian_no: ids("music rock band bands louboutin dior mingle metal rap song songs radio grey bookstore science era calendar"),
        before_mass: ids("to at after before during attend attends attended attending missed sunday midnight morning catholic christmas easter evening saturday daily latin funeral requiem say said celebrate celebrated skip skipped skipping"),
        no_house: ids("bells bell mouse mice street st road rd lane run avenue ave drive square hill council key pew pews candle candles fete fête bazaar parking"),
        no_clergy: ids("fruit position style curl curls collar seal parakeet parakeets jumping cat cats vestments club class main mains build spec gambit pair sacrifice"),
        games: ids("mage mages warlock warlocks paladin paladins rogue rogues druid druids healer healers dps raid raids raiding wow hearthstone diablo overwatch d&d dnd dungeon rook rooks pawn pawns knight knights checkmate chess castling fianchetto tank tanks shaman shamans bard"),
        speech: ids("said says asked told replied texted whispered shouted yelled laughed cried smiled called came went thinks knows wants loves hates never just has had is was will would did does got gets"),
    })
}

fn list() -> &'static Terms {
    static TERMS: OnceLock<Terms> = OnceLock::new();
    TERMS.get_or_init(|| {
        let mut groups: Vec<Vec<Term>> = Vec::new();
        let mut places: HashMap<u32, u16> = HashMap::new();
        let mut words = Vec::new();
        for line in LIST.lines().filter(|line| !line.starts_with('#')) {
            let mut fields = line.splitn(3, ' ');
            let (Some(category), Some(rule), Some(terms)) =
                (fields.next().and_then(Category::parse), fields.next().and_then(rule), fields.next())
            else {
                continue;
            };
            for term in terms.split(", ") {
                tokens(term, &mut words);
                let Some((first, rest)) = words.split_first() else { continue };
                let place = *places.entry(first.id).or_insert_with(|| {
                    groups.push(Vec::new());
                    groups.len() as u16
                });
                groups[place as usize - 1].push(Term {
                    rest: rest.iter().map(|token| token.id).collect(),
                    category,
                    rule,
                    possessive: words.last().is_some_and(|token| token.after > token.end),
                });
            }
        }
        for group in &mut groups {
            group.sort_by_key(|term| std::cmp::Reverse(term.rest.len()));
        }
        Terms { first: Words::new(places, |_, place| place), groups }
    })
}

fn rule(name: &str) -> Option<Rule> {
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

/// Adds every identity term of the text.
pub fn find(view: &mut View, found: &mut Vec<Found>) {
    let terms = list();
    let mut at = 0;
    while at < view.tokens.len() {
        let token = view.tokens[at];
        if view.taken[at] {
            at += 1;
            continue;
        }
        let place = terms.first.get(token.id);
        let hit = (place > 0)
            .then(|| &terms.groups[place as usize - 1])
            .and_then(|group| group.iter().find_map(|term| fits(view, at, term).map(|last| (term, last))));
        if let Some((term, last)) = hit {
            let token = view.tokens[last];
            let mut end = if term.possessive { token.after } else { token.end };
            end += usize::from(view.text[end..].starts_with('+'));
            let mut start = view.tokens[at].start;
            if matches!(term.rule, Rule::Nation | Rule::Ethnic)
                && at > 0
                && token_is(view, at - 1, &["half", "part"])
                && view.tokens[at].gap == Gap::Space
            {
                start = view.tokens[at - 1].start;
            }
            // `a Catholic church` says it already.
            let told = matches!(term.rule, Rule::House | Rule::Clergy | Rule::Mass)
                && view.tokens[at].gap == Gap::Space
                && found.last().is_some_and(|before| {
                    matches!(before.category, Category::Religion | Category::Race) && before.end + 1 == start
                });
            if !told {
                found.push(Found::new(start, end, term.category));
            }
            at = last + 1;
            continue;
        }
        // `Danish pastry` is no person either.
        let nation = place > 0
            && terms.groups[place as usize - 1].iter().any(|term| {
                term.rest.is_empty() && matches!(term.rule, Rule::Nation | Rule::Ethnic | Rule::People)
            });
        if nation && token.facts.first() < 5 {
            view.taken[at] = true;
        } else if place == 0 && !token.mixed {
            hyphenated(view, at, terms, found);
        }
        at += 1;
    }
}

/// `Muslim-owned`, `gay-friendly`: the part that is a term.
fn hyphenated(view: &View, at: usize, terms: &Terms, found: &mut Vec<Found>) {
    let token = &view.tokens[at];
    let word = &view.text[token.start..token.end];
    let Some((head, rest)) = word.split_once('-') else { return };
    // `my Chinese-Malaysian mum`
    let nation = |part: &str| {
        let place = if part.len() < 4 { 0 } else { terms.first.get(id_of(part)) };
        place > 0
            && terms.groups[place as usize - 1]
                .iter()
                .any(|term| term.rest.is_empty() && matches!(term.rule, Rule::Nation | Rule::Ethnic))
    };
    if nation(head) && nation(rest) && (of_person(view, at, true) || of_somebody(view, at, at)) {
        found.push(Found::new(token.start, token.end, Category::Race));
        return;
    }
    let mut start = token.start;
    for part in [head, rest] {
        let place = if part.len() < 3 { 0 } else { terms.first.get(id_of(part)) };
        let term = (place > 0)
            .then(|| {
                terms.groups[place as usize - 1].iter().find(|term| {
                    term.rest.is_empty()
                        && !term.possessive
                        && matches!(term.rule, Rule::Any | Rule::Ethnic | Rule::Gay | Rule::Christian)
                })
            })
            .flatten();
        if let Some(term) = term {
            found.push(Found::new(start, start + part.len(), term.category));
        }
        start += part.len() + 1;
    }
}

fn token_is(view: &View, at: usize, words: &[&str]) -> bool {
    view.tokens.get(at).is_some_and(|token| {
        let word = &view.text[token.start..token.end];
        words.iter().any(|other| word.eq_ignore_ascii_case(other))
    })
}

fn fits(view: &View, at: usize, term: &Term) -> Option<usize> {
    let last = at + term.rest.len();
    if last >= view.tokens.len() {
        return None;
    }
    for (n, id) in term.rest.iter().enumerate() {
        let token = &view.tokens[at + 1 + n];
        if token.id != *id || token.gap != Gap::Space {
            return None;
        }
    }
    // `Down's`, not `down`.
    if term.possessive && view.tokens[last].after == view.tokens[last].end {
        return None;
    }
    let token = &view.tokens[at];
    if matches!(token.gap, Gap::Glue) && view.text[..token.start].ends_with(['/', '_', '.']) {
        return None;
    }
    applies(view, at, last, term.rule).then_some(last)
}

fn next<'a>(view: &'a View, at: usize) -> Option<(&'a Token, u32)> {
    let token = view.tokens.get(at + 1)?;
    (token.gap == Gap::Space && view.tokens[at].after + 1 == token.start)
        .then(|| (token, view.classes[at + 1]))
}

/// Whether a word for a person follows, at once or after one adjective.
fn of_person(view: &View, last: usize, loose: bool) -> bool {
    let Some((token, class)) = next(view, last) else { return false };
    if class & words::HUMANS != 0 {
        return true;
    }
    // `Palestinian and Israeli moms`
    if matches!(view.word(token), "and" | "or" | "&")
        && let Some((other, _)) = next(view, last + 1)
        && list().first.get(other.id) > 0
    {
        return next(view, last + 2).is_some_and(|(_, class)| class & words::HUMANS != 0);
    }
    let between = if loose {
        token.shape == Shape::Lower
            && class & (words::BE | words::THING) == 0
            && !has(&sets().middle_no, token.id)
    } else {
        has(&sets().adjectives, token.id)
    };
    between && next(view, last + 1).is_some_and(|(_, class)| class & words::HUMANS != 0)
}

/// Whether it is said of somebody: `I'm …`, `my dad is not …`, `as a …`, `being …`.
fn of_somebody(view: &View, at: usize, last: usize) -> bool {
    let closes = match view.tokens.get(last + 1) {
        None => true,
        Some(token) => {
            token.gap != Gap::Space
                || has(&sets().follows, token.id)
                || list().first.get(token.id) > 0
                // `being blind was less of a bother`
                || at > 0
                    && token_is(view, at - 1, &["being"])
                    && view.classes[last + 1] & (words::BE | words::VERB) != 0
        }
    };
    closes && said_of_somebody(view, at)
}

fn said_of_somebody(view: &View, mut at: usize) -> bool {
    for _ in 0..3 {
        if view.tokens[at].gap != Gap::Space || at == 0 {
            return false;
        }
        at -= 1;
        let (token, class) = (&view.tokens[at], view.classes[at]);
        let contraction = token.after > token.end && class & words::SUBJECT != 0;
        if class & words::OF_ME != 0 || contraction {
            return true;
        }
        if class & words::BE != 0 {
            let being = token_is(view, at, &["being", "becoming"]);
            let subject = at > 0
                && view.tokens[at].gap == Gap::Space
                && view.classes[at - 1] & (words::SUBJECT | words::HUMANS) != 0;
            let name = at > 0
                && view.tokens[at - 1].facts.first() >= 3
                && (view.tokens[at - 1].shape == Shape::Capital
                    || view.tokens[at - 1].facts.first() >= 5 && view.tokens[at - 1].facts.word() == 0);
            return being || subject || name;
        }
        if token_is(view, at, &["as", "born", "went", "named", "raised"])
            || token_is(view, at, &["up"])
                && at > 0
                && token_is(view, at - 1, &["grew", "growing", "grow", "brought"])
        {
            return true;
        }
        // `she's Black and Korean`
        if token_is(view, at, &["and"]) && at > 0 && list().first.get(view.tokens[at - 1].id) > 0 {
            at -= 1;
            continue;
        }
        if !has(&sets().adverbs, token.id) {
            return false;
        }
    }
    false
}

fn applies(view: &View, at: usize, last: usize, rule: Rule) -> bool {
    let sets = sets();
    let token = &view.tokens[at];
    let after = next(view, last);
    let next_in = |set: &[u32]| after.is_some_and(|(token, _)| has(set, token.id));
    let capital = token.shape != Shape::Lower;
    match rule {
        Rule::Any => true,
        Rule::Ethnic => after.is_none_or(|(_, class)| class & words::THING == 0),
        Rule::Colour => of_person(view, last, false) || colour_predicate(view, at, last),
        Rule::Nation => {
            if !capital && has(&sets.capital_only, token.id) {
                return false;
            }
            let direct = of_person(view, last, true);
            let music = after.is_some_and(|(_, class)| class & words::THING != 0);
            let half = at > 0 && token.gap == Gap::Space && token_is(view, at - 1, &["half", "part"]);
            let nation = at > 0
                && capital
                && token_is(view, at - 1, &["the"])
                && after.is_some_and(|(token, class)| {
                    class & words::BE != 0
                        || ["have", "love", "know", "do", "always", "never", "really", "hate"]
                            .contains(&view.word(token))
                });
            !music && (nation || direct || half || of_somebody(view, at, last) && !speaks(view, at))
        }
        Rule::People => capital || !has(&sets.capital_only, token.id),
        Rule::Subject => {
            // `blind since birth`
            let since = token_is(view, last + 1, &["since"])
                || token_is(view, last + 1, &["from"])
                    && (token_is(view, last + 2, &["birth"])
                        || token_is(view, last + 3, &["waist", "neck", "chest", "knees"]))
                || token_is(view, last + 1, &["in"])
                    && token_is(view, last + 2, &["one", "both", "my", "her", "his"])
                    && token_is(view, last + 3, &["eye", "eyes", "ear", "ears"]);
            since || !next_in(&sets.blind_to) && (of_person(view, last, false) || of_somebody(view, at, last))
        }
        Rule::Own => {
            // `a limp carpet`, `my cane chair`
            let alone = !token_is(view, at, &["limp", "cane"])
                || after.is_none_or(|(token, class)| {
                    has(&sets.follows, token.id) || class & (words::BE | words::VERB) != 0
                });
            alone && at > 0 && token.gap == Gap::Space && has(&sets.owners, view.tokens[at - 1].id)
        }
        Rule::Member => {
            !after.is_some_and(|(token, _)| view.word(token).eq_ignore_ascii_case("oats"))
                && (of_person(view, last, true)
                    || of_somebody(view, at, last)
                    || capital && at > 0 && !token.opens && !token_is(view, at, &["orthodox"]))
        }
        Rule::Christian => worship::christian(view, at),
        Rule::Gay => {
            let short = token.end - token.start <= 2;
            // `that's gay`, as people said of what they disliked.
            let scorn = at > 0
                && after.is_none()
                && (token_is(view, at - 1, &["thats", "its"])
                    || view.tokens[at - 1].after > view.tokens[at - 1].end
                        && token_is(view, at - 1, &["that", "it"]));
            !scorn
                && !next_in(&sets.gay_no)
                && (!short || of_person(view, last, false) || of_somebody(view, at, last))
                && !(capital
                    && !token.opens
                    && token.facts.last() > 0
                    && at > 0
                    && view.tokens[at - 1].facts.first() >= 3
                    && view.tokens[at - 1].shape == Shape::Capital)
        }
        Rule::Straight => of_person(view, last, false) || of_somebody(view, at, last),
        Rule::Men => {
            let room = token.after > token.end
                && after.is_some_and(|(token, _)| {
                    ["room", "rooms", "department", "section", "bathroom", "restroom", "wear"]
                        .contains(&view.word(token))
                });
            let prefix = at > 0
                && (token_is(
                    view,
                    at - 1,
                    &["x", "hit", "con", "mad", "yes", "my", "of", "stunt", "three", "two", "twelve"],
                ) || token.gap == Gap::Glue);
            !room && !prefix
        }
        Rule::Man => {
            let article = at > 0 && token.gap == Gap::Space && token_is(view, at - 1, &["a"]);
            article
                && at > 1
                && (token_is(view, at - 2, &["as", "being", "i'm", "becoming"])
                    || token_is(view, at - 2, &["am"]))
                && after.is_none_or(|(_, class)| class & words::PERSON == 0)
        }
        Rule::Sex => !next_in(&sets.plugs),
        Rule::House => worship::house(view, at, last),
        Rule::Clergy => worship::clergy(view, at, last),
        Rule::Mass => worship::mass(view, at, last),
        Rule::Lent => worship::lent(view, at, last),
        Rule::Migrant => {
            let told = at > 0 && token.gap == Gap::Space && {
                let before = &view.tokens[at - 1];
                before.facts.other() || list().first.get(before.id) > 0
            };
            !told && after.is_none_or(|(_, class)| class & words::THING == 0)
        }
        Rule::Demonym => {
            let one = at > 0
                && token.gap == Gap::Space
                && token_is(view, at - 1, &["a", "an", "one", "another", "some", "this", "that", "fellow"]);
            let ends = after.is_none_or(|(token, class)| {
                class & (words::BE | words::VERB | words::HUMAN | words::SAY) != 0
                    || has(&sets.follows, token.id)
            });
            capital && ends && (one || of_somebody(view, at, last) && !speaks(view, at))
        }
        Rule::Upper => token.shape == Shape::Upper && !view.shouting,
        Rule::Ill => {
            let had = at > 1
                && token.gap == Gap::Space
                && (token_is(view, at - 1, &["have", "has", "had", "having", "with", "got", "undiagnosed"])
                    && view.tokens[at - 1].gap == Gap::Space
                    && token_is(
                        view,
                        at - 2,
                        &[
                            "i",
                            "he",
                            "she",
                            "they",
                            "who",
                            "we",
                            "i've",
                            "he's",
                            "she's",
                            "also",
                            "both",
                            "people",
                            "person",
                            "someone",
                            "living",
                            "live",
                            "lives",
                            "diagnosed",
                            "mom",
                            "mum",
                            "dad",
                            "sister",
                            "brother",
                            "wife",
                            "husband",
                            "son",
                            "daughter",
                            "friend",
                            "aunt",
                            "uncle",
                            "cousin",
                            "may",
                        ],
                    )
                    || token_is(view, at - 1, &["my", "her", "his"]));
            let written = token.end - token.start > 3 || token.shape == Shape::Upper && !view.shouting;
            let ends = after.is_none_or(|(token, _)| {
                has(&sets.follows, token.id)
                    || token_is(
                        view,
                        last + 1,
                        &["is", "was", "since", "diagnosis", "flare", "meds", "and", "has"],
                    )
            });
            had && written && ends
        }
    }
}

/// `I'm black and proud`, `being white`; not `it's black`.
fn colour_predicate(view: &View, at: usize, last: usize) -> bool {
    of_somebody(view, at, last) && at > 0 && {
        let before = at - 1;
        view.classes[before] & (words::OF_ME | words::SUBJECT) != 0
            || token_is(view, before, &["being"])
            || before > 0
                && view.classes[before] & words::BE != 0
                && view.classes[before - 1] & words::SUBJECT != 0
            || before > 0 && token_is(view, before, &["half", "part", "not", "also"])
    }
}

/// `I'm speaking Polish`: a language.
fn speaks(view: &View, at: usize) -> bool {
    at > 0 && token_is(view, at - 1, &["speak", "speaks", "speaking", "learning", "studying", "in"])
}
