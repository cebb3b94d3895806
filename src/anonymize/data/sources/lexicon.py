"""Reads and writes lexicon.txt: one line a word, front-coded, with its facts in base 64."""
import re, unicodedata
SPECIAL = str.maketrans({'ł':'l','Ł':'l','ø':'o','Ø':'o','đ':'d','Đ':'d','ß':'ss','ı':'i','ə':'e','Ə':'e','þ':'th','Þ':'th','ð':'d','Ð':'d','æ':'ae','Æ':'ae','œ':'oe','’':"'",'ʻ':"'",'ħ':'h'})
def fold(w):
    w = unicodedata.normalize('NFD', w.lower().translate(SPECIAL))
    return ''.join(c for c in w if not unicodedata.combining(c))
OK = re.compile(r"^[a-z][a-z'\-]{0,22}[a-z]$|^[a-z]$")
B64 = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz+/'
CULT = ['en','es','pt','fr','de','nl','nd','fi','it','pl','cz','bal','hu','ro','ru','gr','tr','ar','in','zh','ja','ko','vi','th','id','ph','af','sa','he','ie','pc']
def read(path):
    facts, prev = {}, ''
    for line in open(path, encoding='utf-8'):
        word, packed = line.rstrip('\n').split('\t')
        prev = prev[:B64.index(word[0])] + word[1:]
        facts[prev] = sum(B64.index(c) << 6 * n for n, c in enumerate(packed))
    return facts
def write(path, facts):
    with open(path, 'w', encoding='utf-8') as out:
        prev = ''
        for k in sorted(facts):
            n = 0
            while n < len(k) and n < len(prev) and k[n] == prev[n]: n += 1
            shifts = (0, 6, 12, 18) if facts[k] >> 18 else (0, 6, 12)
            out.write(B64[n] + k[n:] + '\t' + ''.join(B64[facts[k] >> s & 63] for s in shifts) + '\n')
            prev = k
