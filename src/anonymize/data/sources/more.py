"""Lays names of other collections over lexicon.txt: first names that the Social Security Administration counted 700 times by 2024,
and the locales of faker-js. What is a word, a place or a brand already gains nothing.
usage: more.py LEXICON SSA_SQLITE FAKER_JSON (from `person.first_name` and `person.last_name` of its locales)"""
import json, re, sqlite3, sys
from collections import defaultdict
import lexicon as onto
path, ssa, faker = sys.argv[1:4]
facts = onto.read(path)
SKIP = {'en', 'en_AU_ocker', 'en_BORK', 'eo', 'base'}
CULTURE = dict(af='sa', da='nd', nb='nd', sv='nd', de='de', es='es', fi='fi', fr='fr', he='he', hr='bal', sl='bal', sr='bal', hu='hu', id='id', it='it', ja='ja', ko='ko', ku='ar', lv='pl', nl='nl', pl='pl', pt='pt', ro='ro', sk='cz', cs='cz', tr='tr', az='tr', uz='tr', vi='vi', zu='sa', en_GH='af', en_NG='af', yo='af', fr_SN='af', en_IN='in', en_NP='in', en_ZA='sa', en_HK='zh', en_AU='en')
LETTERS = re.compile(r"^[A-Za-zÀ-ɏḀ-ỿ'’ʻ\-]+$")
def add(name, first, weight, culture=None, sex=0):
    k = onto.fold(name)
    if not onto.OK.match(k) or len(k) < 4: return
    old = facts.get(k, 0)
    # A word that is common, a place, a brand: no name that was left out so far is worth the doubt.
    if old >> 13 & 7 or old >> 16 & 7: return
    shift = 0 if first else 3
    level = old >> shift & 7
    new = old + (max(level, weight) - level << shift)
    if first and not new >> 6 & 3: new |= sex << 6
    if culture and not new >> 8 & 31: new |= onto.CULT.index(culture) + 1 << 8
    facts[k] = new
births = defaultdict(lambda: [0, 0])
for name, sex, n in sqlite3.connect(ssa).execute('select name, sex, sum(births) from usNameData group by name, sex'):
    births[name][sex.upper() == 'M'] += n
for name, (f, m) in births.items():
    total = f + m
    if total < 700: continue
    add(name, True, 2, 'en', 1 if f > 9 * m else 2 if m > 9 * f else 3)
def each(value):
    if isinstance(value, list): yield from ((None, n) for n in value)
    elif isinstance(value, dict):
        for sex, names in value.items(): yield from ((sex, n) for n in names or ())
for locale, person in json.load(open(faker, encoding='utf-8')).items():
    if locale in SKIP: continue
    culture = CULTURE.get(locale, CULTURE.get(locale.split('_')[0]))
    for first, names in ((True, person.get('first')), (False, person.get('last'))):
        for sex, name in each(names):
            for part in name.split():
                if LETTERS.match(part) and part[0].isupper(): add(part, first, 3, culture, {'female': 1, 'male': 2}.get(sex, 0))
onto.write(path, facts)
