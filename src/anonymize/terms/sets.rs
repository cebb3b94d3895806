//! Words that rules ask for.

use std::sync::OnceLock;

use super::super::words::id_of;

/// Sets of words that rules ask for, by their hashes.
pub struct Sets {
    pub follows: Vec<u32>,
    pub middle_no: Vec<u32>,
    pub adjectives: Vec<u32>,
    pub articles: Vec<u32>,
    pub owners: Vec<u32>,
    pub adverbs: Vec<u32>,
    pub capital_only: Vec<u32>,
    pub blind_to: Vec<u32>,
    pub plugs: Vec<u32>,
    pub gay_no: Vec<u32>,
    pub christian_no: Vec<u32>,
    pub speech: Vec<u32>,
    pub patients: Vec<u32>,
    pub before_mass: Vec<u32>,
    pub no_house: Vec<u32>,
    pub no_clergy: Vec<u32>,
    pub games: Vec<u32>,
}

fn ids(list: &str) -> Vec<u32> {
    let mut ids: Vec<u32> = list.split_whitespace().map(id_of).collect();
    ids.sort_unstable();
    ids
}

pub fn has(set: &[u32], id: u32) -> bool {
    set.binary_search(&id).is_ok()
}

pub fn sets() -> &'static Sets {
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
        patients: ids("i he she they who we i've he's she's also both people person someone living live lives diagnosed mom mum dad sister brother wife husband son daughter friend aunt uncle cousin may"),
        speech: ids("said says asked told replied texted whispered shouted yelled laughed cried smiled called came went thinks knows wants loves hates never just has had is was will would did does got gets"),
    })
}
