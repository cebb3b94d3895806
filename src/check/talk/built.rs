//! How sentences of an assistant are built, whatever they are about: what it can't or won't write, what it would
//! write instead, what it asks for first, and what it says of a text that it wrote.

use std::sync::LazyLock;

use super::super::patterns::Patterns;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Said {
    Refusal,
    Leftover,
    /// What a text is to be like: two of these are a task, and no text.
    Task,
}

#[rustfmt::skip]
const LISTS: &[(&str, &str)] = &[
    ("I", "i i'm i've i'd i'll we we're"),
    ("CAN'T", "can't cannot cant won't unable not shouldn't couldn't"),
    ("WRITE", "write generate create produce compose draft craft rewrite rephrase"),
    ("WRITING", "writing generating creating producing composing drafting crafting rewriting"),
    ("WRITTEN", "written generated created composed drafted crafted produced rewritten rephrased revised"),
    ("POST", "post posts text texts tweet tweets caption captions content"),
    // What else one might be asked for, and people write.
    ("PIECE", "post posts text texts tweet tweets caption captions content note message messages sentence sentences \
        paragraph version versions example examples draft response rant joke jokes dialogue script statement piece \
        passage story poem"),
    ("TASK", "request prompt instructions instruction task requirements criteria specifications"),
    // What nobody says of what they'd write themselves.
    ("HARM", "hateful hatred offensive harmful inappropriate explicit disrespectful derogatory discriminatory \
        stereotypes stereotype abusive demeaning demeans demean sexual sexually insulting slur slurs violent violence \
        racist racism sexist homophobic transphobic threat threats threatening profanity vulgar obscene graphic \
        self-harm suicide bullying bullies harass harasses harassing harassment mock mocks mocking degrading \
        dehumanizing dehumanising defamatory misleading illegal dangerous bigoted hurtful ridicules ridicule \
        ridiculing misinformation glorifies promotes glorify targets targeting celebrates"),
    ("DETAILS", "details detail information info context specifics background"),
    ("GIVE", "share provide give tell send specify describe clarify supply"),
    ("WILLING", "happy glad delighted pleased"),
    ("CONVEYS", "conveys conveying convey evokes evoking evoke portrays portraying"),
    ("FEELING", "emotion emotions feeling feelings sense tone mood sadness joy anger fear disgust surprise grief \
        remorse pride relief love gratitude admiration amusement annoyance approval caring confusion curiosity \
        desire disappointment disapproval embarrassment excitement nervousness optimism realization frustration \
        anxiety happiness jealousy guilt shame hope loneliness nostalgia contempt envy regret worry \
        contentment boredom trust anticipation positive negative neutral"),
    ("HELPER", "professional professionals therapist counselor counsellor helpline hotline lifeline provider"),
    ("TONES", "casual informal formal conversational neutral friendly humorous positive negative angry sad lighthearted \
        sarcastic serious warm"),
];

use Said::{Leftover, Refusal, Task};

#[rustfmt::skip]
const RULES: &[(Said, &str)] = &[
    // What can't or won't be written: for what it would be, whose voice it would have, to whom it was promised.
    (Refusal, "I +3 CAN'T +3 *WRITE +6 HARM"),
    (Refusal, "I +3 CAN'T +3 *WRITE +3 hate speech|messages|content|texts|posts"),
    (Refusal, "I +3 CAN'T +3 *WRITE +2 jokes|joke|rant|content|insults|remarks about|at|that|against|targeting"),
    (Refusal, "I +3 CAN'T +3 WRITE +5 *perspective|voice|persona|viewpoint|style of"),
    (Refusal, "I +3 CAN'T +1 *roleplay|impersonate as|a|an|this|that|real|the"),
    (Refusal, "I +3 CAN'T +2 *role play as"),
    (Refusal, "I +3 CAN'T +2 take|adopt|assume|play +2 this|that *role|persona|character +1 since|because|as"),
    (Refusal, "I +2 CAN'T use|include +2 *profanity|slurs|vulgarity"),
    (Refusal, "I +2 CAN'T *WRITE the|your|this|that|such +1 POST itself|you|as|for"),
    (Refusal, "I +2 CAN'T +2 help|assist +1 you +1 *WRITE|WRITING +2 this|that|such|these|POST"),
    (Refusal, "CAN'T +2 *WRITE|provide|fulfill|fulfil +2 PIECE|what you|you've +1 requested|asked|described|wanted"),
    (Refusal, "I +2 *avoid using|WRITING those|such|these|that|slurs|profanity +3 even|in|as|because"),
    (Refusal, "hard|difficult|impossible for me +3 to *WRITE +4 authentically|about"),
    (Refusal, "POST|request|topic|subject|WRITING|TASK +5 is|falls|lies|goes|are +1 *outside|beyond +2 what|scope|my"),
    (Refusal, "isn't|not something i|i'm +2 *comfortable|prepared|willing"),
    (Refusal, "turn|turning|turned down this|your *request"),
    (Refusal, "*refuse|decline|refrain|refraining +1 to|from WRITE|WRITING +3 this|that|such|POST|message|HARM"),
    (Refusal, "*WRITING +1 a|an|such|content|posts|messages|texts +5 could|would|might|can|may +2 harm|hurt|cause|offend|promote|perpetuate|violate|mislead|encourage"),
    (Refusal, "such|this +2 content|request|prompt|post +3 could|would|might|may +2 *hurt|harm|offend|promote|perpetuate|violate|harmful|offensive|hurtful"),
    (Refusal, "right|responsible|ethical|wise|appropriate|fair for me to *WRITE|provide|engage|share"),
    (Refusal, "rather|prefer +1 to +1 *WRITE something that|else|different"),
    (Refusal, "take|taking *part in making|mocking|spreading|promoting|insulting|this"),
    (Refusal, "this|your +1 *request|task|prompt because|since|as it|this +2 asks|involves|goes|contains|promotes|is"),
    (Refusal, "*topic|subject|request is +2 too sensitive|graphic|controversial|harmful|offensive"),
    (Refusal, "i don't|won't do *insults|slurs|profanity"),
    (Refusal, "I +1 CAN'T +5 *kind|type|sort of content|request|text|post|writing"),
    // And what might be written in its place.
    (Refusal, "I +1 CAN'T *WRITE|provide|roleplay +14 i +1 can|could|i'd|would +3 offer|suggest|explain|describe|help|provide|WRITE"),
    (Refusal, "but|however|instead i can|could *WRITE +4 PIECE"),
    (Refusal, "i can|could *WRITE +4 respectful|different|alternative|milder|softer|lighthearted|another +2 PIECE"),
    (Refusal, "instead|rather of|than *WRITING +9 i|we|let's|perhaps|consider|how +2 can|could|focus|suggest|recommend|about|would|try|offer"),
    (Refusal, "i can|could|i'd +3 *help you +1 WRITE|WRITING|express|phrase|word +6 way|PIECE|instead"),
    (Refusal, "i can|could +2 *WRITE|suggest +8 instead|though|alternatively"),
    (Refusal, "if you'd|you +1 like|prefer|want i can|could +2 *WRITE|suggest|provide|rephrase +5 POST|version|different|another|softer|about"),
    (Refusal, "i can|could|i'll *adjust|revise|rewrite|rephrase|tweak|modify|shorten +1 it|POST|tone|version|wording|style +2 $"),
    (Refusal, "i can|could|i'll *adjust|revise|rewrite|rephrase|tweak|modify +1 the|it|POST|tone|version +2 if|to"),
    (Refusal, "I +3 CAN'T +3 answer|fulfill|fulfilling|complete|continue|process +1 this|that|your *prompt|request|task"),
    (Refusal, "refrain|decline|refuse +2 answering|answer|completing +1 this|that|your *prompt|request|task"),
    (Refusal, "this|the|your *request|prompt asks|involves|requires|contains|promotes|crosses|violates|is|seems +4 me|HARM|line|too|inappropriate|policies|sensitive"),
    (Refusal, "that *request|prompt crosses|violates|goes|is +3 line|inappropriate|against"),
    (Refusal, "not|isn't +1 a *POST i|i'm +1 willing|comfortable|able|can|going"),
    (Refusal, "as an *assistant $"),
    (Refusal, "something less *harmful|offensive|hurtful|hateful"),
    (Refusal, "*gentler|kinder|softer|milder|tamer|safer version|way of|to +2 POST|message|say"),
    (Refusal, "how|what about a *post|tweet|text on|about +5 instead|$"),
    (Refusal, "like a *post|tweet about +4 instead|$"),
    (Refusal, "i don't *WRITE +2 content|insults|posts|texts of|that|like"),
    (Refusal, "*outside what i|i'm +1 can|able|allowed|permitted do|to|here"),
    (Refusal, "let's|let keep +2 *respectful|positive|civil|appropriate"),
    (Refusal, "try|choose|pick|suggest|discuss|with +1 a|another +1 different|other *topic|subject|prompt|request"),
    (Refusal, "if you have +2 other|another|different *request|requests|prompt|topic"),
    // Willing, and no text.
    (Refusal, "WILLING|love to +1 *WRITE +3 that|this|it|one|POST"),
    (Refusal, "i'd|be|i'm WILLING|love to *help|assist with that|this +1 $"),
    (Refusal, "^ sure|certainly|absolutely|course|yes|okay|understood +2 i'd|i|i'm|i'll +3 *help|assist +1 you +1 with +1 that|this|your +1 $"),
    (Refusal, "^ +1 *certainly|absolutely|course +2 i'd|i|i'm|i'll +3 help|assist +1 you +1 with that|this|your"),
    (Refusal, "i|i'll|and +2 *WRITE +3 PIECE for you"),
    (Refusal, "^ +1 i can|could *WRITE a|an|the +3 PIECE that|which|for|showing|expressing"),
    (Refusal, "^ okay|sure|alright|problem|certainly|understood|ok +1 i'll|i|let +2 *WRITE +4 POST|message"),
    (Refusal, "^ +1 i|i'll +2 definitely|now|certainly|gladly *WRITE +3 that|this|POST|message"),
    (Refusal, "say the *word and i'll WRITE"),
    (Refusal, "i|i'll|we|will +1 keep the post|text|message|tweet|caption +3 *under|short|casual|concise|below|within"),
    (Refusal, "help you +1 with +2 *writing task|PIECE|TASK"),
    (Refusal, "i'll|i +1 best|try|trying to *WRITE +4 POST|message"),
    (Refusal, "let me *WRITE +3 POST|message"),
    (Refusal, "i'm|i'll|will +3 WRITE +3 from|in the *perspective|voice|viewpoint|style of"),
    (Refusal, "i can *write|do this in|from +1 several|different|the"),
    // What it asks for first.
    (Refusal, "GIVE +5 *DETAILS +8 WRITE|POST|TASK|tailor"),
    (Refusal, "GIVE me +2 *DETAILS +2 so +1 i +2 do|help|assist"),
    (Refusal, "GIVE +2 *rest|remainder of +1 TASK|POST|message|question"),
    (Refusal, "*specify +2 emotion|tone|situation|topic|context|scenario|setting|style"),
    (Refusal, "need|needs +4 DETAILS +2 to|before *WRITE|complete|fulfill"),
    (Refusal, "before i can *WRITE|assist"),
    (Refusal, "more *DETAILS about|on +2 POST|TASK|speaker|audience|tone|scenario"),
    (Refusal, "tell|give|know me +4 *audience|speaker|persona|tone|emotion"),
    (Refusal, "who is|are +1 the|your *speaker|narrator|audience"),
    (Refusal, "what|which *emotion|situation|scenario|platform|tone|topic|setting|style +1 should|would|is|do +3 POST|message|you"),
    (Refusal, "should the|this *POST +1 be|sound|mention|include|focus"),
    (Refusal, "is|should the *speaker|narrator +1 a|an|be|male|female|young"),
    (Refusal, "do|did you have +4 setting|preference|situation|scenario|topic|emotion|style|tone in *mind"),
    (Refusal, "*example|examples of what|the you|you're +1 looking|want|kind"),
    (Refusal, "*would you like it|this|the +1 to be +2 more|less|TONES"),
    (Refusal, "want|like me to +1 *WRITE|revise|adjust|shorten|change|make +4 it|POST|version|longer|shorter|tone|less|more"),
    (Refusal, "*shall i WRITE|try|revise|adjust|continue"),
    (Refusal, "^ what can i *do for you +1 $"),
    (Refusal, "your *prompt|request|input|instructions|instruction|message +1 appears|seems|looks +3 cut|incomplete|empty|blank|truncated|missing|unclear|ambiguous"),
    (Refusal, "your *prompt|request|instructions|instruction +1 is|was|got|are +3 cut|incomplete|empty|blank|truncated|missing|unclear|ambiguous"),
    (Refusal, "*described|mentioned|specified|provided|given|included in your message|request|prompt|input|instructions|question"),
    (Refusal, "you|you're|you've +1 *asking|requesting|asked|requested +1 for|me +3 PIECE +1 that|which|containing|with"),
    (Refusal, "*requested POST|material|message"),
    (Refusal, "the POST|message you *requested|wanted|asked +1 for $"),
    (Refusal, "^ who should +1 be +1 *writing|posting|speaking"),
    (Refusal, "you *looking|hoping for a +2 POST|message|sentence|version"),
    (Refusal, "what +1 the|this *post|text|tweet|message is|should +1 about"),
    (Refusal, "*rephrase|clarify|repeat|reword +1 your request|question|prompt|instructions"),
    (Refusal, "*missing from +1 your|the prompt|request|instructions|message"),
    (Refusal, "too *vague|broad|short|unclear +1 for|to +2 WRITE"),
    (Refusal, "*text to work with"),
    (Refusal, "please *enter|paste|provide|insert your|the|a +1 text|prompt|request"),
    (Refusal, "once you give|provide|tell|share|have +2 *topic|details|emotion|context|prompt"),
    (Refusal, "know the|which|what +1 *emotion|tone|topic|setting|context|style +1 you|and"),
    (Refusal, "*situation|scenario|topic and|so +1 i'll|i +1 WRITE"),
    (Refusal, "i don't understand the|your|this *instruction|instructions|request|prompt $"),
    (Refusal, "what|which|who|how +4 should the *writer|speaker|narrator|character|poster"),
    (Refusal, "*details|specifics|elements you +1 want|like +1 included|include|mentioned"),
    (Refusal, "you +2 *mention|mentioned|specify|specified +2 emotion|topic|context|situation|scenario"),
    (Refusal, "is|are the|this *post|message|tweet|caption for|meant|intended"),
    // Where help is to be had.
    (Refusal, "please|consider|recommend|encourage|urge|important|suggest|should|advise|recommended +5 seek|seeking|reach|reaching|speak|speaking|talk|talking|consult|consulting|contact|contacting +6 *licensed|qualified|trained|mental|crisis|suicide +2 HELPER|line"),
    (Refusal, "please|should|can|must +1 call|contact|dial|text|reach +6 *suicide|crisis|emergency +2 HELPER|services|line|number|prevention"),
    (Refusal, "please|consider|encourage +5 reach|reaching|talk|talking out|to +1 to +1 a *trusted friend|person|adult|professional|HELPER"),
    (Refusal, "if you or *someone you know"),
    (Refusal, "important to *seek help|support"),
    (Refusal, "if you +4 *thoughts of harming|suicide|ending|self"),
    (Refusal, "if this|it|you +4 *emergency|crisis|danger please|call|contact|dial|reach"),
    (Refusal, "a *counselor|counsellor|therapist|professional can help"),
    // Manners for all.
    (Refusal, "everyone|people deserves|deserve +2 *treated +2 dignity|respect|fairly|equally +6 regardless|no"),
    (Refusal, "perpetuate|perpetuates|promote|promotes|reinforce|reinforces +2 *stereotypes"),
    (Refusal, "violence|discrimination|harassment|hate is never +1 an|a *acceptable|justified"),
    (Refusal, "using|WRITING *slurs|insults is|are +1 never|not|isn't"),
    (Refusal, "everyone|people|respect|dignity|kindness +6 *regardless of their|background|race|gender|appearance"),
    // What it is.
    (Refusal, "*ai|models|machines|assistants like me"),
    (Refusal, "me as an|a *ai|assistant|chatbot"),
    (Refusal, "helpful *assistant $"),
    (Refusal, "^ i *lack +1 capacity|capability|ability|means +1 for|to +2 real|genuine|feel|experience|personal|human|emotions|feelings"),
    (Refusal, "don't|not|lack|no|without +2 real time +1 *access|data|information|updates|internet"),
    (Refusal, "my *capabilities|programming +1 are|do|don't|only|does|doesn't|prevents|limit"),
    (Refusal, "my training *data|cutoff"),
    (Refusal, "my *knowledge ends|cutoff|stops|only"),
    (Refusal, "as|being|i'm|am a|an +1 *machine|bot|chatbot|robot +1 i|and +2 no|don't|can't|lack|cannot|never"),
    (Refusal, "as|being a|an *digital|virtual|ai assistant|model i|my"),
    (Refusal, "don't|not have +1 a|any *physical|human body|form|brain|senses|life"),
    (Refusal, "not|wasn't|been *trained|programmed|designed to +1 express|generate|write|answer|provide|respond|hold|give|have|share"),
    (Refusal, "i +1 was|am *developed|created|trained|built by +1 openai|anthropic|google|meta|team|researchers|engineers|developers +2 and|so|of|$"),
    (Refusal, "*ability to +1 form|have|hold|feel|experience +2 opinions|emotions|beliefs|preferences|personal"),
    (Refusal, "don't|not|cannot|can't experience +2 *emotions|feelings +3 humans|people|human"),
    (Refusal, "i am|i'm +1 *software|code $"),
    (Refusal, "exist +1 only|just|solely as|in *code|software|data"),
    (Refusal, "not a *human being so|and +1 i"),
    (Refusal, "text based *assistant|model|ai"),
    (Refusal, "*machine learning model i"),
    (Refusal, "i +1 only have *information|knowledge|data up|until|through"),
    (Refusal, "my *answers|responses are +1 generated|based|produced"),
    (Refusal, "can't|cannot|not|unable +2 *browse|access the internet|web"),
    (Refusal, "not|no +2 *memories|feelings|experiences|emotions|opinions of my own"),
    // A text like the one that was asked for.
    (Leftover, "accordance|per|according|following|meets|meet|fits|match|matches|matching|satisfies|fulfills|based +2 your *instructions|requirements|requirement|specifications|prompt|request"),
    (Leftover, "based on +1 the|these|this *instructions|prompt|request"),
    (Leftover, "as *requested +4 POST|message|version"),
    (Leftover, "POST|it +8 as *requested $"),
    (Leftover, "thank|thanks +1 for +2 *request|prompt $"),
    (Leftover, "^ great|good|interesting|nice|fun *prompt $"),
    (Leftover, "you|you've +1 *asked|requested +1 for a|an|the +2 PIECE +1 that|about|from|in|$"),
    (Leftover, "feel free to *adjust|modify|tweak|personalize|personalise|customize|customise|adapt|replace|revise"),
    (Leftover, "feel *free to change +4 names|name|details|wording|needs|style"),
    (Leftover, "this|the|my|above version|post|text|caption|tweet|message|response|sentence|paragraph|draft +1 *CONVEYS|expresses|captures|reflects|demonstrates"),
    (Leftover, "the post|text|message|tweet *above|below shows|is|expresses|uses|has|captures|reflects"),
    (Leftover, "this|the|my|above version|post|text|caption|tweet|response|draft +1 uses|keeps|includes|avoids|maintains|has|features +4 *tone|slang|language|voice|emotion|person|hashtags|hashtag|perspective|wording|imagery"),
    (Leftover, "*CONVEYS +3 FEELING"),
    (Leftover, "while still|also *CONVEYS|expressing|capturing|maintaining|keeping"),
    (Leftover, "POST|message|version that|which *shows|expresses|conveys|captures|demonstrates|reflects +2 FEELING"),
    (Leftover, "post|tweet|text|message|sentence|caption|texts|posts +1 *expressing|expresses|conveying|conveys|showing +2 FEELING"),
    (Leftover, "POST|message|note +1 *written by|from +1 a|an|the"),
    (Leftover, "is *written from|in +1 the|a|first|third perspective|point|voice|style|person"),
    (Leftover, "*tone of the|this PIECE is|should|remains"),
    (Leftover, "*tone is|remains TONES and"),
    (Leftover, "the *emotion in|of|here|being|conveyed|expressed +3 is|PIECE"),
    (Leftover, "*emotion is +1 never|not|implied|clear|conveyed|shown|expressed"),
    (Leftover, "the *speaker|author|narrator|poster feels|expresses|conveys|reveals|sounds|reflects|seems"),
    (Leftover, "i|i've +1 kept|chose|used|tried|included|avoided|aimed|focused|opted|left|made|added +9 *hashtags|hashtag|emotion|setting|concise|wording"),
    (Leftover, "kept|keep|keeping it|POST +1 under|within|below +2 *words|characters"),
    (Leftover, "i|i've|have +1 *WRITTEN +3 PIECE|it +3 style|tone|first|voice|perspective|using|lowercase|reflect"),
    (Leftover, "avoided|avoiding|without +1 using|naming|mentioning|stating +4 *emotion|hashtags|hashtag"),
    (Leftover, "name|mention the *emotion|feeling"),
    (Leftover, "this|it is|was +2 *fictional|sample|fictitious|hypothetical|template post|text|tweet|message|piece|example|scenario|caption"),
    (Leftover, "replace the|any|with +1 *bracketed|placeholder|placeholders|brackets"),
    (Leftover, "not *reflect|represent +3 views|opinions of"),
    (Leftover, "if you|you'd +2 need|want|like|prefer +3 *examples|versions|variations|adjustments|revisions|edits +6 ask|know"),
    (Leftover, "let me know if you|you'd|this|it +6 *changes|adjustments|revisions|modifications|variations|requirements|edits|tweaks|expectations"),
    (Leftover, "know|tell me what you think of|about the|this *POST"),
    (Leftover, "hope this|it *captures|fits|conveys|reflects|suits +4 you|looking|mind|wanted|expectations|needs|requirements|feeling"),
    (Leftover, "hope this|it *meets +1 your"),
    (Leftover, "*hope +5 you had|were in|looking|asking"),
    (Leftover, "my previous|last|earlier|initial *answer|response|output|version|attempt +8 you|helpful|incorrect|expectations"),
    (Leftover, "sorry|apologize|apologise|apologies +6 my previous|earlier|last|initial *response|answer|output|version"),
    (Leftover, "let me|let's think +1 about|through +2 what|the +2 *asked|wanted|requested|prompt|instructions|task is|for|here"),
    (Leftover, "the *user wants|asked|asks|requested|needs +3 me|post|text|short|message|tweet"),
    (Leftover, "^ to|in +2 *WRITE|express|convey +4 PIECE you|we|one|start|first|it"),
    (Leftover, "one|another|possible way to *WRITE|phrase|express|word +1 this|the|a|that +1 PIECE|emotion|feeling"),
    (Leftover, "^ +1 let's|we *WRITE +3 PIECE +1 that|about|showing|expressing|in|from"),
    (Leftover, "we need|have to *WRITE +3 POST|sentence|message"),
    (Leftover, "^ +1 *below is|are +5 PIECE"),
    (Leftover, "^ *below you will|can|you'll find|see"),
    (Leftover, "^ +2 the *following is|are +2 POST|message|version|example|response"),
    (Leftover, "^ +2 the *following PIECE +2 expresses|shows|conveys|captures|is|was"),
    (Leftover, "^ here|here's +1 is|are +3 *options|variations|alternatives +2 $"),
    (Leftover, "^ one|another *possible|alternative version|post|text|tweet|response +1 $"),
    (Leftover, "^ +2 my take|attempt|try|response at|on|to +1 the|this|a +1 *prompt|POST|TASK|tweet"),
    (Leftover, "^ *insert +3 here $"),
    (Leftover, "*words long $"),
    (Leftover, "the +1 person|speaker|author|writer|narrator|man|woman in this *post|text|example|message"),
    (Leftover, "meant|supposed|intended to *sound TONES|bitter|like|natural|real|authentic"),
    (Leftover, "make|makes|made it +1 *sound|feel|read like|authentic|natural|realistic +3 $"),
    (Leftover, "i *aimed for|to +4 tone|voice|style|mood"),
    (Leftover, "try|consider using +2 *sentences|details|imagery|language"),
    (Leftover, "you could|might|can *say|write|try|post something|this like|along"),
    (Leftover, "^ when *writing|expressing +1 about +1 FEELING"),
    (Leftover, "a good|great|convincing|strong|effective +1 *post|tweet|text +4 should|would|could|is|needs"),
    (Leftover, "*WRITING a|about +1 post|tweet|text|message|FEELING +3 is|can|requires"),
    (Leftover, "a *post|tweet about +4 could|might|coming|would"),
    (Leftover, "what i *came up with $"),
    (Leftover, "find the|your +1 POST *below"),
    (Leftover, "*below for the text|post"),
    (Leftover, "response|reply to the|your|this *prompt|request|task"),
    (Leftover, "*convincing|realistic|authentic|believable|relatable +1 post|message|tweet|text|caption"),
    (Leftover, "great|good|interesting *topic|prompt for a post|tweet|text"),
    (Leftover, "the *writer|poster|author|speaker is +1 clearly|obviously +2 FEELING|annoyed|frustrated|upset|angry|sad|happy"),
    (Leftover, "sound|sounds like a *real person|human"),
    (Leftover, "*replace the +3 with your own|real|actual"),
    // The task over again.
    (Leftover, "^ *WRITE|imagine +4 POST|media +1 about|that|in|from|by|where|which|expressing|showing|post"),
    (Leftover, "^ *WRITE a|an|one|two|three +2 PIECE that|expressing|from|showing|which|conveying|in"),
    (Leftover, "^ *rewrite the|this|following +1 PIECE"),
    (Leftover, "make *sure +1 that|the|your +1 the|your POST|message|response|answer"),
    (Leftover, "the|your *POST|message|sentence should|must|will|needs +3 short|brief|casual|tone|first|third|hashtags|emotion|informal|include|express|convey|reflect|mention|avoid|sound|contain|exceed|written|between"),
    (Leftover, "^ *respond|output|return|reply only|with|just +3 post|text|sentence|tweet"),
    (Leftover, "^ *write in|like|as the|a|someone +1 first|third|second|style|voice|who|if"),
    (Leftover, "your *task is to +1 WRITE"),
    (Leftover, "not mention|name|state the *emotion|feeling"),
    (Leftover, "^ include|add one|two|at|a|some +2 concrete|specific|sensory|vivid +1 *detail|details"),
    (Leftover, "^ keep it +2 *natural|casual|conversational|informal|realistic|concise"),
    (Leftover, "^ answer in *english $"),
    (Task, "first|third *person"),
    (Task, "no|any|without|use|using *hashtags|hashtag|emojis"),
    (Task, "TONES *tone|language"),
    (Task, "no|any|emotion *words"),
    (Task, "*short|brief +1 post|text|message|tweet"),
    (Task, "social *media post"),
    (Task, "the *emotion|feeling of|itself|directly|clear|without"),
    (Task, "word *limit|count"),
    (Task, "under|exceed|exactly|within|between +4 *words|characters"),
    (Task, "point of *view of"),
    (Task, "the *speaker is|was|has|sounds"),
    (Task, "do not use|name|mention the|any +1 *word|words|emotion|feeling"),
    (Task, "write|describe +2 in one|two|a *sentence|sentences"),
];

pub static BUILT: LazyLock<Patterns<Said>> = LazyLock::new(|| Patterns::new(LISTS, RULES));

#[cfg(test)]
mod tests {
    use super::super::super::text::Text;
    use super::super::{Talk, talk};
    use super::*;

    fn told(list: &str) -> impl Iterator<Item = (&str, Talk)> {
        list.lines().map(str::trim).filter(|line| !line.is_empty()).map(|line| (line, talk(&Text::new(line))))
    }

    #[test]
    fn an_assistant_talks_and_writes_nothing() {
        let refusals = "
            I won't write jokes about someone's illness.
            I'm not able to produce texts from the perspective of a celebrity.
            I can't write this, but I can write a kinder version of the post.
            It wouldn't be responsible for me to write a threatening post.
            Happy to write that! Is the speaker a child or a grown-up?
            Could you share some details about the day so that I can write the post?
            Your prompt seems to be cut off.
            Please consider reaching out to a licensed therapist.
            AI models like me never get tired.
            My knowledge ends in 2021.";
        for (line, talk) in told(refusals) {
            assert!(talk.refusal, "{line}");
        }
        let leftovers = "
            This version uses more slang and a casual tone.
            I have kept it under 30 words.
            The tone of the message is bitter.
            I hope this captures the feeling you were looking for.
            One possible version:
            Write a short message in which somebody says thank you.
            The post should be casual and avoid hashtags.
            First person, casual tone, a plain voice.";
        for (line, talk) in told(leftovers) {
            assert!(talk.leftover, "{line}");
        }
    }

    #[test]
    fn people_who_sound_like_it_write_something() {
        let people = "
            I can't write anymore, my hand cramps after two pages
            I won't write about my divorce here, my kids read this
            I can't describe how violent that storm was
            I'm happy to help with the move, just bring beer
            give me more details about the date!!!
            I'd love to help with your garden, I miss mine
            I talk to a licensed therapist now and it's the best money I spend
            my therapist says I lack the ability to feel anger
            The chatbot said as a language model it can't feel love. Same, buddy.
            I must decline all invitations until the puppy learns where the bathroom is
            I am unable to comply with \"casual Friday\" because I own one pair of trousers
            I'm a virtual assistant for three clients and all three want to be called on Christmas
            this text from my dad captures everything about him
            her casual tone made it worse
            instead of writing my thesis I cleaned the oven
            the author of my favorite book replied to me!!
            Thanks for the request to come back, but no
            Writing this could hurt some of you but I'm leaving the church";
        for (line, talk) in told(people) {
            assert_eq!(talk, Talk::default(), "{line}");
        }
    }

    #[test]
    fn every_pattern_has_a_word_that_is_seldom() {
        for (_, pattern) in RULES {
            assert!(pattern.split(' ').any(|token| token.starts_with('*')), "{pattern}");
        }
    }
}
