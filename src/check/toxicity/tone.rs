//! How much a sentence wishes somebody ill, and how much it insults.
//!
//! Terms and patterns know what was thought of. A sum also finds what is put together anew of the same parts: who is
//! meant, what is said of them, and what they are to suffer.

use std::sync::LazyLock;

use super::super::sums::{self, Kinds, Sums};
use super::super::text::Text;
use super::aimed::is_told;

/// How much a sentence is harm that is wished or threatened, and how much an insult.
pub static TONE: LazyLock<Sums<2>> =
    LazyLock::new(|| Sums { kinds: Kinds::new(KINDS, PLAIN), trained: include_bytes!("tone/weights.bin") });

/// From this sum on somebody is meant: some two texts of a thousand by people reach it.
const ENOUGH: f32 = 1.5;

/// Kinds of words.
#[rustfmt::skip]
const KINDS: &[&str] = &[
    "i i'm im i'll i'd i've we we'll we're we'd imma",
    "me my us our mine myself ourselves",
    "you u ya y'all",
    "you're youre ur you'll you'd you've",
    "your yours yourself urself yourselves",
    "he she who he's she's who's he'll she'll",
    "his her him hers himself herself",
    "they they're them their em those these",
    "boss landlord guy woman man ex husband wife teacher referee manager kid kids mother mom father dad sister brother \
        neighbor neighbour roommate mayor president driver lady dude coworker family parents children girlfriend boyfriend \
        daughter son friends wives cops police",
    "dog cat puppy kitten goose squirrel parrot baby toddler horse hamster pet bird",
    "idiot moron imbecile loser coward clown bastard asshole dumbass jackass prick twat wanker dickhead dipshit shithead \
        halfwit scumbag lowlife pervert creep degenerate cretin freak bitch cunt whore slut fatass fool hag slob weirdo \
        fraud liar retard arsehole douche douchebag motherfucker fucker skank hoe jerk brat hypocrite nitwit buffoon psycho \
        bimbo simpleton crybaby asshat tosser",
    "idiots morons losers cowards clowns bastards assholes pricks scumbags bitches whores degenerates freaks imbeciles fools \
        perverts creeps cunts sluts retards dicks wankers twats fuckers motherfuckers liars",
    "pig pigs cow rat rats snake parasite parasites cockroach cockroaches monkey monkeys ape apes animal animals leech \
        leeches vermin swine worm maggot toad donkey sheep savage savages troll witch monster beast roaches insects",
    "trash garbage scum filth waste disgrace joke failure nobody piece sack shit crap plague disease cancer subhuman burden \
        infestation dirt sewer vomit",
    "stupid dumb ugly fat worthless pathetic disgusting filthy dirty useless spineless ignorant arrogant brainless miserable \
        greedy slimy vile nasty lying talentless lazy smelly delusional hopeless selfish despicable evil rotten retarded \
        brain-dead braindead illiterate dense thick inferior revolting repulsive hideous",
    "fucking fuckin damn goddamn bloody freaking absolute complete total utter effing",
    "fuck screw piss suck lick choke shut stfu gtfo fck",
    "immigrants immigrant muslims muslim islam jews jew jewish arabs arab blacks whites asians asian mexicans mexican \
        gypsies gypsy gays gay lesbians lesbian homosexuals queers trans transgender transgenders homeless disabled women \
        men girls feminists christians hindus indians indian africans chinese liberals refugees migrants foreigners cripples \
        infidels black white poor pakistanis russians polish roma turks",
    "criminals thieves terrorists rapists violent dangerous mentally ill sick perverts uncivilized barbarians groomers \
        pedophiles thugs invaders",
    "kill murder hurt stab strangle shoot beat choke punch slap smash bury burn destroy hang cut break crush bash rape gut \
        slit drown poison kick exterminate gas lynch execute castrate bomb deport ban torture slaughter",
    "killed murdered stabbed shot beaten raped hanged burned gassed deported banned hit drowned executed put locked sterilized \
        castrated wiped lynched",
    "die dies dead death died rot suffer suffers perish starve bleed croak",
    "neck face skull legs teeth head fingers nose jaw arms ribs house throat bones bone brain iq mouth",
    "gun knife bullet rope noose bleach pills cliff bridge wrists hammer bomb grave funeral hospital",
    "hope wish pray",
    "should must ought need needs deserve deserves deserved",
    "hate hates despise loathe stand disgust disgusts",
    "nobody everyone everybody anyone someone somebody",
    "miss likes loves wants cares asked respects",
    "live lives sleep work park school home street",
    "back country africa mexico jungle cave kitchen zoo cage boat camp trailer",
    "all every most typical",
    "love happy birthday congratulations congrats proud thanks thank lucky beautiful sweet lovely funny laughing laughter",
    "called calls calling told tells said says yelled wrote shouted texted",
    "dick cock balls ass tits pussy nudes legs boobs",
    "what how such",
    "like than as",
    "printer movie traffic phone weather game exam bus car laptop song show coffee pizza recipe food",
];

/// Of these lists none tells by itself.
const PLAIN: &[&str] = &[
    "i", "me", "you", "you're", "your", "he", "his", "they", "boss", "dog", "hope", "should", "nobody",
    "miss", "live", "back", "all", "love", "called", "what", "like", "printer",
];

/// Whether somebody is meant by one of a text's sentences.
pub fn is_meant(text: &Text, hidden: impl Fn(usize) -> bool + Copy) -> bool {
    let sums = &*TONE;
    text.sentences().any(|sentence| {
        let tells = text.words[sentence.clone()].iter().any(|word| sums.kinds.tells(word));
        tells && {
            let [harm, insult] = sums.of(text, sentence.clone(), hidden);
            sums::either(harm, insult) >= ENOUGH && !is_told(text, sentence)
        }
    })
}
