//! Identity numbers.

use super::Found;
use super::around::{any, before, context, run};
use super::category::Category;
use super::digits as check;
use super::phones::PHONE_WORDS;

/// What such a number is called.
const KINDS: &str = "\
    passport ssn license licence aadhaar aadhar pan cpf cnpj rut dni nie nif nino pesel bsn nhs medicare \
    iban sin tfn curp rfc cnic nric nin bvn kimlik permit visa mrn personnummer hetu cedula cédula ausweis \
    codice account acct routing konto kontonummer steuernummer ein itin steuer-id \
    steueridentifikationsnummer steuerid idnr sozialversicherungsnummer svnr ahv avs passeport pasaporte \
    reisepass passnummer passaporto führerschein permis ppsn pps oib egn cnp jmbg emso amka afm sss \
    philhealth medicaid mykad hkid uscis a-number greencard npi vin imei ahpra ohip healthcard uhid abha \
    epic gstin kra huduma nida ghana-card inn snils ssid ucas dl fnol orcid badge ghana d'identité";

/// What tells whose number it is, where a word for `number` stands beside it.
const HOLDERS: &str = "\
    student employee staff patient member membership policy payroll badge voter roll matriculation enrolment \
    enrollment inmate prisoner military identity identification customer subscriber beneficiary claimant \
    candidate applicant taxpayer medical vaccination matric loyalty donor";

/// What tells whose `id` it is.
const OWNERS: &str = "\
    my your his her their student employee national patient member staff voter tax badge user military \
    emirates government faculty school health state personal citizen identity";

/// What may stand between.
const FILLERS: &str = "\
    number no num nr nummer is was id my the card it's s # of numero número details nos here here's are new \
    old full whole numéro its driver's drivers record";

/// An identity number in figures, by its form and check digit or by what is said before it.
pub fn number(
    text: &str,
    digits: &[u8],
    lengths: &[usize],
    gaps: &[&str],
    words: &[String],
    start: usize,
    end: usize,
) -> Option<Found> {
    let id = |end| Some(Found::new(start, end, Category::Id));
    let says = |of: &[&str]| any(words, of);
    let k = |end: usize| {
        text[end..]
            .strip_prefix('-')
            .is_some_and(|rest| rest.starts_with(['k', 'K']) && !rest[1..].starts_with(char::is_alphanumeric))
    };
    if text[end..].starts_with(char::is_alphabetic) {
        return None;
    }
    let certain = match (lengths, gaps) {
        ([3, 2, 4], ["-", "-"]) => check::ssn(digits),
        ([3, 2, 4], _) => check::ssn(digits) && says(&["ssn", "social", "security", "sozial"]),
        ([3, 3, 3, 2], [".", ".", "-"]) => check::cpf(digits),
        ([6, 4], ["-"]) => {
            check::swedish(digits) || check::danish(digits) && says(&["cpr", "cpr-nummer", "personnummer"])
        }
        ([6, 7], ["-"]) => check::korean(digits),
        ([8, 4], ["-"]) => digits.len() == 12 && check::swedish(&digits[2..]),
        ([4, 4, 4], [" ", " "] | ["-", "-"]) => check::aadhaar(digits) || says(&["aadhaar", "aadhar"]),
        ([1 | 2, 3, 3, 1], [".", ".", "-"]) => check::chilean(digits, false),
        ([1, 2, 2, 2, 3, 3, 2], _) => check::french(digits),
        ([3, 3, 4], [" ", " "] | ["-", "-"]) => says(&["nhs"]) && check::nhs(digits),
        ([3, 3, 3], _) => {
            says(&["sin", "insurance", "tfn", "tax", "bsn", "id", "nas"])
                && (check::luhn(digits) || check::dutch(digits))
                || says(&["tfn", "sin", "bsn", "nif"])
        }
        ([11], _) => {
            check::pesel(digits) && !says(PHONE_WORDS)
                || check::turkish(digits)
                || check::cpf(digits) && says(&["cpf"])
                || check::german(digits)
                    && says(&["steuer", "steuer-id", "steuernummer", "tax", "id", "idnr"])
        }
        ([13], _) => {
            check::south_african(digits) && !says(&["isbn"])
                || says(&["rrn", "cnic", "id"]) && check::korean(digits)
        }
        ([5, 7, 1], ["-", "-"]) => true, // Pakistan's CNIC
        ([15], _) => check::french(digits),
        ([18], _) => check::chinese(digits, false),
        ([9], _) => {
            check::dutch(digits) && says(&["bsn", "burgerservicenummer"])
                || check::ssn(digits) && says(&["ssn", "social"])
                || says(&["nif", "sin", "tfn", "teudat", "zehut"])
        }
        ([10], _) => check::nhs(digits) && says(&["nhs"]),
        _ => false,
    };
    if certain {
        return id(end);
    }
    // Chile's may end on a K after a hyphen.
    if matches!(lengths, [1 | 2, 3, 3]) && gaps == [".", "."] && k(end) && check::chilean(digits, true) {
        return id(end + 2);
    }
    let joined = gaps.iter().all(|gap| matches!(*gap, " " | "-" | "." | "/"));
    let whole = joined && (!gaps.contains(&" ") || digits.len() >= 8);
    (whole && (5..=20).contains(&digits.len()) && named(words)).then(|| Found::new(start, end, Category::Id))
}

/// Whether a word is one of a list.
fn in_list(list: &str, word: &str) -> bool {
    list.split_ascii_whitespace().any(|one| one == word)
}

/// Whether the words before, nearest first, say that an identity number follows.
fn named(words: &[String]) -> bool {
    let mut numbered = false;
    for (n, word) in words.iter().take(5).enumerate() {
        // `my licence number's S530-…`
        let word = word.strip_suffix("'s").unwrap_or(word);
        if numbered && in_list(HOLDERS, word) {
            return true;
        }
        numbered |= matches!(word, "number" | "no" | "nr" | "num" | "nummer");
        if in_list(KINDS, word) {
            // A visa card is a card; a bank account's number is as good as one.
            return !(word == "visa" && words.iter().any(|word| word == "card"));
        }
        if word == "green" && n > 0 && words[n - 1] == "card" {
            return true;
        }
        if word == "id" || word == "identification" || word == "identity" {
            if words.get(n + 1).is_some_and(|word| in_list(OWNERS, word)) {
                return true;
            }
        } else if word == "insurance" || word == "security" {
            return words
                .get(n + 1)
                .is_some_and(|word| matches!(word.as_str(), "national" | "social" | "health"));
        }
        if !in_list(FILLERS, word) {
            return false;
        }
    }
    false
}

/// Codes with letters in them.
pub fn coded(text: &str, at: usize, end: usize) -> Option<Found> {
    let bytes = text.as_bytes();
    let code = &bytes[at..end];
    if before(text, at).is_some_and(|c| c.is_ascii_alphanumeric() || c == '_' || c == '#' || c == '@')
        || code.len() > 34
    {
        return None;
    }
    let id = |end| Some(Found::new(at, end, Category::Id));
    let upper = |bytes: &[u8]| bytes.iter().map(u8::to_ascii_uppercase).collect::<Vec<u8>>();
    let has_digit = code.iter().any(u8::is_ascii_digit);
    let has_letter = code.iter().any(u8::is_ascii_alphabetic);
    // In groups: an account number, a national insurance number.
    if has_letter
        && code.len() <= 4
        && code[0].is_ascii_uppercase()
        && (code.len() == 4 && code[2].is_ascii_digit() || code.len() == 2)
    {
        let mut squeezed = code.to_vec();
        let mut to = end;
        while squeezed.len() < 34 && bytes.get(to).is_some_and(|byte| matches!(byte, b' ' | b'-')) {
            let next = run(bytes, to + 1, |byte| byte.is_ascii_alphanumeric());
            let group = &bytes[to + 1..next];
            if group.is_empty() || group.len() > 4 || group.iter().any(u8::is_ascii_lowercase) {
                break;
            }
            squeezed.extend_from_slice(group);
            to = next;
            let more = bytes.get(to) == Some(&b' ') && bytes.get(to + 1).is_some_and(u8::is_ascii_digit);
            if check::british(&squeezed) || check::iban(&squeezed) && !more {
                return id(to);
            }
        }
    }
    if let Some(to) = plate(text, at, end) {
        return id(to);
    }
    if !has_digit {
        // `GHA-123456789-0`
        let digits = bytes.get(end) == Some(&b'-') && bytes.get(end + 1).is_some_and(u8::is_ascii_digit);
        if !digits || code.len() > 4 || !code.iter().all(u8::is_ascii_uppercase) {
            return None;
        }
        let to = run(bytes, end, |byte| byte.is_ascii_digit() || byte == b'-');
        let count = bytes[end..to].iter().filter(|byte| byte.is_ascii_digit()).count();
        return (count >= 5 && named(&context(text, at))).then(|| Found::new(at, to, Category::Id));
    }
    let joined = bytes.get(end).is_some_and(|&byte| byte == b'-' || byte == b'+');
    if joined && end - at == 6 && !has_letter {
        // Finland's carries its century's sign inside.
        let to = run(bytes, end + 1, |byte| byte.is_ascii_alphanumeric());
        if check::finnish(&upper(&bytes[at..to])) {
            return id(to);
        }
    }
    // Spain's with a hyphen before its letter.
    if joined && end - at == 8 && !has_letter {
        let to = run(bytes, end + 1, |byte| byte.is_ascii_alphabetic());
        let word: Vec<u8> = code.iter().chain(&bytes[end + 1..to]).map(u8::to_ascii_uppercase).collect();
        if check::spanish(&word) {
            return id(to);
        }
    }
    if has_letter {
        if code.len() == 18 && matches!(code[17], b'X' | b'x') && code[..17].iter().all(u8::is_ascii_digit) {
            let digits: Vec<u8> = code[..17].iter().map(|byte| byte - b'0').collect();
            return check::chinese(&digits, true).then(|| Found::new(at, end, Category::Id));
        }
        let word = upper(code);
        if check::spanish(&word)
            || check::italian(&word)
            || check::singaporean(&word)
            || check::british(code)
            || check::pan(code)
            || check::curp(&word)
            || check::iban(code)
            || check::finnish(&word)
        {
            return id(end);
        }
        let count = code.iter().filter(|byte| byte.is_ascii_digit()).count();
        // How far it goes is looked for only where it is one: whatever it is made of is passed over then.
        if (6..=20).contains(&code.len()) && count >= 4 && named(&context(text, at)) {
            let mut to = end;
            // `AB-1234567`, `F255-9215-1256`
            while bytes.get(to) == Some(&b'-') && bytes.get(to + 1).is_some_and(u8::is_ascii_alphanumeric) {
                to = run(bytes, to + 1, |byte| byte.is_ascii_alphanumeric());
            }
            return id(to);
        }
        if code.len() >= 3
            && code[0].is_ascii_uppercase()
            && bytes.get(end) == Some(&b'-')
            && named(&context(text, at))
        {
            let to = run(bytes, end, |byte| byte.is_ascii_alphanumeric() || byte == b'-');
            return (to - at >= 7).then(|| Found::new(at, to, Category::Id));
        }
    } else if (5..=6).contains(&code.len())
        && !joined
        && !bytes
            .get(end)
            .is_some_and(|byte| b".,/:".contains(byte) && bytes.get(end + 1).is_some_and(u8::is_ascii_digit))
        && named(&context(text, at))
    {
        return id(end);
    }
    None
}

/// Where a car's plate ends that begins here, if the words before speak of one: `plate 7ABC123`, `reg AB12 CDE`.
fn plate(text: &str, at: usize, end: usize) -> Option<usize> {
    let bytes = text.as_bytes();
    let part = |byte: &u8| byte.is_ascii_uppercase() || byte.is_ascii_digit();
    if !(2..=8).contains(&(end - at)) || !bytes[at..end].iter().all(part) || at == 0 {
        return None;
    }
    let near = &bytes[at.saturating_sub(24)..at];
    if !near.windows(4).any(|four| four.eq_ignore_ascii_case(b"late"))
        && !near.windows(3).any(|three| three.eq_ignore_ascii_case(b"reg"))
    {
        return None;
    }
    let words = context(text, at);
    let fillers =
        ["is", "was", "number", "no", "the", "my", "his", "her", "a", "reads", "says", "with", "on"];
    let said = words
        .iter()
        .take(3)
        .find(|word| !fillers.contains(&word.strip_suffix("'s").unwrap_or(word)))
        .is_some_and(|word| {
            matches!(word.strip_suffix("'s").unwrap_or(word), "plate" | "plates" | "reg" | "registration")
        });
    if !said {
        return None;
    }
    let mut to = end;
    for _ in 0..2 {
        let next = to + 1;
        let until = run(bytes, next.min(bytes.len()), |byte| part(&byte));
        let more = bytes.get(to).is_some_and(|byte| matches!(byte, b' ' | b'-')) && until > next;
        if !more || until - at > 10 || bytes.get(until).is_some_and(u8::is_ascii_alphanumeric) {
            break;
        }
        to = until;
    }
    let plate = &bytes[at..to];
    let letters = plate.iter().filter(|byte| byte.is_ascii_uppercase()).count();
    let digits = plate.iter().filter(|byte| byte.is_ascii_digit()).count();
    (letters > 0 && digits > 0 && (4..=8).contains(&(letters + digits))).then_some(to)
}
