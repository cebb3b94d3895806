"""Opens every format that `emogrid export` writes with the tools it is for.

    python tests/exports/open.py EMOGRID [CONFIG]

EMOGRID is the program. The fixture is rows.jsonl beside this file; with CONFIG, that config's dataset
is exported too. Needs the packages of requirements.txt.
"""

import json
import os
import pathlib
import subprocess
import sys
import tempfile

os.environ["HF_HUB_OFFLINE"] = "1"
os.environ["HF_DATASETS_DISABLE_PROGRESS_BARS"] = "1"

import datasets
import pandas
import pyarrow.parquet
from huggingface_hub import DatasetCard

emogrid = os.path.abspath(sys.argv[1])
here = pathlib.Path(__file__).parent
fixture = here / "rows.jsonl"
rows = [json.loads(line) for line in fixture.read_text().splitlines()]
folder = pathlib.Path(tempfile.mkdtemp())
os.environ["HF_HOME"] = str(folder / "cache")
datasets.config.HF_DATASETS_CACHE = folder / "cache"
EMOTIONS = sorted({row["emotion"] for row in rows})


def export(name, *args, source=fixture):
    """Exports into a file or folder of this name."""
    subprocess.run([emogrid, "export", str(source), "-o", str(folder / name), "--quiet", *args], check=True)
    return folder / name


def lines(path):
    return [json.loads(line) for line in path.read_text().splitlines()]


def same(a, b, what=""):
    assert a == b, f"{what}\n{a!r}\n{b!r}"


def tables():
    table = pyarrow.parquet.read_table(export("rows.parquet"))
    same(table.to_pylist(), rows)
    kinds = {field.name: str(field.type) for field in table.schema}
    same(
        kinds,
        {
            "id": "string",
            "text": "string",
            "emotion": "string",
            "moods": "list<element: string>",
            "context": "string",
            "words": "int64",
            "share": "double",
            "short": "bool",
            "source": "string",
        },
    )
    same(pandas.read_parquet(folder / "rows.parquet").text.tolist(), [row["text"] for row in rows])
    read = pandas.read_csv(export("rows.csv"))
    same(list(read.columns), list(rows[0]))
    same(read.words.tolist(), [row["words"] for row in rows])
    same(pandas.read_json(export("rows.jsonl"), lines=True).moods.tolist(), [row["moods"] for row in rows])


def hf():
    data = datasets.load_dataset(str(export("hf", "--format", "hf", "--license", "cc0-1.0", "--language", "en")))
    same(list(data), ["train"])
    train = data["train"]
    same(train.num_rows, len(rows))
    same(train.column_names, list(rows[0]))
    feature = train.features["emotion"]
    same((type(feature).__name__, feature.names), ("ClassLabel", EMOTIONS))
    same([feature.int2str(label) for label in train["emotion"]], [row["emotion"] for row in rows])
    same(train[0]["moods"], rows[0]["moods"])
    same([train.features[name].dtype for name in ("words", "share", "short")], ["int64", "float64", "bool"])
    card = DatasetCard.load(folder / "hf/README.md").data
    same((card.license, card.language, card.size_categories), ("cc0-1.0", ["en"], ["n<1K"]))
    # A shard by itself knows its labels too.
    shard = datasets.Dataset.from_parquet(str(folder / "hf/data/train-00000-of-00001.parquet"))
    same(shard.features["emotion"].names, EMOTIONS)

    several = ["--format", "hf", "--label", "moods", "--labels", "goemotions", "--split", "60,20,20"]
    data = datasets.load_dataset(str(export("hf-several", *several)))
    same(list(data), ["train", "validation", "test"])
    same(sum(part.num_rows for part in data.values()), len(rows))
    feature = data["train"].features["moods"].feature
    same((type(feature).__name__, len(feature.names), feature.names[27]), ("ClassLabel", 28, "neutral"))
    read = {
        row["id"]: [feature.int2str(label) for label in row["moods"]] for part in data.values() for row in part
    }
    same({key: sorted(value) for key, value in read.items()}, {row["id"]: sorted(row["moods"]) for row in rows})
    parts = [{row["text"].strip("!.") for row in part} for part in data.values()]
    assert not any(a & b for at, a in enumerate(parts) for b in parts[at + 1 :]), "a near-duplicate in two parts"


def chats():
    data = datasets.load_dataset(str(export("messages", "--format", "messages", "--split", "80,20", "--system", "You label posts.")))
    same(list(data), ["train", "test"])
    for message in (part["messages"] for split in data.values() for part in split):
        same([turn["role"] for turn in message], ["system", "user", "assistant"])
        assert message[2]["content"] in EMOTIONS
    read = lines(export("openai.jsonl", "--format", "openai"))
    same(len(read), len(rows))
    assert all(set(row) == {"messages"} for row in read)
    data = datasets.load_dataset("json", data_files=str(export("pc.jsonl", "--format", "prompt-completion")))
    same(data["train"].column_names, ["prompt", "completion"])
    same([text.strip() for text in data["train"]["completion"]], [row["emotion"] for row in rows])


def factory():
    """As LLaMA-Factory's loader goes through dataset_info.json."""
    for name, columns in [("alpaca", ["instruction", "input", "output"]), ("sharegpt", ["conversations"])]:
        place = export(name, "--format", name, "--task", "generate", "--label", "moods", "--split", "80,20")
        info = json.loads((place / "dataset_info.json").read_text())
        same(list(info), ["rows_train", "rows_test"])
        total = 0
        for entry in info.values():
            data = datasets.load_dataset("json", data_files=str(place / entry["file_name"]))["train"]
            assert set(entry["columns"].values()) <= set(data.column_names), data.column_names
            same(data.column_names, columns)
            total += data.num_rows
        same(total, len(rows))


def classification():
    place = export("ids", "--format", "classification", "--split", "60,20,20")
    names = json.loads((place / "labels.json").read_text())
    same(names["labels"], EMOTIONS)
    data = datasets.load_dataset(str(place))
    same(list(data), ["train", "validation", "test"])
    for part in data.values():
        same(part.column_names, ["text", "label", "label_text"])
        same([names["labels"][label] for label in part["label"]], list(part["label_text"]))
        same([names["id2label"][str(label)] for label in part["label"]], list(part["label_text"]))
    place = export("hot", "--format", "classification", "--label", "moods")
    names = json.loads((place / "labels.json").read_text())
    same(names["problem_type"], "multi_label_classification")
    data = datasets.load_dataset(str(place))["train"]
    same(data.features["label"].feature.dtype, "float64")
    for row, label in zip(rows, data["label"]):
        same([name for name, there in zip(names["labels"], label) if there], sorted(row["moods"]))


def of_config(config):
    made = lines(export("config.jsonl", source=config))
    data = datasets.load_dataset(str(export("config", "--format", "hf", "--split", "80,10,10", source=config)))
    same(sum(part.num_rows for part in data.values()), len(made))
    feature = data["train"].features["emotion"]
    same((type(feature).__name__, len(feature.names)), ("ClassLabel", 28))
    labels = {row["id"]: feature.int2str(row["emotion"]) for part in data.values() for row in part}
    same(labels, {row["id"]: row["emotion"] for row in made})
    card = (folder / "config/README.md").read_text()
    for part in ("SmolLM2", "temperature", "distinct-2", "| admiration |", "Jinja"):
        assert part in card, part
    same(len(lines(export("config-chats.jsonl", "--format", "messages", source=config))), len(made))


checks = [tables, hf, chats, factory, classification]
for check in checks:
    check()
    print(f"{check.__name__}: opened")
if len(sys.argv) > 2:
    of_config(sys.argv[2])
    print(f"{sys.argv[2]}: opened")
