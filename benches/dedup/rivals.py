"""What datasketch and rensa make of the benchmark's pairs, and how fast they are."""

import json
import re
import sys
import time

given = json.load(sys.stdin)
word = re.compile(r"\w+")


def words(text):
    return word.findall(text.lower()) or [text]


def best(similarity):
    scored = [(similarity(one, other), same) for one, other, same in given["pairs"]]
    out = (0.0, 0.0)
    for step in range(2, 19):
        threshold = step * 0.05
        right = sum(1 for value, same in scored if same and value >= threshold)
        wrong = sum(1 for value, same in scored if not same and value >= threshold)
        missed = sum(1 for value, same in scored if same and value < threshold)
        out = max(out, (2 * right / (2 * right + wrong + missed), threshold))
    return out


def show(name, similarity, offer):
    f1, threshold = best(similarity)
    started = time.process_time()
    for text in given["texts"]:
        offer(text)
    took = time.process_time() - started
    print(f"{name:<14} F1 {f1:.3f} at {threshold:.2f}, {len(given['texts']) / took:,.0f} texts/s")


try:
    from datasketch import MinHash, MinHashLSH

    def signature(text):
        out = MinHash(num_perm=128)
        out.update_batch([w.encode() for w in words(text)])
        return out

    lsh = MinHashLSH(threshold=0.5, num_perm=128)
    count = 0

    def offer(text):
        global count
        made = signature(text)
        if not lsh.query(made):
            lsh.insert(count, made, check_duplication=False)
            count += 1

    show("datasketch", lambda a, b: signature(a).jaccard(signature(b)), offer)
except ImportError:
    print("datasketch     not installed")

try:
    from rensa import RMinHash, RMinHashLSH

    def rensa_signature(text):
        out = RMinHash(num_perm=128, seed=42)
        out.update(words(text))
        return out

    rensa_lsh = RMinHashLSH(threshold=0.5, num_perm=128, num_bands=32)
    rensa_count = 0

    def rensa_offer(text):
        global rensa_count
        made = rensa_signature(text)
        if not rensa_lsh.query(made):
            rensa_lsh.insert(rensa_count, made)
            rensa_count += 1

    show("rensa", lambda a, b: rensa_signature(a).jaccard(rensa_signature(b)), rensa_offer)
except ImportError:
    print("rensa          not installed")
