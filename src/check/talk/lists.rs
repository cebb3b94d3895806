//! What is looked for: phrases that stand apart, where one that ends in `*` may go on in the same word.

#[rustfmt::skip]
pub const REFUSALS: &[&str] = &[
    "as an artificial intelligence", "as an ai model", "as a virtual assistant", "as a text-based ai",
    "as a responsible ai", "as a helpful assistant", "i am an artificial intelligence",
    "i'm an artificial intelligence", "openai's",
    "openai policy", "usage policies", "use policy", "safety guidelines", "ethical guidelines",
    "my guidelines", "i am designed to be", "i'm designed to be", "i was designed to be",
    "i am not programmed to", "i'm not programmed to", "i don't think i should write",
    "i shouldn't write", "i should not write", "i can't in good conscience",
    "i cannot in good conscience", "i can't assist", "i cannot assist", "i'm unable to assist",
    "i am unable to assist", "i'm not able to assist", "i am not able to assist", "can't fulfill", "cannot fulfill", "can't fulfil",
    "cannot fulfil", "unable to fulfill", "unable to fulfil", "unable to provide the help",
    "respectfully decline", "i don't have the ability to feel",
    "i do not have the ability to feel", "i don't have personal opinions",
    "i do not have personal opinions", "i don't have a personal life", "i do not have a personal life",
    "i don't have real emotions", "no puedo escribir ese tipo de", "no puedo escribir este tipo de",
    "no puedo crear contenido", "no puedo proporcionar", "lo siento, no puedo ayudar",
    "je ne peux pas écrire ce", "je ne peux pas créer", "je ne peux pas fournir",
    "ich kann keinen text schreiben", "ich kann diesen text nicht", "ich kann solche inhalte",
    "kann ich nicht erfüllen", "non posso soddisfare questa richiesta", "non posso generare",
    "não posso atender a esse pedido", "não posso gerar", "não posso criar", "as an ai language model",
    "as an ai, i", "as an ai i", "as an ai assistant", "i am an ai assistant", "i'm an ai assistant",
    "i am an ai language model", "i'm an ai language model", "i am just an ai", "i'm just an ai",
    "i am only an ai", "i'm only an ai", "i am a language model", "i'm a language model",
    "against my guidelines", "against my programming", "against my content policy",
    "my programming does not allow", "my programming doesn't allow", "my guidelines do not allow",
    "my guidelines don't allow", "i am programmed to", "i'm programmed to", "violates my content policy",
    "violates our content policy", "violates the content policy", "violates content policy",
    "your request can't be", "your request cannot be", "decline this request", "decline your request",
    "decline to write", "decline to generate", "something else i can help",
    "anything else i can help you with", "i do not have personal emotions",
    "i don't have personal emotions", "i do not have personal experiences",
    "i don't have personal experiences", "i do not have feelings or", "i do not have emotions or",
    "je ne peux pas répondre à cette demande", "je ne peux pas répondre à votre demande",
    "je ne peux pas générer", "je ne peux pas vous aider avec cette demande",
    "en tant que modèle de langage", "en tant qu'ia", "no puedo ayudar con esa solicitud",
    "no puedo ayudarte con esa solicitud", "no puedo cumplir con esta solicitud",
    "no puedo cumplir con esa solicitud", "no puedo generar contenido", "como modelo de lenguaje",
    "diese anfrage nicht erfüllen", "dieser anfrage nicht nachkommen", "bei dieser anfrage nicht helfen",
    "als ki-sprachmodell", "als sprachmodell",
];

#[rustfmt::skip]
pub const DENIED: &[&str] = &[
    "isn't something i can", "is not something i can", "isn't something i'm able",
    "is not something i am able", "is not possible for me", "i must refuse", "i have to refuse",
];

#[rustfmt::skip]
pub const NOTS: &[&str] = &[
    "i should not", "i shouldn't", "not within my", "outside my capabilities", "beyond my capabilities",
    "i refuse to", "i have to refuse", "i am prohibited from", "i'm prohibited from", "i can't",
    "i cant", "i cannot", "i can not", "i could not", "i am unable to", "i'm unable to",
    "i am not able to", "i'm not able to", "i won't", "i will not", "i cannot and will not",
    "i must decline to", "i am not comfortable", "i'm not comfortable", "i don't feel comfortable",
    "i do not feel comfortable", "i would rather not", "i'd rather not", "i am not allowed to",
    "i'm not allowed to", "appropriate for me to",
];

#[rustfmt::skip]
pub const DOES: &[&str] = &[
    "compose", "composing", "simulate", "impersonate", "depict", "assist", "assisting", "fulfill",
    "fulfil", "fulfilling", "comply", "generate", "generating", "produce", "producing", "engage in",
    "participate in", "take part in that", "promote",
];

#[rustfmt::skip]
pub const MAY: &[&str] = &[
    "help", "helping", "create", "creating", "write", "writing", "provide", "providing", "continue",
    "complete", "respond", "answer", "discuss", "offer", "support", "share", "do that", "do this",
];

#[rustfmt::skip]
pub const OBJECTS: &[&str] = &[
    "such content", "this kind of", "that kind of", "this type of", "that type of", "those instructions",
    "these instructions", "that text", "this text", "such text", "such texts", "texts that", "any text",
    "a tweet", "real individuals", "real people", "real person", "inappropriate", "discriminatory",
    "hatred", "violence", "self-harm", "stereotypes", "insults", "request", "requests", "prompt",
    "content", "a post", "of post", "such a post", "that post", "this post", "posts that", "a text",
    "such a text", "of text", "text that", "a message", "something that", "this topic", "that topic",
    "another topic", "this task", "this conversation", "hate speech", "hateful", "offensive", "harmful",
    "explicit", "material", "you with this matter", "guidelines",
];

#[rustfmt::skip]
pub const SORRY: &[&str] = &[
    "apologies", "sorry", "i apologize", "i apologise", "my apologies", "unfortunately", "i'm afraid",
    "i am afraid", "i regret", "please note",
];

#[rustfmt::skip]
pub const OFFERS: &[&str] = &[
    "how about a", "let me know if you", "would you like", "happy to help", "i can suggest",
    "i can offer", "i'd be happy to", "i can help you with", "instead, i can",
];

#[rustfmt::skip]
pub const LEFTOVERS: &[&str] = &[
    "i hope you like this post", "i hope you like the post", "i hope this post", "i hope this text",
    "feel free to edit", "feel free to adjust", "feel free to modify", "feel free to customize",
    "feel free to tweak", "(tone:*", "(emotion:*", "(sentiment:*", "(context:*", "<assistant>*",
    "<user>*", "<end>*", "<eos>*", "</answer>*", "<answer>*", "[end of text]*", "[end of post]*",
    "as per your request", "per your instructions", "this text conveys", "this text expresses",
    "this text shows", "this sentence expresses", "this sentence conveys", "this message conveys",
    "this message expresses", "the author expresses", "the speaker expresses", "<text>*", "</text>*",
    "<|*", "|>*", "{{*", "}}*", "{%*", "%}*", "[inst]*", "[/inst]*", "<<sys>>*", "<</sys>>*", "<s>*",
    "</s>*", "<think>*", "</think>*", "<start_of_turn>*", "<end_of_turn>*", "### *", "```*", "\\n*",
    "\\u0*", "\\\"*", "{\"*", "\"}*", "\"text\":*", "\"text\" :*", "you are a helpful assistant",
    "i am a helpful assistant", "(word count*", "(this post*", "(this text*", "(note: *",
    "this post expresses", "this post shows", "this post conveys", "this post captures",
    "this post reflects", "the text of the post is", "let me know if you'd like me to adjust",
    "let me know if you'd like me to change", "let me know if you'd like me to revise",
    "let me know if you'd like me to write", "let me know if you'd like me to make",
    "let me know if you would like me to", "let me know if you'd like any changes",
    "let me know if you need another", "let me know if you need any changes",
    "let me know if you need any adjustments", "let me know if you want another version",
    "would you like me to adjust", "would you like me to revise", "would you like me to write another",
    "hope this meets your",
];

#[rustfmt::skip]
pub const COUNTS: &[&str] = &["word count:*", "character count:*", "words)*"];

/// Names of parts of an answer or a chat, which a colon follows.
#[rustfmt::skip]
pub const PARTS: &[&str] = &[
    "example", "rewritten", "revised", "rewritten version", "revised version", "final version", "updated version", "answer",
    "context", "topic", "assistant response", "generated text", "final answer", "prompt", "instruction",
    "input", "assistant", "user", "system", "human", "output", "response", "post", "text", "tweet",
    "caption", "emotion", "sentiment", "tone", "label", "social media post",
];

/// Names of parts where a number stands behind them.
pub const NUMBERED: &[&str] =
    &["post", "option", "version", "example", "tweet", "text", "caption", "message"];

#[rustfmt::skip]
pub const PLACEHOLDERS: &[&str] = &[
    "xyz company", "abc company", "company xyz", "lorem ipsum", "@[*", "%s", "(insert*", "<insert*",
    "[insert*", "{insert*",
];

/// Words of which one is enough, in brackets, for a placeholder.
#[rustfmt::skip]
pub const FILLED: &[&str] = &[
    "name", "names", "friend", "friend's", "city", "town", "country", "place", "location", "restaurant",
    "company", "brand", "product", "team", "date", "time", "day", "event", "title", "job", "position",
    "username", "user", "person", "topic", "emotion", "context", "number", "amount", "age", "hobby",
    "pet", "book", "movie", "song", "artist", "band", "activity", "boss's", "wife's", "husband's",
    "your", "here", "school", "university", "street", "address", "item", "email", "phone", "hashtag",
    "hashtags", "sport", "food", "partner",
];

/// Masks that an anonymiser leaves, and other tags that people read as such.
#[rustfmt::skip]
pub const MASKS: &[&str] = &[
    "NAME", "HANDLE", "EMAIL", "PHONE", "URL", "IP", "CARD", "ID", "RELIGION", "GENDER", "RACE",
    "DISABILITY", "AGE",
];
