"""Tunes a model on data/train.jsonl with LoRA, by Unsloth: python tune_unsloth.py

Needs `pip install unsloth` and a GPU. Reads recipe.json; writes adapter/.
"""

from unsloth import FastLanguageModel  # before all else: it changes what the others do

import json
import pathlib

from datasets import Dataset
from trl import SFTConfig, SFTTrainer

here = pathlib.Path(__file__).resolve().parent
recipe = json.loads((here / "recipe.json").read_text())


def rows(part):
    path = here / "data" / f"{part}.jsonl"
    if not path.exists():
        return None
    chats = [json.loads(line)["messages"] for line in path.read_text(encoding="utf-8").splitlines()]
    return Dataset.from_list([{"prompt": chat[:-1], "completion": chat[-1:]} for chat in chats])


model, tokenizer = FastLanguageModel.from_pretrained(
    model_name=recipe["base"]["name"], max_seq_length=recipe["max_length"], load_in_4bit=True
)
model = FastLanguageModel.get_peft_model(
    model,
    r=recipe["rank"],
    lora_alpha=recipe["alpha"],
    lora_dropout=0,
    target_modules=["q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"],
    random_state=recipe["seed"],
)
trainer = SFTTrainer(
    model=model,
    processing_class=tokenizer,
    train_dataset=rows("train"),
    eval_dataset=rows("dev"),
    args=SFTConfig(
        output_dir=str(here / "checkpoints"),
        max_steps=recipe["steps"],
        per_device_train_batch_size=recipe["batch"],
        learning_rate=recipe["learning_rate"],
        max_length=recipe["max_length"],
        seed=recipe["seed"],
        logging_steps=1,
        report_to=[],
    ),
)
trainer.train()
model.save_pretrained(str(here / "adapter"))
