//! The commonest words of each language, and letters that it writes and English does not.

use super::Script;

pub(super) struct Known {
    pub code: &'static str,
    pub script: Script,
    pub words: &'static str,
    pub letters: &'static str,
}

const fn latin(code: &'static str, letters: &'static str, words: &'static str) -> Known {
    Known { code, script: Script::Latin, words, letters }
}

const fn told_by(code: &'static str, script: Script) -> Known {
    Known { code, script, words: "", letters: "" }
}

/// At most 32: sets of them are bits.
pub(super) static LANGUAGES: &[Known] = &[
    latin(
        "en",
        "",
        "the be to of and a in that have i it for not on with he as you do at this but his by from they we say her she or an will my one all would there their what so up out if about who get which go me when make can like time no just him know take into year your good some could them see other than then now look only come its it's over think also back after use two how our work first well way even new want because any these give day most us is are was were been has had did does don't i'm i'll i've you're that's can't didn't doesn't isn't wasn't won't what's he's she's let's there's they're we're here why where am more very really too still never got going great love thanks thank u lol ok yes yeah oh hey man dude guy gonna gotta wanna dont cant im thats didnt ur wow guess next hour night morning home school friend friends mom dad feel feeling felt thing things something nothing everyone someone anyone said told made went came left right long little big old ever every before again another away always actually maybe pretty sure lot life world bad nice sorry please let need had should must while where which whole same both few many those off own once such done seen put find found keep bit late week today yesterday tomorrow tonight",
    ),
    latin(
        "es",
        "ñ¿¡",
        "el la los las un una unos unas de del al y o que en por para con sin sobre es son era fue está están estoy ser hay no sí se lo le les me te nos mi tu su sus mis yo él ella ellos nosotros esto este esta eso ese pero porque como cuando donde qué quién muy más menos ya también todavía hoy ayer nunca siempre todo toda todos nada algo otra otro vez mejor casa día años tengo tiene tenía sé hacer mucho",
    ),
    latin(
        "fr",
        "çœèêâîôûù",
        "le la les un une des du de d'un d'une l'on et ou où que qui quoi dans sur sous pour par avec sans est sont était c'est j'ai j'étais ce cet cette ces il elle ils elles on nous vous je tu me te se mon ma mes ton ta tes son sa ses leur ne pas plus jamais rien mais donc car si comme quand pourquoi très trop bien aussi encore toujours tout tous toute toutes au aux y en fait faire être avoir ai as a ont suis n'est qu'il qu'elle d'être première fois jour",
    ),
    latin(
        "de",
        "äöüß",
        "der die das den dem des ein eine einen einem einer eines und oder aber dass weil wenn als wie wo was wer ich du er sie es wir ihr mich dich sich mir dir ihm uns mein meine meinen dein deine sein seine ihre kein keine nicht nur auch noch schon immer wieder sehr so ist sind war waren bin bist habe hat hatte haben wird werden kann von mit auf für zu zum zur im am in an bei nach aus über unter vor heute gestern morgen ganz mehr hier da dann doch mal",
    ),
    latin(
        "it",
        "ìòàèéù",
        "il lo la i gli le un uno una di del della dei delle da dal in nel nella su sul con per tra fra e o ma che chi cui non è sono era ho hai ha abbiamo hanno mi ti ci si vi lo mio mia miei tuo sua suo questo questa quello quella come quando dove perché più meno molto anche ancora già mai sempre tutto tutti tutta niente oggi ieri domani ogni cosa fare essere io tu lui lei noi piace",
    ),
    latin(
        "pt",
        "ãõç",
        "o a os as um uma uns umas de do da dos das em no na nos nas por pelo pela para com sem e ou mas que quem se não sim é são era foi está estou ser ter tem tenho meu minha teu tua seu sua eu você ele ela nós eles isso isto este esta esse essa como quando onde porque muito mais menos já também ainda hoje ontem nunca sempre tudo todo toda todos nada vez outra outro dia gente dentro fora me te lhe ao à",
    ),
    latin(
        "nl",
        "ĳ",
        "de het een en of maar dat die dit deze niet geen wel ook nog al weer altijd nooit heel erg zo is zijn was waren ben bent heb hebt heeft had hebben wordt worden kan van voor met op in aan bij naar uit over onder tot te om als wie wat waar waarom hoe ik jij je hij zij ze wij we jullie mij mijn jouw hem haar ons hun er daar hier vandaag gisteren morgen meer dan toen door laat",
    ),
    latin(
        "sv",
        "åäö",
        "och eller men att som det den de ett en är var varit har hade jag du han hon vi ni mig dig sig min mitt mina din ditt hans hennes vår inte ingen inget aldrig alltid igen också redan mycket mer på i av för med till från om när där här hur vad vem varför så då nu idag igår imorgon efter under över varje fråga",
    ),
    latin(
        "da",
        "æøå",
        "og eller men at som det den de et en er var været har havde jeg du han hun vi mig dig sig min mit mine din dit hans hendes vores ikke ingen intet aldrig altid igen også meget mere på i af for med til fra om når hvor her hvordan hvad hvem hvorfor så da nu dag efter under over hver blev",
    ),
    latin(
        "no",
        "æøå",
        "og eller men at som det den de et en ei er var vært har hadde jeg du han hun vi meg deg seg min mitt mine din ditt hans hennes vår ikke ingen aldri alltid igjen også mye mer på i av for med til fra om når hvor her hvordan hva hvem hvorfor så da nå dag etter under over hver ble",
    ),
    latin(
        "fi",
        "äö",
        "ja tai mutta että kun jos kuin niin on oli ovat olen olet ei en et emme eivät minä sinä hän me te he minun sinun hänen se tämä tuo nämä ne joka mikä mitä missä miksi miten kuka nyt taas vielä jo aina koskaan myös vain hyvin paljon kaikki mitään tänään eilen huomenna kanssa ole olla ollut tiedä",
    ),
    latin(
        "pl",
        "ąćęłńśźż",
        "i a ale lub że żeby jak kiedy gdzie co kto dlaczego bo jest są był była było być mam masz ma miał nie tak już jeszcze też tylko bardzo znowu zawsze nigdy się mi mnie cię go jej ich mój moja moje twój jego ten ta to te tego tej tym w we z ze na do od po za przed przez pod u o dla dzisiaj wczoraj jutro wszystko nic ja ty on ona my",
    ),
    latin(
        "cs",
        "ěščřžůďťň",
        "a i ale nebo že aby jak když kde co kdo proč protože je jsou byl byla bylo být mám máš má měl ne ano už ještě také jen velmi zase vždy vždycky nikdy se si mi mě tě ho jí jejich můj moje tvůj jeho ten ta to ty toho té tím v ve z ze na do od po za před přes pod u o pro dnes včera zítra všechno nic já ty on ona my jsem jsme",
    ),
    latin(
        "hu",
        "őűáéöü",
        "a az egy és vagy de hogy ha mint mert mikor amikor hol mi ki miért nem igen is csak már még mindig soha megint újra nagyon volt van vannak lesz lett én te ő mi ti ők engem téged magam ez azt ezt ami aki itt ott most ma tegnap holnap minden semmi után előtt alatt között nekem neki tudom",
    ),
    latin(
        "ro",
        "șțăâîşţ",
        "și sau dar că ca să dacă când unde ce cine cum de la în din pe cu fără pentru prin despre este e sunt era am ai are avea fost nu da mai foarte tot toate încă deja iar iarăși mereu niciodată eu tu el ea noi voi ei mă te se îmi îți meu mea tău său lui acest această acel nimic azi ieri mâine nou un o unei unui",
    ),
    latin(
        "tr",
        "ğışçöü",
        "ve veya ama fakat çünkü eğer gibi için ile da de ki mi mı bu şu o bir ben sen biz siz onlar beni seni bana sana benim senin onun ne nasıl neden nerede kim hiç çok daha en yine hep her şey var yok değil evet hayır bugün dün yarın şimdi sonra önce kadar oldu olan olarak ise",
    ),
    latin(
        "id",
        "",
        "dan atau tetapi tapi yang di ke dari untuk dengan tanpa pada oleh karena kalau jika seperti ini itu saya aku kamu anda dia kami kita mereka tidak bukan belum sudah telah akan sedang bisa harus juga hanya sangat lebih selalu lagi apa siapa mana kenapa mengapa bagaimana hari ada adalah semua nya",
    ),
    latin(
        "vi",
        "ăđơưạảấầẩẫậắằẳẵặẹẻẽếềểễệỉịọỏốồổỗộớờởỡợụủứừửữựỳỵỷỹ",
        "và là của có không được cho một trong với này những các người khi đã tôi bạn anh em nhưng thì mà ở đến từ rất cũng lại phải đi làm gì sao vì nếu",
    ),
    Known {
        code: "ru",
        script: Script::Cyrillic,
        words: "и в не на я что он она с как это по но мы вы ты все так у же за бы было был была меня мне его ее её их мой моя мое только уже ещё еще когда если где кто или из от до для о очень сегодня вчера снова опять каждый",
        letters: "ыэёъ",
    },
    Known {
        code: "uk",
        script: Script::Cyrillic,
        words: "і в не на я що він вона з як це по але ми ви ти все так у же за би було був була мене мені його її їх мій моя моє тільки вже ще коли якщо де хто або із від до для про дуже сьогодні вчора знову кожен та",
        letters: "іїєґ",
    },
    told_by("el", Script::Greek),
    told_by("ar", Script::Arabic),
    told_by("he", Script::Hebrew),
    told_by("hi", Script::Devanagari),
    told_by("th", Script::Thai),
    told_by("ko", Script::Hangul),
    told_by("ja", Script::Kana),
    told_by("zh", Script::Han),
];
