"""The probe's twin in scikit-learn, on the same rows: for `cargo bench --bench probe`.

    python probe_twin.py TRAIN DEV TEST CLASSES

Files are in GoEmotions' format; CLASSES says of each label id which class it is, such as 0,0,1,2.
"""
import json
import resource
import sys

import numpy
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import f1_score
from sklearn.multiclass import OneVsRestClassifier
from sklearn.pipeline import FeatureUnion


def rows(path, classes):
    texts, labels = [], []
    with open(path, encoding="utf-8", newline="\n") as file:
        for line in file:
            text, ids, _ = line.rstrip("\n").rsplit("\t", 2)
            row = numpy.zeros(max(classes) + 1, dtype=numpy.int8)
            row[[classes[int(number)] for number in ids.split(",")]] = 1
            texts.append(text)
            labels.append(row)
    return texts, numpy.array(labels)


def best_threshold(probabilities, has):
    order = numpy.argsort(-probabilities, kind="stable")
    right = numpy.cumsum(has[order])
    f1 = 2 * right / (numpy.arange(1, len(order) + 1) + has.sum())
    best = f1.argmax()
    below = probabilities[order[best + 1]] if best + 1 < len(order) else 0.0
    return (probabilities[order[best]] + below) / 2


def main():
    classes = [int(number) for number in sys.argv[4].split(",")]
    (train, train_labels), (dev, dev_labels), (test, test_labels) = (
        rows(path, classes) for path in sys.argv[1:4]
    )
    features = FeatureUnion([
        ("words", TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True, min_df=2)),
        ("characters", TfidfVectorizer(analyzer="char_wb", ngram_range=(3, 5), sublinear_tf=True, min_df=2)),
    ])
    train = features.fit_transform(train)
    model = OneVsRestClassifier(LogisticRegression(C=1.0, solver="liblinear"))
    model.fit(train, train_labels)
    on_dev = model.predict_proba(features.transform(dev))
    on_test = model.predict_proba(features.transform(test))
    thresholds = [best_threshold(on_dev[:, label], dev_labels[:, label]) for label in range(on_dev.shape[1])]
    given = on_test >= numpy.array(thresholds)
    usage = resource.getrusage(resource.RUSAGE_SELF)
    print(json.dumps({
        "macro_f1": f1_score(test_labels, given, average="macro", zero_division=0),
        "micro_f1": f1_score(test_labels, given, average="micro", zero_division=0),
        "cpu": usage.ru_utime + usage.ru_stime,
    }))


main()
