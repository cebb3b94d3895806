//! How much a sentence sounds like an assistant.
//!
//! Phrases and patterns know what was thought of. A sum also finds what is put together anew of the same parts:
//! who speaks, that something is denied, offered or asked for, and that a text or a task is what it is about.

use std::sync::LazyLock;

use super::super::sums::{self, Kinds, Sums};
use super::super::text::Text;

/// How much a sentence is a refusal, and how much what else an assistant says.
pub static VOICE: LazyLock<Sums<2>> =
    LazyLock::new(|| Sums { kinds: Kinds::new(KINDS, PLAIN), trained: include_bytes!("voice/weights.bin") });

/// From this sum on a sentence is an assistant's: some two texts of a thousand by people reach it.
const ENOUGH: f32 = 1.4;

/// How much more it takes beside a sentence that only a person says, which is below this sum.
const BESIDE_PERSON: f32 = 1.5;
const PERSON: f32 = -2.0;

/// Fewer words than this tell of nobody.
const LEAST: usize = 4;

/// The more words, the further a sum strays from what the sentence is: each beyond so many asks for more.
const LONG: usize = 14;
const EACH_FURTHER: f32 = 0.5;

/// What an assistant says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Voice {
    /// In place of a text: that it can't, what it is, what it asks.
    Refusal,
    /// Around a text: what it was asked, what it wrote and how.
    Leftover,
}

/// Kinds of words.
#[rustfmt::skip]
const KINDS: &[&str] = &[
    "i we",
    "i'm we're im am",
    "i'll i'd we'll we'd ill",
    "i've we've ive",
    "me us myself",
    "my our mine",
    "you u ya yourself",
    "you're you'd you'll you've",
    "your yours",
    // What is denied.
    "can't cannot cant won't wont unable shouldn't couldn't wouldn't mustn't incapable impossible forbidden prohibited \
        restricted prevented unwilling",
    "not don't dont doesn't didn't isn't aren't wasn't never no nor neither without nope",
    "decline declining declined refuse refusing refused refrain refraining avoid avoiding pass passing withhold withheld \
        reject rejecting abstain",
    "able allowed permitted comfortable willing supposed prepared equipped qualified capable going",
    "uncomfortable hesitant reluctant cautious careful",
    // What a model is asked to do.
    "write writing written wrote rewrite rewriting rewritten rephrase rephrasing reword rewording paraphrase",
    "generate generating generated create creating created produce producing produced compose composing composed craft \
        crafting crafted draft drafting formulate construct",
    "provide providing provided offer offering offered supply give giving share sharing suggest suggesting propose",
    "help helping assist assisting assistance support supporting",
    "fulfill fulfil fulfilling fulfilled comply complying continue continuing proceed proceeding engage engaging \
        participate participating complete completing process processing respond responding answer answering",
    "roleplay impersonate pretend pretending simulate adopt portray portraying depict depicting describe describing \
        express expressing discuss discussing promote promoting encourage endorse condone incite glorify",
    "adjust adjusting adjusted revise revising revised modify tweak tweaking refine change edit shorten soften \
        adapt customize personalize tailor replace replaced toned corrected",
    "include including included mention mentioning mentioned contain contains containing use using used keep keeping \
        kept",
    // A text and a task.
    "post posts text texts tweet tweets caption captions message messages sentence sentences paragraph comment content \
        material passage statement dialogue snippet",
    "version versions example examples sample draft option options variation variations alternative alternatives \
        response responses reply output result attempt take",
    "story joke jokes rant poem scene scenario script letter persona character roleplay insult insults speech remarks",
    "request requests prompt prompts instruction instructions task requirements criteria specifications brief input \
        question questions query",
    "guidelines guideline policy policies programming principles rules terms limits boundaries standards ethics values \
        restrictions",
    "words word characters limit length count hashtags hashtag emojis emoji language wording slang lowercase format",
    "details detail information info context specifics background clarification topic topics subject",
    "emotion emotions feeling feelings sentiment tone mood voice style perspective viewpoint sense attitude label \
        category",
    "joy anger fear disgust surprise sadness grief remorse pride relief gratitude admiration amusement annoyance \
        approval confusion curiosity desire disappointment disapproval embarrassment excitement nervousness optimism \
        realization frustration anxiety happiness jealousy guilt shame loneliness nostalgia contempt envy caring",
    "casual informal formal conversational neutral friendly humorous sarcastic lighthearted playful realistic natural \
        authentic relatable believable concise",
    "conveys convey conveying captures capture capturing reflects reflect reflecting evokes evoke shows expresses \
        expressed demonstrates illustrates suggests implies highlights intended meant",
    "speaker narrator author writer poster user audience reader protagonist",
    // What is said of a text that is not to be written.
    "harmful hateful offensive inappropriate explicit derogatory discriminatory abusive demeaning degrading insulting \
        violent violence hate hatred racist sexist slurs slur profanity vulgar graphic sexual illegal unethical \
        disrespectful hurtful misleading stereotypes stereotype harassment threatening threats dangerous sensitive \
        self-harm suicide bullying humiliate humiliates mock mocks mocking ridicule ridicules demean demeans demonize \
        shames belittle misinformation offend",
    "respect respectful dignity kindness inclusive compassion compassionate empathy understanding constructive positive \
        safe responsible ethical appropriate considerate",
    "important crucial essential vital necessary remember note aware mind",
    // What it is.
    "ai a.i artificial chatbot bot assistant model llm program computer machine software algorithm",
    "designed trained programmed created developed built instructed made",
    "capability capabilities ability capacity access knowledge training data experiences opinions preferences \
        consciousness emotions beliefs",
    "personal human real actual physical genuine subjective",
    // Manners.
    "sorry apologize apologise apologies unfortunately regret regrettably afraid",
    "happy glad delighted pleased gladly love",
    "sure certainly absolutely course okay ok alright understood definitely got",
    "please kindly could would can may shall",
    "tell specify clarify elaborate explain confirm choose",
    "different another other else instead rather alternatively",
    "let let's lets",
    "feel free hesitate",
    "here here's below above following",
    "hope hopes trust",
    "helpful harmless useful",
    "professional therapist counselor counsellor helpline hotline lifeline crisis emergency services",
];

/// Of these lists none tells by itself: who is meant, and what is denied.
const PLAIN: &[&str] = &["i", "i'm", "i'll", "i've", "me", "my", "you", "you're", "your", "not", "going"];

/// Whether an assistant speaks in one of a text's sentences, and what it does. Words that `hidden` holds are no words of
/// theirs; what is `told` of somebody is no refusal.
pub fn voice(
    text: &Text,
    hidden: impl Fn(usize) -> bool + Copy,
    told: impl Fn(usize) -> bool,
) -> Option<Voice> {
    let sums = &*VOICE;
    let mut most: Option<(f32, Voice)> = None;
    let mut person = false;
    for sentence in text.sentences() {
        let long = sentence.len() >= LEAST;
        // One word is a name of something, or a shout; a sentence without any word that tells is passed over for speed.
        if sentence.len() < 2 || !text.words[sentence.clone()].iter().any(|word| sums.kinds.tells(word)) {
            person |= long;
            continue;
        }
        let (told, further) = (told(sentence.start), sentence.len().saturating_sub(LONG));
        let [refusal, leftover] = sums.of(text, sentence, hidden);
        let voice = if refusal > leftover { Voice::Refusal } else { Voice::Leftover };
        person |= long && refusal.max(leftover) < PERSON;
        let either = sums::either(refusal, leftover) - EACH_FURTHER * further as f32;
        if most.is_none_or(|(most, _)| either > most) && !(told && voice == Voice::Refusal) {
            most = Some((either, voice));
        }
    }
    let (sum, voice) = most?;
    (sum >= if person { ENOUGH + BESIDE_PERSON } else { ENOUGH }).then_some(voice)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(raw: &str) -> Option<Voice> {
        voice(&Text::new(raw), |_| false, |_| false)
    }

    /// None of these is among the sentences that the weights were trained on.
    #[test]
    fn an_assistant_is_known_by_what_its_sentences_are_made_of() {
        for refusal in [
            "I'm afraid I won't be able to draft a message that humiliates a classmate.",
            "Producing degrading remarks about a religious group isn't something I'm prepared to do.",
            "As a conversational AI I have no childhood memories to share with you.",
            "Would you mind sharing which emotion the caption should express?",
            "I'd be glad to help you compose a kinder version of this text.",
        ] {
            assert_eq!(said(refusal), Some(Voice::Refusal), "{refusal}");
        }
        for leftover in [
            "The paragraph above captures the nervousness of a student before an exam.",
            "I kept the language informal and avoided hashtags, as you asked.",
            "Here's another possible caption about a rainy holiday:",
            "The user wants a short text that conveys relief in the context of health.",
        ] {
            assert_eq!(said(leftover), Some(Voice::Leftover), "{leftover}");
        }
    }

    #[test]
    fn people_are_known_by_theirs() {
        for text in [
            "I can't describe how proud I was when my niece walked onto that stage",
            "Sorry, I can't help you with the boxes on Saturday, my knee gave out",
            "As a mother I can't watch that scene without crying",
            "Here's what the vet said about our old cat",
            "Could anybody recommend a good plumber? The kitchen is a lake",
            "I'm so excited to share that we finally bought the house!",
            "Would you please stop whistling in the library",
            "",
        ] {
            assert_eq!(said(text), None, "{text}");
        }
    }

    #[test]
    fn words_at_random_are_nobody_s_however_many() {
        let words: Vec<&str> = "again bread coffee door early friend garden heavy inside jacket kitchen letter morning never \
            office people quiet river sister table under voice window yellow zebra about broken corner dinner evening \
            forget ground happen island journey knock listen minute notice orange paper question remember station \
            ticket umbrella village weather"
            .split_whitespace()
            .collect();
        let mut state = 1_u64;
        let mut random = |n: usize| {
            state = state.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
            (state >> 33) as usize % n
        };
        let heard = (0..4000).filter(|at| {
            let words: Vec<&str> = (0..10 + at % 40).map(|_| words[random(words.len())]).collect();
            said(&words.join(" ")).is_some()
        });
        let heard = heard.count();
        assert!(heard <= 8, "{heard} of 4,000");
    }
}
