//! Sentences that are aimed at somebody: insults, threats, wishes, and groups that are said to be no people.

use std::ops::Range;
use std::sync::LazyLock;

use super::super::patterns::Patterns;
use super::super::text::Text;
use crate::config::resolved::ToxicityLevel as Level;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Aim {
    /// Harm: threats, wishes, hate. As it stands.
    Harm,
    /// An insult, unless it is a friend's.
    Insult,
    /// The same, unless the speaker stands in the sentence.
    Behind,
    /// A word that some throw at no one in particular: at the strict level alone.
    Loose,
    /// What makes harm harmless: a game, a joke, a saying.
    Harmless,
    /// What only a friend says.
    Friend,
    /// What is no people, so that "vermin" is just what it is.
    Pest,
}

#[rustfmt::skip]
const LISTS: &[(&str, &str)] = &[
    ("YOU", "you you're youre ur u y'all ya"),
    ("YOU'RE", "you're youre ur"),
    ("ONE", "you u him her them em"),
    ("ONES", "your his her their ur"),
    ("BE", "is are was were am be being sounds looks acts he's she's they're that's who's you're you"),
    ("FOUL", "idiot idiots moron morons imbecile imbeciles loser losers coward cowards clown clowns bastard bastards \
        asshole assholes arsehole arseholes dumbass dumbasses jackass jackasses cuck cucks junkie bum hag creep creeps \
        douche douchebag douchebags prick pricks dick dicks twat twats wanker wankers dickhead dickheads dipshit dipshits \
        shithead shitheads halfwit halfwits dimwit dimwits nitwit dunce simpleton buffoon fuckwit fuckwits fuckhead \
        fucker fuckers motherfucker motherfuckers cocksucker asshat asshats scumbag scumbags lowlife lowlifes pervert \
        perverts incel incels crybaby manchild tosser bellend knobhead cretin cretins degenerate degenerates retard \
        retards tard fatass fatso fatty lardass skank skanks hoe slag bimbo freak freaks witch weirdo weirdos"),
    ("BASE", "scum scumbag scumbags trash garbage filth pig pigs swine cow bitch bitches parasite parasites vermin \
        cockroach ape whore whores slut sluts cretin degenerate lowlife fatass fatso retard cunt cunts leech maggot slob \
        disgrace troll monkey savage toad snake hack brat cock"),
    // Of whom it is said behind their back.
    ("VILE", "scumbag scumbags lowlife bitch cunt whore slut pig cow degenerate retard cretin skank scum hag filth vermin pervert \
        dickhead dipshit moron imbecile"),
    ("LOW", "stupid dumb ugly fat worthless pathetic disgusting filthy dirty useless spineless ignorant arrogant brainless \
        braindead miserable greedy retarded slimy vile revolting nasty lying talentless gutless cowardly lazy smelly \
        clueless delusional dense crusty miserable hateful thick evil rotten bitter"),
    ("SWEAR", "fucking fuckin fkn f effing freaking frigging damn goddamn bloody absolute utter total complete real little \
        big huge massive old sad fat such literal"),
    ("ART", "a an the such all nothing just but still really literally clearly being always so one of some kind"),
    ("SOMEONE", "he she who whoever boss manager coworker coworkers colleague neighbor \
        neighbors neighbour neighbours landlord ex husband wife teacher principal guy guys man woman dude lady kid kids \
        referee ref driver drivers mayor president senator politician politicians owner mother father brother sister \
        roommate cop cops customer customers doctor nurse player players coach cashier waiter"),
    ("GROUP", "immigrants migrants refugees foreigners muslims islam jews arabs blacks whites asians mexicans gypsies roma \
        gays lesbians homos queers homosexuals homeless poor disabled women men girls feminists christians catholics hindus \
        indians africans chinese liberals conservatives democrats republicans transgenders trannies males females \
        infidels atheists jew muslim zionists latinos hispanics pakistanis turks poles russians americans boomers \
        autistics cripples blondes trans"),
    ("PEOPLE", "people folks men women kids girls boys guys person"),
    ("KIND", "black white brown gay trans old poor fat disabled autistic jewish muslim indian chinese asian mexican arab \
        homeless foreign queer lesbian roma russian polish african hispanic latino transgender homosexual crippled deaf"),
    ("BEAST", "animals pigs rats vermin parasites savages scum trash garbage filth plague disease cancer cockroaches \
        monkeys apes leeches terrorists rapists subhuman subhumans swine pests maggots criminals thieves liars whores sluts \
        perverts freaks sheep inferior disgusting filthy degenerates invaders pedophiles groomers abominations burden \
        infestation virus demons burdens idiots morons retards lazy stupid brainless evil thugs violent mentally \
        subhumans uncivilized barbarians"),
    ("HURT", "raped shot stabbed aids cancer beaten murdered deported hanged lynched ebola leukemia tortured mauled \
        crushed covid"),
    ("KILL", "kill murder hurt strangle stab shoot choke gut skin bury rape torture slap punch smash execute butcher \
        slaughter behead poison drown hang lynch whip beat slit"),
    ("BODY", "neck face bone bones head throat legs skull house teeth fingers arms jaw nose ass balls brains knees car"),
];

use Aim::{Behind, Friend, Harm, Harmless, Insult, Loose, Pest};

#[rustfmt::skip]
const RULES: &[(Aim, &str)] = &[
    // To the face.
    (Insult, "YOU'RE +1 ART|SWEAR +2 *FOUL|BASE"),
    (Insult, "YOU'RE +1 *FOUL"),
    (Insult, "you|u are|r +1 ART|SWEAR +2 *FOUL|BASE"),
    (Insult, "are|aren't|were you +1 ART +3 *FOUL|BASE"),
    (Insult, "your a|an|such +2 *FOUL|BASE"),
    (Insult, "you|u +1 LOW|SWEAR +2 *FOUL|BASE"),
    (Insult, "YOU +1 *FOUL"),
    (Insult, "you|u *BASE $"),
    (Insult, "^ +1 listen|hey|hi|wow|look|okay|ok|yo|well +1 here|you|up|here *FOUL|bitch"),
    (Insult, "YOU'RE +4 *disgrace|embarrassment|fraud|failure +1 and|to"),
    (Insult, "you|u +1 braindead|brainless|brain|stupid|dumb|ignorant|blind +1 dead *sheep|zombie|zombies|drone"),
    (Insult, "YOU|YOU'RE +1 are|is|such|ART +3 *piece|sack|pile|bag of +1 shit|crap|filth|garbage|trash|turd|scum"),
    (Insult, "LOW|FOUL|SWEAR|worthless *piece|sack|pile|bag of shit|crap|filth|garbage|trash|turd"),
    (Insult, "YOU'RE +1 so|too|just|fucking *ugly|worthless|pathetic|disgusting|useless|retarded|brainless|vile|fat"),
    (Insult, "you|u are|r +1 so|too|just|fucking *ugly|worthless|pathetic|disgusting|useless|retarded|brainless|vile|fat"),
    (Insult, "FOUL|BASE +1 please YOU'RE *trash|garbage|scum|pathetic"),
    (Insult, "^ YOU'RE *pathetic|worthless|disgusting|fat|ugly|stupid|dumb|useless|nothing|nobody|trash|garbage|scum|retarded"),
    (Insult, "^ you|u are|r *pathetic|worthless|disgusting|ugly|stupid|dumb|useless|nothing|nobody|trash|garbage|scum|retarded"),
    (Insult, "YOU'RE|are|be the *dumbest|stupidest|ugliest|worst +2 person|people|human|thing|creature|man|woman|idiot|moron|ever"),
    (Insult, "YOU +2 *disgust me|us|everyone"),
    (Insult, "you|u make me *sick|vomit|puke +1 $"),
    (Insult, "how stupid|dumb|dense|thick|ignorant are *you|u"),
    (Insult, "^ +1 are you +2 *stupid|dumb|retarded|braindead|illiterate|deaf|dense"),
    (Insult, "what kind|sort of *FOUL"),
    (Insult, "only|just a|an +1 *FOUL would|could|can"),
    (Insult, "*waste of +1 oxygen|air|skin|sperm|space|human"),
    (Insult, "sorry|poor|pathetic|disgusting|miserable|sad|lousy *excuse for|of +1 a|an"),
    (Insult, "YOU +4 *disgrace|embarrassment to"),
    (Insult, "YOU|have|has +4 *brain|brains|iq|intelligence of|like +1 a|an|two|room"),
    (Insult, "you|your|u +4 *dumber|uglier|stupider|fatter than"),
    (Insult, "YOU +1 as *useless|dumb|stupid|ugly as"),
    (Insult, "if *brains were|was"),
    (Insult, "*smarter things|rocks|people than you"),
    (Insult, "nothing|anything but a +2 *FOUL|BASE"),
    (Insult, "you|u +1 look|looks|smell|smells|sound|sounds like +1 a|an|literal|pure +2 *BASE|FOUL|troll|gorilla|whale|hippo|corpse|trash|shit|ass"),
    (Insult, "she|he +1 looks|look|smells like +1 a|an +2 *whale|hippo|pig|cow|gorilla|corpse|ape|rat|horse|whore"),
    (Insult, "your|ur +1 LOW *face|mouth|ass|body|teeth|voice|brain|family|mother|mom"),
    (Insult, "YOUR|your mother|mom|mum|wife|sister|daughter|girlfriend +1 is|was +2 *whore|slut|hoe|bitch|cow|pig|cunt|skank"),
    (Insult, "*shut your|ur +1 mouth|face|trap|hole|pie|yap|trap"),
    (Insult, "*shut the fuck|hell|f up +1 you|FOUL|BASE|nobody"),
    (Insult, "*stfu|shut +2 you|u|up LOW|FOUL|BASE"),
    (Insult, "*stfu|gtfo you|u|FOUL|BASE|bitch"),
    (Insult, "FOUL|BASE|trash|garbage|scum|cripples|losers|retards|idiots|morons|clowns *like you|u"),
    (Insult, "^ *fuck|fck|fuk you|u|ur +1 and|you|bitch|FOUL|BASE|asshole|$"),
    (Insult, "^ *fuck your|ur|his|her|their feelings|mother|family|life|face"),
    (Insult, "^ *fuck|piss|bugger|sod|eff|fck|fuk|phuck off +1 you|FOUL|BASE|and|$"),
    (Insult, "go *fuck|screw yourself|urself|yourselves"),
    (Insult, "^ +1 *screw you|u +1 and|you|FOUL|everyone|your|man|$"),
    (Insult, "*suck|lick|kiss|choke my|on|a +2 dick|cock|balls|ass|arse|dicks|nuts|clit"),
    (Insult, "*eat shit"),
    (Insult, "YOU +1 can|should|could +1 *go to hell|die"),
    (Insult, "^ +1 go *to hell +1 you|FOUL|LOW|and|$"),
    (Harm, "*burn|rot in hell"),
    (Insult, "nobody|no|noone one|likes|wants|loves|cares|asked +2 *likes|loves|wants|asked you|ur|your +2 $"),
    (Insult, "^ *nobody|everyone|everybody likes|hates|loves|despises you"),
    (Insult, "*nobody wants to see your"),
    (Insult, "*crawl|slither back +2 under|into|in|to"),
    (Insult, "*cry more|harder|snowflake +2 you|snowflake|FOUL|LOW|mommy|bitch"),
    (Insult, "keep *crying +1 you|snowflake|FOUL|LOW|bitch"),
    (Insult, "go *cry to|about|FOUL|you"),
    (Insult, "you|you're +1 LOW|little|fragile *snowflake"),
    (Insult, "get *lost +1 FOUL|BASE|you"),
    (Insult, "*delete your +1 account you|talentless|clown|and"),
    (Insult, "you'll *die alone"),
    (Insult, "YOU +1 were|are +1 a *mistake"),
    (Harm, "should|should've +2 *aborted|swallowed you|$"),
    (Insult, "being this|that|so *ugly|dumb|stupid|fat and"),
    (Insult, "bet you|u +2 *cry|still +2 to|yourself|in|your|with"),
    (Insult, "put the *fork down"),
    (Insult, "don't|stop|quit be|being +1 such +2 a +2 *bitch|pussy|FOUL"),
    (Insult, "stop|quit being +1 such +1 a|an|so +3 *bitch|pussy|FOUL|BASE|stupid|dumb|pathetic"),
    (Insult, "YOU'RE|are +1 being|acting +2 a|an|like +3 *dick|prick|bitch|ass|FOUL|BASE"),
    // Behind the back.
    (Behind, "SOMEONE +2 is|are|was|were ART|SWEAR +2 *VILE"),
    (Behind, "he's|she's|they're|who's ART|SWEAR +2 *VILE"),
    (Behind, "he's|she's|they're *scum|trash|vermin|pigs"),
    (Behind, "they|these|those|them are|were +2 *vermin|scum|filth|subhuman|subhumans|parasites|leeches|savages|barbarians|degenerates|cockroaches|maggots|lowlifes|scumbags"),
    (Behind, "they're|theyre +2 *vermin|filth|subhuman|subhumans|parasites|leeches|savages|barbarians|degenerates|cockroaches|maggots|lowlifes|scumbags"),
    (Behind, "they are|were +2 *plague|cancer|infestation|disease|virus on|upon|to"),
    (Behind, "they're|theyre +2 *plague|cancer|infestation|disease|virus on|upon|to"),
    (Behind, "are|they're|theyre +1 less than *human|humans"),
    (Behind, "are|they're|theyre +1 no better than *animals|beasts|dogs|rats|pigs|vermin|apes"),
    (Behind, "nothing|anything but +2 *vermin|savages|parasites|rats|pigs|scum|leeches|trash|filth|subhumans|animals|cockroaches"),
    (Behind, "they|them|these|those|people +2 breed|breeding|multiply|multiplying|swarm|swarming like *rats|roaches|cockroaches|vermin|locusts"),
    (Behind, "SOMEONE|people +1 is|are *scum|vermin|filth|brainless|braindead|subhuman"),
    (Behind, "what a|an LOW|SWEAR +1 *FOUL|BASE"),
    (Behind, "what a *bitch|cunt|slut|whore|pig|scumbag"),
    (Behind, "^ +1 that|this|what|the|a|an|these|those LOW +1 *FOUL|BASE"),
    (Behind, "^ +1 LOW|fucking|SWEAR +1 *FOUL|cunt|bitch|whore|slut|pig|pigs|cow|scum +1 $"),
    (Behind, "LOW|fucking|lying *idiot|idiots|moron|morons|cunt|cunts|bitch|asshole|assholes|scum|retard|retards|whore|slut|cow|pig|pigs|bastard|bastards|prick|loser|losers|coward|cowards"),
    (Behind, "^ *moron|morons|dumbass|dickhead|scumbag|dipshit|cunt|imbecile|bitch $"),
    (Insult, "^ *clown|clowns absolute|utter|delete"),
    (Behind, "absolute|utter|total|complete|literal *idiot|moron|clown|scum|scumbag|imbecile|loser|bastard|degenerate"),
    (Behind, "lazy|filthy|useless|dirty|greedy|fat *scum|animals|vermin|pigs|savages|slob|slobs|bastards|leeches"),
    (Behind, "is|are +2 scum|trash *of the earth"),
    (Harm, "deserves|needs|should +1 to|be|a +2 *slapped|beaten|spanked|slap|beating"),
    (Behind, "*trailer|human trash|garbage"),
    (Harm, "*typical|stupid|dumb +1 woman|women|jew|muslim|immigrant|blonde|boomer|liberal +3 too|stupid|dumb|lazy|greedy|idiot|driver|drivers"),
    (Loose, "YOU'RE|are +1 so|too|really|that|this|just *dumb|stupid"),
    (Loose, "SOMEONE +2 is|are|was|were ART +2 *idiot|idiots|asshole|assholes|loser|losers|creep|coward|cowards|jackass|douchebag|bastard|bastards|prick|clown|clowns|twat|wanker"),
    (Loose, "he's|she's|they're ART +2 *idiot|idiots|asshole|assholes|loser|losers|creep|coward|cowards|jackass|douchebag|bastard|bastards|prick|clown|clowns|twat|wanker"),
    (Loose, "what a|an *idiot|asshole|loser|creep|coward|jackass|douchebag|douche|bastard|prick|clown|twat|wanker|dumbass|tool"),
    (Loose, "^ *idiot|idiots|loser|losers|clown|clowns|asshole|assholes $"),
    (Loose, "some|this|that|these|those|another|which|any|most *idiot|idiots|moron|morons|asshole|assholes|loser|losers|bastard|bastards|prick|pricks|imbecile|dickhead|creep|creeps|jackass|clown|clowns"),
    // Sex as an insult.
    (Insult, "show|send +1 me|us +1 your|ur|some *tits|boobs|pussy|nudes|ass"),
    (Insult, "*send nudes"),
    (Insult, "nice|big *tits|titties|rack +1 shame|$"),
    (Insult, "^ nice|hot *tits|titties|boobs|ass|rack +1 shame|on|babe|baby|bitch|$"),
    (Insult, "*sit on my|his face|dick|lap"),
    (Insult, "i'd|wanna|want|gonna|totally +1 to *fuck|bang|rape|rail|bone her|him|your +1 sister|mom|mother|daughter|wife|till|until|so|hard|raw|$"),
    (Insult, "i'd|i|would *bang|fuck her|him till|until|so|hard"),
    (Insult, "i'd *hit that"),
    (Insult, "*spread|spreads|spreading|open|opens her|your|their legs"),
    (Insult, "*bend over +1 sweetheart|bitch|slut|babe|baby|and|for"),
    (Insult, "needs|need|wants a|some +2 *fucking|dicking|dick|cock|shag"),
    (Insult, "*sucked|slept|fucked ONES|her way"),
    (Insult, "ugly|fat|stupid|dirty|cheap|little|dumb|old|your|that|fucking *whore|slut|skank|hoe|hooker"),
    (Insult, "that|a|ugly|fat|fucking|stupid|some *dyke|dykes +1 needs|who|bitch|and|like|$"),
    // Death and harm that are wished for, or said to be deserved.
    (Harm, "hope|hoping|wish|wishing YOU|he|she|they|ur|the|this|that|his|her +2 get|gets|got|getting|gets|catches|has|have|had *HURT"),
    (Harm, "hope|wish you|he|she|they|u +2 get|gets|got *hit|run|killed|beat|shot +1 by|over|up|down +2 bus|car|truck|train|you|$"),
    (Harm, "hope|wish you|he|she|they|u|that +2 *rot|rots|choke|chokes|suffer|suffers|drown|drowns|burn|burns|die|dies|perish|crash|crashes|overdose|croak"),
    (Harm, "hope|wish +1 ONES +1 kids|family|mother|wife|children|dog *get|gets +1 run|hit|killed|cancer|hurt"),
    (Harm, "hope|wish he|she|they|he'd|she'd|they'd|you'd +1 had|have|gotten|got|get *wrapped|cancer|covid|aids|died|croaked|crashed"),
    (Harm, "hope|wish +1 ONES|the +3 *crashes|crash|burns|rots|cancer|dies|die|explodes|sinks|burn"),
    (Harm, "hope *karma +3 you"),
    (Harm, "hope|wish +1 it|this *hurts|burns|stings +1 and|$"),
    (Harm, "wish|wished +2 were|was never *born"),
    (Harm, "you|he|she|they +2 never been|were|was *born"),
    (Harm, "*die slowly|screaming|you|u|FOUL|bitch|scum"),
    (Harm, "^ +1 just|please|go *die +1 $"),
    (Harm, "why +3 you|u *die already|$"),
    (Harm, "*drop dead"),
    (Harm, "wait|hoping|hope|waiting for you|him|her|them|u to *die|croak|rot|drop"),
    (Harm, "better|happier +3 when|if|once YOU|he's|she's|they're +1 *dead|gone"),
    (Harm, "better|happier +3 if you|u|he|she +1 *died|ended|jumped|killed|vanished|disappeared"),
    (Harm, "*die like one|dogs|dog|them"),
    (Harm, "*favor|favour +1 and +1 disappear|die|jump|kill|vanish|end|off|hang|drown"),
    (Harm, "would|will *miss you|u if|when|$"),
    (Harm, "world|everyone|us|life|we +3 better +1 off|place *without you|him|her|them"),
    (Harm, "should +1 never +1 have|been *born"),
    (Harm, "you|he|she|they|that|who|it +1 deserve|deserves|deserved +1 every|a|that|to|what +1 get|be|been|gets|single *beating|beaten|raped|killed|hanged|shot|stabbed|burned"),
    (Harm, "you|he|she|they|that|who|it +1 deserve|deserves|deserved to|a|every *beating|suffer|rot|die|burn|death|bullet|hang"),
    (Harm, "needs|deserves|wants|need a *bullet|noose|lynching|beating"),
    (Harm, "put +3 out of ONES|his *misery"),
    (Harm, "should|must|ought|should've +1 be *castrated|raped|sterilized|lynched|gassed|exterminated|drowned|euthanized|aborted|wiped|stoned|hanged|shot|executed|beheaded"),
    (Harm, "*allowed to +1 breed|reproduce|vote|exist|procreate"),
    (Harm, "you +1 should|will|could be *next $"),
    (Harm, "*had it coming +1 the|that|she|he|you|they|$"),
    (Harm, "someone|somebody put|puts +1 this|that|him|her|them +4 *down"),
    (Harm, "too *stupid|dumb|ugly|fat|weak|emotional +1 to +1 live|breathe|exist|breed|vote|lead|work|drive"),
    // Telling somebody to end it.
    (Harm, "*kill|hang|drown|shoot|neck|end|stab|unalive|burn yourself|urself|yourselves"),
    (Harm, "and|go|just|to *off yourself|urself"),
    (Harm, "haven't|not you|u +1 *killed|hanged|offed yourself|urself"),
    (Harm, "*jump|leap off|from +1 a|the|that +1 bridge|cliff|roof|building"),
    (Harm, "*play in traffic"),
    (Harm, "*long walk off"),
    (Harm, "*slit|cut|open your|ur wrists"),
    (Harm, "cut *deeper"),
    (Harm, "take|swallow|eat all|the|those +2 *pills"),
    (Harm, "*drink|swallow|chug +2 bleach|poison|antifreeze"),
    (Harm, "*rope is|the cheap|ready|waiting"),
    (Harm, "just *jump $"),
    (Harm, "if i looked|were|was like|you +1 you *i'd kill|i'd"),
    // Threats.
    (Harm, "i'll|i'm|imma|ima|we'll|i|we +1 will|gonna|going|wanna|imma +1 *KILL you|u|your|him|them"),
    (Harm, "i'll|imma|ima|we'll +1 *KILL ONE"),
    (Harm, "i'll|i|gonna|we'll +1 *end you|u $"),
    (Harm, "i'll|i|i'm|im|we'll|we're|imma +2 *break|smash|cut|slit|bash|burn|rip|stab|snap|kick|beat|knock|punch|cave|blow|crack|shove|bust +2 your|ur|his|her|their +1 BODY|teeth|brains"),
    (Harm, "break|breaking every +1 *bone"),
    (Harm, "*beat +1 the +1 shit|crap|hell|living out of you|u|him|her|them"),
    (Harm, "*punch|hit|kick|slap|shoot|stab you|him|her|u in the face|head|throat|balls|mouth|heart"),
    (Harm, "*knock your|his|her +1 teeth|lights|head"),
    (Harm, "*put you|u|him|her in +1 the|a hospital|ground|grave|wheelchair|coma|coffin"),
    (Harm, "make you|u|him|her +1 *regret|suffer|bleed|beg"),
    (Harm, "you'll *pay|suffer for +1 this|it|what"),
    (Harm, "you'll|you +3 end up in a +1 *ditch|grave|coffin|hospital"),
    (Harm, "YOU'RE|are|ur +1 a *dead man|woman|meat|bitch"),
    (Harm, "^ YOU'RE *dead|finished $"),
    (Harm, "you|u better *hope|pray i|we|you"),
    (Harm, "better *hope|pray i|we never|don't"),
    (Harm, "with *one eye open"),
    (Harm, "i'll|i|we +2 *find out|you|u +1 where|and|soon|i"),
    (Harm, "i|we know which|what *school you|your"),
    (Harm, "i|we *know where you|u +1 live|park|work|sleep $"),
    (Harm, "i|we|i've have|got|own a *gun|knife|bat and|for|with +3 you|know|your"),
    (Harm, "i'm|we're *coming for you|u +1 $"),
    (Harm, "get|gets|have|got|deserve|deserves *what's|what +1 coming +1 to +1 you|her|him|them"),
    (Harm, "^ +1 *watch your back +1 $"),
    (Harm, "^ *watch your back when you +1 walk|go|leave|come|are"),
    (Harm, "*watch your back when you|at|if you|night|i +2 home|walk|see"),
    (Harm, "*burn|blow|bomb|torch +1 their|your|that|the|his|her +1 church|mosque|house|synagogue|temple|shop +1 down|up|with"),
    (Harm, "*bomb|nuke|gas|deport|shoot|hang|exterminate|sterilize|castrate|execute|drown +1 them|em all|every"),
    (Harm, "*bomb|grenade under|in|into their|the|that|his|her building|house|car|mosque|church|synagogue|office"),
    (Harm, "*hang the|these|those|all +1 traitors|bastards|lot|politicians|GROUP"),
    (Harm, "*line|lined|string|strung +1 them|up +1 up|against|and|all +2 shot|wall|all|shoot|$"),
    (Harm, "someone|somebody +1 should|ought|needs|please +1 *KILL +1 ONE|that|this|the|ONES|these|those"),
    (Harm, "*teach ONE +1 a +1 lesson with|she|he|they|about"),
    (Harm, "love|want|wanna|like|wish|dying +2 to|could|i +1 *strangle|stab|murder|shoot|punch|slap|kill|beat|choke +1 ONE|my|that|this|these|those|ur|your +2 kid|kids|roommate|boss|neighbor|guy|idiot|man|woman|in|so|and|face|up|people|him|her|you|sister|brother|$"),
    (Harm, "pay *for this with blood|your"),
    // Groups.
    (Harm, "hate|despise|loathe|can't|detest|fuck +1 stand +1 all|the|these|those|every|fucking *GROUP +2 so|and|they|he|she|$"),
    (Harm, "^ +2 *hate|despise|loathe|detest all|fucking|you|KIND +1 GROUP|KIND|gays +1 $"),
    (Harm, "*hate|despise|loathe|detest +1 muslims|jews|blacks|whites|gays|immigrants|refugees|arabs|asians|mexicans|indians|gypsies|christians|trannies|lesbians|feminists|foreigners"),
    (Harm, "all|most|every|these|those|fucking *GROUP +1 are|is +3 BEAST|criminals|dumb|dirty|crazy|greedy|ugly|weak|trash|bad|whores|pigs|dangerous|sick|ill"),
    (Harm, "*GROUP +1 are|is|aren't +1 all|just|nothing|always|not|such|the|but|like|basically|a|by +3 BEAST|criminals|dirty|people|greedy|human|humans"),
    (Harm, "*GROUP are|is BEAST|dirty|ugly|disgusting"),
    (Harm, "GROUP|KIND|people are +3 *useless|worthless|burden|disposable|inferior +2 let|die|burden|to"),
    (Harm, "need|needs|deserve|deserves|get a +1 good *beating|slapping|hiding|thrashing"),
    (Harm, "let them|him|her|it|em *die|drown|rot|starve|burn|suffer"),
    (Harm, "KIND PEOPLE +1 are|is +3 *BEAST|dirty|inferior|smell|ill|dumb|dangerous"),
    (Harm, "these|those|such|you|your|that people|kind|lot|ones are|is +3 *BEAST|dirty|BASE"),
    (Harm, "*women|men|immigrants|muslims|jews|gays|refugees|GROUP|those|these should|must|deserve|deserves|need|ought|needs +2 be|to|die|burn|get|go|hang|rot +2 deported|banned|shot|killed|hanged|burned|executed|eliminated|removed|stoned|gassed|castrated|sterilized|beaten|die|burn|exterminated|outlawed|illegal|back|rot|drowned|beating"),
    (Harm, "*kill|gas|deport|ban|exterminate|sterilize|bomb|shoot|hang|castrate|nuke|slaughter|burn +1 all|the|every|those|these|them +1 GROUP|people|infidels|men|kikes|traitors"),
    (Harm, "*gas|deport|ban|exterminate|sterilize|nuke GROUP"),
    (Harm, "^ +2 *kill GROUP"),
    (Harm, "go|send|ship|get|went +1 them|you|him|her|all|the|these +2 back +1 to|where|on +2 *africa|mexico|jungle|island|kitchen|hut|cave|zoo|trees|boat|china|india|asia|pakistan|desert|ghetto|trailer|mud"),
    (Harm, "^ +2 go back to +1 the|your|ur +1 *africa|mexico|china|india|pakistan|asia|syria|country|jungle|zoo|cave|desert|trailer"),
    (Harm, "go|send|ship|get +1 them|em|you +1 all|right +1 back +1 to *where they|you +1 came|come|belong"),
    (Harm, "back *where they|you|he|she +1 came|come|belong +1 from|$"),
    (Harm, "*belong|belongs in|on +1 the|a|prison|cages|jail kitchen|cage|zoo|gas|oven|ovens|camps|camp|cages|streets|gutter"),
    (Harm, "*hate|despise|detest +1 all GROUP"),
    (Harm, "*jews|zionists|jew +1 control|controls|run|own|runs|owns|rule"),
    (Harm, "those|the|these|damn *kikes|niggers|jews|muzzies run|control|own|ruin|ruined"),
    (Harm, "*hitler|nazis +1 was|were|had|did|should|would|knew +1 right|nothing|the|have|what +2 wrong|idea|finished|about|more|job|to"),
    (Harm, "*white|aryan power|supremacy|pride +1 $"),
    (Harm, "superior|master|inferior|pure *race"),
    (Harm, "keep our|this|my +1 country|land|nation|neighborhood|town +1 *white|clean"),
        (Harm, "send|put|throw|shove +5 *gas|oven|ovens|camp|camps|chamber"),
    (Harm, "being +1 *gay|trans|homosexual|lesbian|queer|muslim|jewish is +2 disease|sin|wrong|sick|disgusting|disorder|illness|mental|unnatural|sickness"),
    (Harm, "*gays|homosexuals|homos|queers|lesbians|trannies|jews|muslims|atheists|feminists +2 burn|rot|hell|sick|disgust|die"),
    (Harm, "GROUP|KIND +1 people|women|men|kids|and|are|is can't|cannot *drive"),
    (Harm, "GROUP|KIND +1 people|women|men|kids|and *stink|stinks|smell|smells like|bad|of|$"),
    (Harm, "*GROUP can't drive|think|be|read"),
    (Harm, "*GROUP +1 eat|spread|steal|breed|live|leech|ruin|ruined|destroy|destroying|smell|stink +3 dogs|cats|disease|diseases|off|like|our|taxes|everything|jobs|rats|country"),
    (Harm, "KIND *kids|people|ones should|must +1 be +1 put|killed|gassed|shot|aborted|sterilized|removed|locked"),
    (Harm, "let them|it|the +1 boat|all|GROUP +1 *sink|drown|die|rot|starve|burn"),
    (Harm, "those people *moved|move in|here"),
    (Harm, "*islam +3 cancer|disease|plague|virus|evil|cult"),
    (Harm, "ban *islam"),
    (Harm, "your *kind +3 here|welcome|out|belong|wanted"),
    (Harm, "like *cockroaches|vermin|parasites|rats|animals they|you|all|we|everywhere"),
    (Harm, "people like you *should|disgust|deserve|belong|ruin"),
    (Harm, "need|needs|wants a real|good *man|beating|hiding +1 to|who|$"),
];

#[rustfmt::skip]
const SOFTENERS: &[(Aim, &str)] = &[
    // Games, jokes and sayings.
    (Harmless, "*beat|destroy|crush|kill|smash|bury|murder|slaughter you|him|her|them|us +1 at|in|on|tonight|next|by|again|with +2 chess|mario|kart|game|games|golf|tennis|pong|cards|trivia|scrabble|fifa|monopoly|race|quiz|kindness|hugs|laughter"),
    (Harmless, "*die|dies laughing|happy|hard|of|from +1 laughter|laughing|embarrassment|shame|joy|cringe|cuteness|fan"),
    (Harmless, "don't|dont|never|not|didn't|please|nobody|stop|wouldn't|almost|wanted|want|without|instead|before|tried +2 *kill|hang|shoot|drown|off|hurt|burn|end|jump yourself|myself|off|himself|herself"),
    (Harmless, "*killing|kill yourself|yourselves +1 over|trying|for|at|with|to +2 work|grade|job|this|gym|please|him|her|them|someone"),
    (Harmless, "*yourself +1 a +1 favor|favour|break"),
    (Harmless, "i|i'm|i'll|im|ima|imma|me|gonna +2 *jump|leap|drown|hang|shoot|kill off|myself|from|into"),
    (Harmless, "*break|breaking +1 your|his|her|the +1 heart|news|habit|fall|leg"),
    (Harmless, "*shoot ONE +1 a|an +1 message|text|email|dm|note|line"),
    (Harmless, "*know|find where you|u|out +1 live|sleep +1 now|so|where +2 soup|cake|pizza|cookies|flowers|party|dinner"),
    (Harmless, "*coming for you|u +1 weekend|summer|pizza|monday|friday|cake|beach|vacation"),
    (Harmless, "dumb|stupid *luck|question|questions|idea|rain|movie|phone|game|printer|car|mistake"),
    (Harmless, "could|would|my|mom|dad|wife|husband|boss|mother|is|gonna|going to *kill me"),
    (Harmless, "*watch your +1 step|head|back +2 lift|lifting|icy|shovel|slippery"),
    // What friends say.
    (Friend, "*love|luv|miss|adore|missed you|u|ya|him|her|them|this|that|it"),
    (Friend, "such|a good|great *troll|job|boy|girl|one"),
    (Friend, "happy *birthday|anniversary|holidays"),
    (Friend, "*congrats|congratulations|proud|welcome"),
    (Friend, "you|ya +1 *lucky|beautiful|crazy|silly|sweet|lovely|magnificent|glorious|sexy|gorgeous|brilliant|clever|funny|wonderful|adorable|goofy|cheeky|legend +2 FOUL|BASE|dog|thing|goose|devil"),
    (Friend, "my|our *dog|cat|puppy|kitten|dogs|cats|bird|parrot|hamster|horse|toddler|goat +3 is|was|are"),
    (Friend, "*thank|thanks you|for|so|to"),
    // What gets into houses and gardens.
    (Pest, "*mice|mouse|pigeons|roach|roaches|squirrels|raccoons|raccoon|ants|mosquitoes|mosquitos|bedbugs|termites|seagulls|gulls|geese|moles|possums|fleas|ticks|moths|wasps|slugs|snails|bugs|weeds|aphids|locusts|rabbits|deer|foxes|gophers|boars|starlings|magpies|worms|hornets|hogs|kudzu|lampreys|tick|flea|hedgehogs|ferrets|goldfish|guppies"),
];

static RULES_OF_AIM: LazyLock<Patterns<Aim>> = LazyLock::new(|| Patterns::new(LISTS, RULES));

/// What is only looked for where somebody seems to be meant.
static SOFTENED: LazyLock<Patterns<Aim>> = LazyLock::new(|| Patterns::new(LISTS, SOFTENERS));

/// Whether a sentence of a text is aimed at somebody. Words that `hidden` holds are quoted, and no words of it.
pub fn is_aimed(text: &Text, level: Level, hidden: impl Fn(usize) -> bool + Copy) -> bool {
    let patterns = &*RULES_OF_AIM;
    if !text.words.iter().any(|word| patterns.tells(word)) {
        return false;
    }
    let (mut insult, mut behind, mut oneself) = (false, false, false);
    for sentence in text.sentences() {
        // "What an idiot. I forgot my keys."
        oneself |= sentence.clone().next().is_some_and(|first| is_oneself(text.word(first)));
        let (mut harm, mut face, mut here, mut loose) = (false, false, false, false);
        patterns.find(text, sentence.clone(), hidden, |_, aim| match aim {
            Aim::Harm => harm = true,
            Aim::Insult => face = true,
            Aim::Behind => here = true,
            Aim::Loose => loose = level >= Level::Strict,
            Aim::Harmless | Aim::Friend | Aim::Pest => {}
        });
        if loose {
            return true;
        }
        if !(harm || face || here) || is_told(text, sentence.clone()) {
            continue;
        }
        if harm && !is_soft(text, sentence.clone(), Aim::Harmless, hidden) {
            return true;
        }
        insult |= face;
        behind |= here && !sentence.clone().any(|index| is_oneself(text.word(index)));
    }
    let softened = |by: Aim| text.sentences().any(|sentence| is_soft(text, sentence, by, hidden));
    let behind = behind && !oneself && !insult && !softened(Aim::Pest);
    (insult || behind) && !softened(Aim::Friend)
}

/// Whether something of this kind takes the edge off a sentence.
fn is_soft(text: &Text, sentence: Range<usize>, wanted: Aim, hidden: impl Fn(usize) -> bool) -> bool {
    let mut soft = false;
    SOFTENED.find(text, sentence, hidden, |_, aim| soft |= aim == wanted);
    soft
}

fn is_oneself(word: &str) -> bool {
    matches!(
        word,
        "i" | "i'm" | "im" | "me" | "my" | "myself" | "i've" | "i'd" | "we" | "we're" | "us" | "our"
    )
}

/// Whether a sentence tells what others say or said, and speaks to nobody: "he told me to kill myself".
pub fn is_told(text: &Text, sentence: Range<usize>) -> bool {
    let word = |index: usize| text.word(index);
    let telling = sentence.clone().any(|index| {
        matches!(
            word(index),
            "told"
                | "tells"
                | "called"
                | "calls"
                | "calling"
                | "yelled"
                | "yells"
                | "shouted"
                | "screamed"
                | "said"
                | "says"
                | "saying"
                | "wrote"
                | "think"
                | "thinks"
                | "believe"
                | "believes"
                | "texted"
                | "messaged"
                | "accused"
                | "named"
        )
    });
    telling
        && !sentence
            .clone()
            .any(|index| matches!(word(index), "you" | "your" | "you're" | "u" | "ur" | "youre" | "yourself"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_pattern_has_a_word_that_is_seldom() {
        for (_, pattern) in RULES.iter().chain(SOFTENERS) {
            assert!(pattern.split(' ').any(|token| token.starts_with('*')), "{pattern}");
        }
    }
}
