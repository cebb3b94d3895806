//! Check digits: what tells a card or an identity number from any other number.

/// Luhn's sum (ISO/IEC 7812-1, annex B), over the digits' values.
pub fn luhn(digits: &[u8]) -> bool {
    let sum: u32 = digits
        .iter()
        .rev()
        .enumerate()
        .map(|(n, &digit)| {
            let digit = u32::from(digit);
            if n % 2 == 0 { digit } else { digit * 2 / 10 + digit * 2 % 10 }
        })
        .sum();
    sum.is_multiple_of(10)
}

/// Whether an issuer gives out numbers that begin and are as long as this one, and its check digit is right.
pub fn card(digits: &[u8]) -> bool {
    if !(13..=19).contains(&digits.len()) || digits.iter().all(|&digit| digit == digits[0]) {
        return false;
    }
    let head = |n: usize| digits[..n].iter().fold(0u32, |sum, &digit| sum * 10 + u32::from(digit));
    let issued = match digits.len() {
        13 => head(1) == 4,
        14 => matches!(head(2), 30 | 36 | 38 | 39),
        15 => matches!(head(2), 34 | 37),
        16 => {
            head(1) == 4
                || matches!(head(2), 51..=55 | 35 | 36 | 38 | 60 | 62 | 64 | 65 | 50 | 56..=58 | 67 | 81)
                || (2221..=2720).contains(&head(4))
                || (2200..=2204).contains(&head(4))
        }
        19 => head(1) == 4 || matches!(head(2), 62 | 60 | 65 | 50 | 56..=58 | 67),
        _ => matches!(head(2), 62 | 50 | 56..=58 | 67),
    };
    issued && luhn(digits)
}

fn weighted(digits: &[u8], weights: &[u32]) -> u32 {
    digits.iter().zip(weights).map(|(&digit, weight)| u32::from(digit) * weight).sum()
}

fn month_and_day(month: u8, day: u8) -> bool {
    (1..=12).contains(&month) && (1..=31).contains(&day)
}

fn two(digits: &[u8], at: usize) -> u8 {
    digits[at] * 10 + digits[at + 1]
}

/// United States: no area 000, 666 or 9xx, no group 00, no serial 0000.
pub fn ssn(d: &[u8]) -> bool {
    d.len() == 9
        && d[..3] != [0, 0, 0]
        && d[..3] != [6, 6, 6]
        && d[0] != 9
        && d[3..5] != [0, 0]
        && d[5..] != [0, 0, 0, 0]
}

/// Brazil's CPF: two digits modulo 11.
pub fn cpf(d: &[u8]) -> bool {
    if d.len() != 11 || d.iter().all(|&digit| digit == d[0]) {
        return false;
    }
    let check = |n: usize| {
        let sum: u32 =
            d[..n].iter().zip((2..=n as u32 + 1).rev()).map(|(&digit, w)| u32::from(digit) * w).sum();
        (sum * 10 % 11 % 10) as u8
    };
    check(9) == d[9] && check(10) == d[10]
}

/// India's Aadhaar: Verhoeff's scheme over twelve digits, the first of them 2 to 9.
pub fn aadhaar(d: &[u8]) -> bool {
    const P: [u8; 10] = [1, 5, 7, 6, 2, 8, 3, 0, 9, 4];
    if d.len() != 12 || d[0] < 2 {
        return false;
    }
    // The dihedral group of ten elements.
    let times = |a: u8, b: u8| match (a < 5, b < 5) {
        (true, true) => (a + b) % 5,
        (true, false) => (a + b - 5) % 5 + 5,
        (false, true) => (a - 5 + 5 - b) % 5 + 5,
        (false, false) => (a + 5 - b) % 5,
    };
    let state = d.iter().rev().enumerate().fold(0, |state, (n, &digit)| {
        let turned = (0..n % 8).fold(digit, |digit, _| P[digit as usize]);
        times(state, turned)
    });
    state == 0
}

/// China: eleven weights modulo 11, `X` for ten.
pub fn chinese(d: &[u8], x: bool) -> bool {
    const W: [u32; 17] = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2];
    let length = if x { 17 } else { 18 };
    if d.len() != length || !month_and_day(two(d, 10), two(d, 12)) {
        return false;
    }
    let check = (12 - weighted(&d[..17], &W) % 11) % 11;
    if x { check == 10 } else { check == u32::from(d[17]) }
}

/// Poland's PESEL: a date of birth (the month tells the century) and a weighted sum.
pub fn pesel(d: &[u8]) -> bool {
    d.len() == 11
        && month_and_day(two(d, 2) % 20, two(d, 4))
        && weighted(d, &[1, 3, 7, 9, 1, 3, 7, 9, 1, 3, 1]).is_multiple_of(10)
}

/// Turkey: two digits, of sums over odd and even places.
pub fn turkish(d: &[u8]) -> bool {
    if d.len() != 11 || d[0] == 0 {
        return false;
    }
    let odd: i32 = d[..9].iter().step_by(2).map(|&digit| i32::from(digit)).sum();
    let even: i32 = d[1..8].iter().step_by(2).map(|&digit| i32::from(digit)).sum();
    let all: i32 = d[..10].iter().map(|&digit| i32::from(digit)).sum();
    (odd * 7 - even).rem_euclid(10) == i32::from(d[9]) && all % 10 == i32::from(d[10])
}

/// Germany's tax number: ISO 7064 MOD 11,10.
pub fn german(d: &[u8]) -> bool {
    if d.len() != 11 || d[0] == 0 {
        return false;
    }
    let product = d[..10].iter().fold(10, |product, &digit| {
        let sum = (u32::from(digit) + product) % 10;
        (if sum == 0 { 10 } else { sum }) * 2 % 11
    });
    (11 - product) % 10 == u32::from(d[10])
}

/// Sweden: a date and Luhn's digit.
pub fn swedish(d: &[u8]) -> bool {
    d.len() == 10 && month_and_day(two(d, 2), two(d, 4) % 60) && luhn(d)
}

/// Denmark: a date; the check digit was given up in 2007.
pub fn danish(d: &[u8]) -> bool {
    d.len() == 10 && month_and_day(two(d, 2), two(d, 0))
}

/// Korea: a date, and a digit for century and sex.
pub fn korean(d: &[u8]) -> bool {
    d.len() == 13 && month_and_day(two(d, 2), two(d, 4)) && (1..=8).contains(&d[6])
}

/// South Africa: a date and Luhn's digit.
pub fn south_african(d: &[u8]) -> bool {
    d.len() == 13 && month_and_day(two(d, 2), two(d, 4)) && d[10] < 3 && luhn(d)
}

/// France: thirteen digits and their complement modulo 97.
pub fn french(d: &[u8]) -> bool {
    if d.len() != 15 || !matches!(d[0], 1 | 2) {
        return false;
    }
    let body = d[..13].iter().fold(0u64, |sum, &digit| sum * 10 + u64::from(digit));
    97 - body % 97 == u64::from(two(d, 13))
}

/// Britain's health service: a weighted sum modulo 11.
pub fn nhs(d: &[u8]) -> bool {
    d.len() == 10 && (11 - weighted(&d[..9], &[10, 9, 8, 7, 6, 5, 4, 3, 2]) % 11) % 11 == u32::from(d[9])
}

/// The Netherlands' BSN: the elevens test.
pub fn dutch(d: &[u8]) -> bool {
    d.len() == 9 && {
        let sum = weighted(&d[..8], &[9, 8, 7, 6, 5, 4, 3, 2]) as i32 - i32::from(d[8]);
        sum % 11 == 0 && sum != 0
    }
}

/// Spain's DNI and NIE: a letter for the remainder modulo 23.
pub fn spanish(word: &[u8]) -> bool {
    const LETTERS: &[u8; 23] = b"TRWAGMYFPDXBNJZSQVHLCKE";
    let Some((&letter, number)) = word.split_last() else { return false };
    let head = match number.first() {
        Some(b'X') => 0,
        Some(b'Y') => 1,
        Some(b'Z') => 2,
        Some(b'0'..=b'9') if number.len() == 8 => u32::from(number[0] - b'0'),
        _ => return false,
    };
    if number.len() != 8 || !number[1..].iter().all(u8::is_ascii_digit) {
        return false;
    }
    let value = number[1..].iter().fold(head, |sum, &digit| sum * 10 + u32::from(digit - b'0'));
    LETTERS[value as usize % 23] == letter
}

/// Italy's fiscal code: sixteen places, each with a value of its own, modulo 26.
pub fn italian(word: &[u8]) -> bool {
    const ODD: [u32; 26] =
        [1, 0, 5, 7, 9, 13, 15, 17, 19, 21, 2, 4, 18, 20, 11, 3, 6, 8, 12, 14, 16, 10, 22, 25, 24, 23];
    let shape = b"AAAAAA00A00A000A";
    if word.len() != 16
        || !word
            .iter()
            .zip(shape)
            .all(|(c, s)| c.is_ascii_digit() == (*s == b'0') && c.is_ascii_alphanumeric())
    {
        return false;
    }
    let sum: u32 = word[..15]
        .iter()
        .enumerate()
        .map(|(n, &c)| {
            let value = u32::from(if c.is_ascii_digit() { c - b'0' } else { c - b'A' });
            if n % 2 == 0 { ODD[value as usize] } else { value }
        })
        .sum();
    sum % 26 == u32::from(word[15] - b'A')
}

/// Finland: a date, a sign for the century, and a letter for the remainder modulo 31.
pub fn finnish(word: &[u8]) -> bool {
    const SIGNS: &[u8; 31] = b"0123456789ABCDEFHJKLMNPRSTUVWXY";
    if word.len() != 11 || !b"-+ABCDEFUVWXY".contains(&word[6]) {
        return false;
    }
    let digits = word[..6].iter().chain(&word[7..10]);
    if !digits.clone().all(u8::is_ascii_digit) {
        return false;
    }
    let value = digits.fold(0u32, |sum, &digit| sum * 10 + u32::from(digit - b'0'));
    let part = |at: usize| (word[at] - b'0') * 10 + word[at + 1] - b'0';
    month_and_day(part(2), part(0)) && SIGNS[value as usize % 31] == word[10]
}

/// Singapore: a weighted sum modulo 11, its letter by series.
pub fn singaporean(word: &[u8]) -> bool {
    if word.len() != 9 || !word[1..8].iter().all(u8::is_ascii_digit) {
        return false;
    }
    let sum: u32 = word[1..8]
        .iter()
        .zip([2, 7, 6, 5, 4, 3, 2])
        .map(|(&digit, weight)| u32::from(digit - b'0') * weight)
        .sum();
    let (more, letters) = match word[0] {
        b'S' => (0, b"JZIHGFEDCBA"),
        b'T' => (4, b"JZIHGFEDCBA"),
        b'F' => (0, b"XWUTRQPNMLK"),
        b'G' => (4, b"XWUTRQPNMLK"),
        _ => return false,
    };
    letters[(sum + more) as usize % 11] == word[8]
}

/// Britain's national insurance number.
pub fn british(word: &[u8]) -> bool {
    word.len() == 9
        && word[..2].iter().all(u8::is_ascii_uppercase)
        // `QQ` is what forms show as an example.
        && (&word[..2] == b"QQ" || !b"DFIQUV".contains(&word[0]) && !b"DFIOQUV".contains(&word[1]))
        && !matches!(&word[..2], b"BG" | b"GB" | b"KN" | b"NK" | b"NT" | b"TN" | b"ZZ")
        && word[2..8].iter().all(u8::is_ascii_digit)
        && matches!(word[8], b'A'..=b'D')
}

/// India's PAN: the fourth letter tells whose.
pub fn pan(word: &[u8]) -> bool {
    word.len() == 10
        && word[..5].iter().all(u8::is_ascii_uppercase)
        && b"PCHFATBLJG".contains(&word[3])
        && word[5..9].iter().all(u8::is_ascii_digit)
        && word[9].is_ascii_uppercase()
}

/// Mexico's CURP.
pub fn curp(word: &[u8]) -> bool {
    word.len() == 18
        && word[..4].iter().all(u8::is_ascii_uppercase)
        && word[4..10].iter().all(u8::is_ascii_digit)
        && matches!(word[10], b'H' | b'M' | b'X')
        && word[11..16].iter().all(u8::is_ascii_uppercase)
        && word[17].is_ascii_digit()
}

/// Chile's RUT: a weighted sum modulo 11, `K` for ten.
pub fn chilean(d: &[u8], k: bool) -> bool {
    let Some((body, check)) =
        (if k { Some((d, 10)) } else { d.split_last().map(|(&c, b)| (b, u32::from(c))) })
    else {
        return false;
    };
    if !(7..=8).contains(&body.len()) {
        return false;
    }
    let sum: u32 =
        body.iter().rev().zip([2, 3, 4, 5, 6, 7, 2, 3]).map(|(&digit, w)| u32::from(digit) * w).sum();
    (11 - sum % 11) % 11 == check
}

/// An international bank account number: ISO 7064 MOD 97-10 (ISO 13616).
pub fn iban(word: &[u8]) -> bool {
    if !(15..=34).contains(&word.len())
        || !word[..2].iter().all(u8::is_ascii_uppercase)
        || !word[2..4].iter().all(u8::is_ascii_digit)
    {
        return false;
    }
    let mut rest = 0u32;
    for &c in word[4..].iter().chain(&word[..4]) {
        rest = match c {
            b'0'..=b'9' => (rest * 10 + u32::from(c - b'0')) % 97,
            b'A'..=b'Z' => (rest * 100 + u32::from(c - b'A') + 10) % 97,
            _ => return false,
        };
    }
    rest == 1
}
