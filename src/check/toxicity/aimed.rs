//! Sentences that are aimed at somebody: insults, threats, wishes, and groups that are said to be no people.

use std::sync::LazyLock;

use super::super::patterns::{Patterns, sentences};
use super::super::text::Text;
use crate::config::resolved::ToxicityLevel as Level;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Aim {
    /// As it stands.
    Plain,
    /// At others, unless its speaker stands in the sentence.
    Other,
    /// A single word, such as people throw at one another: at the strict level alone.
    Insult,
}

#[rustfmt::skip]
const LISTS: &[(&str, &str)] = &[
    ("YOU", "you you're youre ur u y'all"),
    ("FOUL", "idiot idiots moron morons imbecile imbeciles loser losers coward cowards freak clown bastard bastards asshole \
        assholes dumbass cuck junkie bum witch hag creep douchebag prick twat wanker dickhead dipshit shithead"),
    ("BASE", "scum scumbag scumbags trash garbage filth pig pigs cow rat bitch parasite parasites vermin cockroach monkey \
        ape whore slut cretin degenerate lowlife fatass fatso retard cunt"),
    ("PERSON", "pig pigs cow bitch whore slut cretin degenerate lowlife retard cunt scumbag"),
    ("LOW", "stupid dumb ugly fat worthless pathetic disgusting filthy dirty useless spineless ignorant arrogant brainless \
        braindead miserable greedy retarded slimy vile revolting nasty"),
    ("SWEAR", "fucking f effing freaking damn goddamn bloody absolute utter total little old complete"),
    ("GROUP", "immigrants migrants refugees foreigners muslims jews arabs blacks whites asians mexicans gypsies gays \
        lesbians homos queers homeless poor disabled women men girls feminists christians catholics hindus indians \
        africans chinese liberals conservatives"),
    ("BEAST", "animals pigs rats vermin parasites savages scum trash garbage filth plague disease cancer cockroaches \
        monkeys apes leeches terrorists rapists subhuman subhumans swine pests maggots"),
    ("HURT", "hit raped shot stabbed killed aids cancer beaten run murdered deported"),
];

use Aim::{Insult, Other, Plain};

#[rustfmt::skip]
const RULES: &[(Aim, &str)] = &[
    // Insults, to the face and behind the back: those that leave nothing of a person, or two words of them.
    (Plain, "you're|youre|ur +1 a|an|such|all|nothing|just|SWEAR +3 *BASE"),
    (Plain, "you are +1 a|an|such|all|nothing|just|SWEAR +3 *BASE"),
    (Plain, "you're|youre|ur|you +1 a|an|are|such +3 LOW +2 *FOUL|BASE"),
    (Plain, "you|u +1 LOW +2 *FOUL|BASE"),
    (Plain, "you|you're +3 *piece of shit|crap|filth|garbage|trash"),
    (Plain, "your +1 ugly|stupid|fat|dumb *mouth|ass"),
    (Plain, "you|u SWEAR +2 *BASE"),
    (Plain, "you|u *BASE $"),
    (Plain, "you're|ur|youre|are so|too *dumb|ugly|worthless|pathetic|disgusting|stupid you|you'd|you'll|that|even|and"),
    (Plain, "being this|that|so *ugly|dumb|stupid|fat and"),
    (Plain, "nothing|anything but a +2 *FOUL|BASE"),
    (Plain, "*waste of oxygen|air|skin|sperm"),
    (Other, "that|this|what|the|a|an|these|those LOW +1 *FOUL|PERSON"),
    (Other, "*FOUL|BASE|cripples like you"),
    (Plain, "*stfu|shut +2 you|u LOW|FOUL|BASE"),
    (Plain, "too stupid|dumb|ugly|fat to +1 *live|breathe|exist|breed"),
    (Plain, "lazy|filthy|useless|dirty *scum|animals|vermin|pigs|savages"),
    (Plain, "*eat shit and"),
    (Insult, "you're|youre|ur +1 a|an|such|all|nothing|just|the|SWEAR +3 *FOUL"),
    (Insult, "you are +1 a|an|such|all|nothing|just|the|SWEAR +3 *FOUL"),
    (Insult, "you|u SWEAR +2 *FOUL"),
    (Insult, "you|u *FOUL"),
    (Insult, "you're|youre +1 *ugly|fat|worthless|pathetic"),
    (Insult, "you are|you're the *dumbest|stupidest|ugliest"),
    // Death and harm that are wished for, or said to be deserved.
    (Plain, "hope|wish you|he|she|they|u +1 get|gets|got *HURT"),
    (Plain, "hope|wish you|he|she|they|u +2 *rot|rots|choke|chokes|suffer|suffers|drown|drowns|burn|burns"),
    (Plain, "hope +1 your|his|her|their|the +2 *crashes|crash|burns|rots|cancer"),
    (Plain, "hope *karma +3 you"),
    (Plain, "*die slowly|screaming|you|u"),
    (Plain, "*die like one|dogs|dog|them"),
    (Plain, "*favor|favour +1 and disappear|die|jump|kill|vanish|end"),
    (Plain, "would *miss you if|when"),
    (Plain, "world|everyone|us +2 better +1 off|place *without you"),
    (Plain, "nobody|one *likes|loves|wants you $"),
    (Plain, "should|wish +4 never been|be *born"),
    (Plain, "deserve|deserves|deserved +1 every|a|that|to|what +2 *beating|beaten|raped|killed|suffer|rot|hanged"),
    (Plain, "needs|deserves|wants a *bullet|noose|lynching"),
    (Plain, "should|must|ought|should've +1 be|been *castrated|raped|sterilized|lynched|gassed|exterminated|drowned|euthanized|aborted|wiped"),
    (Plain, "allowed to *breed|reproduce"),
    (Plain, "you +1 should|will|could be *next $"),
    (Plain, "you +3 *rot|burn in hell"),
    (Plain, "should|should've +2 *aborted|swallowed you"),
    // Threats.
    (Plain, "i'll|gonna|will|going +1 *hurt|strangle|murder|stab|shoot you"),
    (Plain, "i'll|i|gonna|will +2 *break|smash|cut|slit|bash|burn|rip|stab|snap +2 your|every neck|face|bone|head|throat|legs|skull|house|teeth|fingers|arms|jaw"),
    (Plain, "break every *bone"),
    (Plain, "i'll|i|we +2 *find out|you +1 where|and|soon"),
    (Plain, "i|we know *where you|u +1 live|park|work|sleep|walk|study $"),
    (Plain, "i'm|we're *coming for you|u $"),
    (Plain, "get|gets|have|got *what's coming to you|her|him|them"),
    (Plain, "*watch your back $"),
    (Plain, "*burn|blow|bomb|torch +1 their|your|that +1 church|mosque|house|synagogue|temple|school|shop"),
    // Groups.
    (Plain, "all *GROUP are +2 liars|thieves|criminals|lazy|evil|inferior|crazy|disgusting|stupid|dirty|filthy|dumb|whores"),
    (Plain, "GROUP should +1 be +1 *deported|banned|shot|killed|hanged|burned|executed|eliminated|removed"),
    (Plain, "your *kind +3 here|welcome|out"),
    (Plain, "GROUP +1 are +4 *BEAST"),
    (Plain, "these|those|such|you|your|that people|kind|lot|ones are +3 *BEAST"),
    (Plain, "like *cockroaches|vermin|parasites|rats they|you|all|we"),
    (Plain, "back to the|your +1 *jungle|cave|zoo|trees"),
    (Plain, "people like you *should|disgust|deserve|belong|cost"),
    (Plain, "*typical +1 woman|women|jew|muslim|immigrant|blonde +3 too|stupid|dumb|lazy|greedy"),
];

static RULES_OF_AIM: LazyLock<Patterns<Aim>> = LazyLock::new(|| Patterns::new(LISTS, RULES));

/// Whether a sentence of a text is aimed at somebody.
pub fn is_aimed(text: &Text, level: Level) -> bool {
    let patterns = &*RULES_OF_AIM;
    if !text.words.iter().any(|word| patterns.tells(word)) {
        return false;
    }
    sentences(text).any(|sentence| {
        let words = &text.words[sentence.clone()];
        if !words.iter().any(|word| patterns.tells(word)) {
            return false;
        }
        let (mut plain, mut other) = (false, false);
        patterns.find(
            text,
            sentence.clone(),
            |_| false,
            |_, aim| match aim {
                Aim::Plain => plain = true,
                Aim::Other => other = true,
                Aim::Insult => plain |= level >= Level::Strict,
            },
        );
        let oneself = || {
            sentence
                .clone()
                .any(|index| matches!(text.word(index), "i" | "i'm" | "im" | "me" | "my" | "myself"))
        };
        plain || other && !oneself()
    })
}
