"""Lays our own lists over lexicon.txt without what build.py takes from elsewhere: words, places and names that were
added to them since. Gives what build.py would, but that a name's culture and frequency stay where they are known.
usage: onto.py LEXICON"""
import os, sys
from lexicon import CULT, OK, fold, read, write
here = os.path.dirname(os.path.abspath(__file__))
ALIAS = dict(yo='af',ig='af',gh='af',ke='af',et='af',so='af',fw='af',sn='sa',za='sa',aa='en',xx=None)
path = sys.argv[1]
facts = read(path)
def words(name):
    return open(os.path.join(here, name), encoding='utf-8').read().split()
def entry(w):
    k = fold(w)
    if OK.match(k): facts.setdefault(k, 0)
    return k if k in facts else None
def at_least(k, shift, value):
    old = facts[k] >> shift & 7
    facts[k] += (max(old, value) - old) << shift
for w in words('slang.txt'):
    k = entry(w)
    if k and len(k) <= 16: at_least(k, 13, 6)
for name, bit in (('places.txt', 16), ('proper.txt', 17)):
    for w in words(name):
        k = entry(w)
        if k: facts[k] |= 1 << bit
for line in open(os.path.join(here, 'names.txt'), encoding='utf-8'):
    if line.startswith('#') or not line.strip(): continue
    culture, kind, *names = line.split()
    culture = ALIAS.get(culture, culture)
    for n in names:
        k = None if n.endswith('_') else entry(n.replace('_', ''))
        if not k or len(k) < 2: continue
        at_least(k, 3 if kind == 'l' else 0, 4)
        if kind == 'u' and culture is None: at_least(k, 3, 4)
        if kind in 'fmu': facts[k] |= {'f': 1, 'm': 2, 'u': 3}[kind] << 6
        if culture and not facts[k] >> 8 & 31: facts[k] |= (CULT.index(culture) + 1) << 8
write(path, facts)
