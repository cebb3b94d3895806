"""Builds lexicon.txt from its sources. See docs/evidence.md for where each is from and its licence.
usage: build.py SCOWL_DIR SSA_CSV_GZ CENSUS2010_XLSX CENSUS1990_DIR OUT"""
import sys, re, os, gzip, csv, unicodedata, importlib, pkgutil
from collections import defaultdict
scowl, ssa, c2010, c1990, out = sys.argv[1:6]
here = os.path.dirname(os.path.abspath(__file__))
SPECIAL = str.maketrans({'ł':'l','Ł':'l','ø':'o','Ø':'o','đ':'d','Đ':'d','ß':'ss','ı':'i','ə':'e','Ə':'e','þ':'th','Þ':'th','ð':'d','Ð':'d','æ':'ae','Æ':'ae','œ':'oe','’':"'", 'ʻ':"'", 'ħ':'h'})
def fold(w):
    w = unicodedata.normalize('NFD', w.lower().translate(SPECIAL))
    return ''.join(c for c in w if not unicodedata.combining(c))
OK = re.compile(r"^[a-z][a-z'\-]{0,22}[a-z]$|^[a-z]$")
class E:
    __slots__ = ('f','l','g','c','w','p')
    def __init__(s): s.f=s.l=s.w=s.p=0; s.g=set(); s.c={}
D = defaultdict(E)
CULT = ['en','es','pt','fr','de','nl','nd','fi','it','pl','cz','bal','hu','ro','ru','gr','tr','ar','in','zh','ja','ko','vi','th','id','ph','af','sa','he','ie','pc']
ALIAS = dict(yo='af',ig='af',gh='af',ke='af',et='af',so='af',fw='af',sn='sa',za='sa',aa='en',xx=None)
def add(kind, w, weight, culture=None, sex=None, cw=1):
    k = fold(w)
    if not OK.match(k) or len(k) < 2: return
    e = D[k]
    if kind == 'f': e.f = max(e.f, weight)
    else: e.l = max(e.l, weight)
    if sex and kind == 'f': e.g.add(sex)
    if culture: e.c[culture] = max(e.c.get(culture, 0), cw)
def bucket(n, cuts):
    return sum(n >= c for c in cuts)
# Social Security Administration, first names
tot = defaultdict(lambda: [0, 0])
for r in csv.DictReader(gzip.open(ssa, 'rt')):
    tot[r['first_name']][r['sex'] == 'm'] += int(r['count'])
for n, (f, m) in tot.items():
    t = f + m
    if t < 700: continue
    sex = 'f' if f > 9 * m else 'm' if m > 9 * f else None
    add('f', n, 1 + bucket(t, (2500, 8000, 25000, 100000, 400000, 1000000)), 'en', sex)
    if not sex: D[fold(n)].g |= {'f', 'm'}
for s, fn in (('f', 'dist.female.first.1990.csv'), ('m', 'dist.male.first.1990.csv')):
    for r in csv.DictReader(open(os.path.join(c1990, fn))):
        add('f', r['name'], 2, 'en', s)
# Census 2010 surnames
import pandas as pd
d = pd.read_excel(c2010)
for n, cnt, h, a in zip(d['name'], d['count'], d['pcthispanic'], d['pctapi']):
    try: cnt = int(cnt); n = str(n)
    except ValueError: continue
    if cnt < 1500: continue
    cult = 'en'
    try:
        if float(h) > 60: cult = 'es'
        elif float(a) > 50: cult = None
    except (ValueError, TypeError): pass
    add('l', n, 1 + bucket(cnt, (4000, 10000, 30000, 80000, 250000, 700000)), cult)
# Faker (MIT), by locale; other scripts are left out, Russian and Greek come from our own list
LOC = dict(de_DE='de',de_AT='de',de_CH='de',fr_FR='fr',fr_BE='fr',fr_CA='fr',fr_CH='fr',fr_DZ='ar',es_ES='es',es_MX='es',es_CO='es',es_CL='es',es_AR='es',es_CA='es',it_IT='it',pt_BR='pt',pt_PT='pt',nl_NL='nl',nl_BE='nl',sv_SE='nd',no_NO='nd',da_DK='nd',is_IS='nd',fi_FI='fi',et_EE='fi',pl_PL='pl',cs_CZ='cz',sk_SK='cz',hr_HR='bal',sl_SI='bal',hu_HU='hu',ro_RO='ro',tr_TR='tr',az_AZ='tr',en_IN='in',en_PK='ar',en_KE='af',en_NG='af',ha_NG='af',ig_NG='af',yo_NG='af',tw_GH='af',sw='af',zu_ZA='sa',vi_VN='vi',id_ID='id',ga_IE='ie',en_IE='ie',lt_LT='pl',lv_LV='pl',uz_UZ='tr',en_TH='th',en_GB='en')
ROM = dict(ja_JP='ja', zh_CN='zh', zh_TW='zh')
import faker.providers.person as P
def items(x):
    if isinstance(x, property): return
    for v in (x or ()): yield v[1] if isinstance(v, tuple) else v
for loc, cu in {**LOC, **ROM}.items():
    p = importlib.import_module('faker.providers.person.' + loc).Provider
    if loc in ROM:
        for a, s in (('first_romanized_names_female','f'),('first_romanized_names_male','m'),('first_romanized_names',None)):
            for n in items(getattr(p, a, ())): add('f', n, 3, cu, s)
        for n in items(getattr(p, 'last_romanized_names', ())): add('l', n, 3, cu)
        continue
    wt = 1 if loc in ('is_IS','en_IE','ga_IE','en_KE') else 3
    for a, s in (('first_names_female','f'),('first_names_male','m'),('first_names_unisex',None),('first_names',None)):
        for n in items(getattr(p, a, ())):
            for part in n.split(' '): add('f', part, wt, cu, s)
    if loc != 'is_IS':
        for a in ('last_names','last_names_female','last_names_male'):
            for n in items(getattr(p, a, ())):
                for part in n.split(' '):
                    if len(part) > 2: add('l', part, wt, cu)
# Our own
for line in open(os.path.join(here, 'names.txt')):
    if line.startswith('#') or not line.strip(): continue
    cu, kind, *ns = line.split()
    cu = ALIAS.get(cu, cu)
    for n in ns:
        if n.endswith('_'): continue
        n = n.replace('_', '')
        if kind == 'l': add('l', n, 4, cu, None, 3)
        else: add('f', n, 4, cu, kind if kind in 'fm' else None, 3)
        if kind == 'u':
            if cu is None or cu=='zh' and 0: add('l', n, 4, cu, None, 3)
            D[fold(n)].g |= {'f','m'} if fold(n) in D else set()
# Words: 7 is the most common
TIER = {10:7, 20:6, 35:5, 40:4, 50:3, 55:2, 60:2, 70:1}
def word(w, t):
    k = fold(w)
    if OK.match(k) and len(k) <= 16: D[k].w = max(D[k].w, t)
for cls in ('english-words','american-words','british-words','english-contractions'):
    for lv, t in TIER.items():
        if lv == 70: continue
        fn = os.path.join(scowl, f'{cls}.{lv}')
        if os.path.exists(fn):
            for w in open(fn, encoding='utf-8'):
                w = w.strip()
                if w.endswith("'s") and w not in ("it's","that's","he's","she's","what's","there's","let's","who's","here's","where's","how's"): continue
                if w[:1].islower(): word(w, t)
for w in open(os.path.join(here, 'slang.txt')).read().split(): word(w, 6)
# Proper names that are no person's: bit 1 place, bit 2 other, bit 4 SCOWL's upper list
for w in open(os.path.join(here, 'places.txt')).read().split(): D[fold(w)].p |= 1
for w in open(os.path.join(here, 'proper.txt')).read().split():
    if fold(w) and OK.match(fold(w)): D[fold(w)].p |= 2
for cls in ('english-upper','american-upper','british-upper'):
    for lv in (10,35,40,50,60):
        fn = os.path.join(scowl, f'{cls}.{lv}')
        if os.path.exists(fn):
            for w in open(fn, encoding='utf-8'):
                w = w.strip()
                if w.endswith("'s") or not w[:1].isupper(): continue
                k = fold(w)
                if OK.match(k) and len(k) > 2: D[k].p |= 4
rows = []
for k, e in D.items():
    if not (e.f or e.l or e.w or e.p): continue
    if k.endswith("'s") and not e.w and not e.p: continue
    g = 3 if e.g >= {'f','m'} else 1 if 'f' in e.g else 2 if 'm' in e.g else 0
    c = 0
    if e.c and (e.f or e.l):
        best = max(e.c.items(), key=lambda x: (x[1] * (0.5 if x[0] == 'en' and len(e.c) > 1 else 1), -CULT.index(x[0])))[0]
        if 'en' in e.c and (e.f >= 4 or e.l >= 5) and not any(v >= 3 for v in e.c.values()): best = 'en'
        c = CULT.index(best) + 1
    rows.append((k, e.f, e.l, g, c, e.w, e.p))
rows.sort()
B64 = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz+/'
# One line: characters shared with the line above (one base-64 digit), the rest, a tab, the facts.
with open(out, 'w') as o:
    prev = ''
    for k, f, l, g, c, w, p in rows:
        n = 0
        while n < len(k) and n < len(prev) and k[n] == prev[n]: n += 1
        facts = f | l << 3 | g << 6 | c << 8 | w << 13 | p << 16   # 19 bits
        o.write(B64[n] + k[n:] + '\t' + ''.join(B64[facts >> s & 63] for s in ((0,6,12,18) if facts >> 18 else (0,6,12))) + '\n')
        prev = k
print(len(rows), 'entries', sum(1 for r in rows if r[1]), 'first', sum(1 for r in rows if r[2]), 'last', sum(1 for r in rows if r[5]), 'words', sum(1 for r in rows if r[6]), 'proper', os.path.getsize(out))
