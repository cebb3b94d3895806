"""Tunes a model on data/train.jsonl with LoRA, by TRL and PEFT, and writes the adapter for llama.cpp.

    python train.py             what recipe.json says
    python train.py --convert   only adapter/ into adapter.gguf

Reads recipe.json and data/ beside it; writes adapter/ (PEFT), adapter.gguf and result.json there.
Edit recipe.json and run it again as you like.
"""

import json
import math
import os
import pathlib
import sys
import time

here = pathlib.Path(__file__).resolve().parent
recipe = json.loads((here / "recipe.json").read_text())

if not recipe["base"].get("repository"):
    os.environ["HF_HUB_OFFLINE"] = "1"
os.environ["HF_HUB_DISABLE_TELEMETRY"] = "1"
os.environ["TOKENIZERS_PARALLELISM"] = "false"


def say(text):
    print(text, flush=True)


def load():
    """The base model and its tokenizer: from a GGUF file, a folder or the hub."""
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer

    dtype = torch.bfloat16 if torch.cuda.is_available() and torch.cuda.is_bf16_supported() else torch.float32
    base = recipe["base"]
    if "gguf" in base:
        folder, file = os.path.split(base["gguf"])
        tokenizer = AutoTokenizer.from_pretrained(folder, gguf_file=file)
        model = AutoModelForCausalLM.from_pretrained(folder, gguf_file=file, dtype=dtype)
        # Its weights are plain numbers now; what is left of the quantizer keeps them from being tuned.
        model.hf_quantizer = None
        model.is_quantized = False
        if hasattr(model.config, "quantization_config"):
            del model.config.quantization_config
    else:
        name = base.get("folder") or base["repository"]
        tokenizer = AutoTokenizer.from_pretrained(name)
        model = AutoModelForCausalLM.from_pretrained(name, dtype=dtype)
    if tokenizer.pad_token is None:
        tokenizer.pad_token = tokenizer.eos_token
    return model, tokenizer


def rows(part):
    """Chats as TRL takes them to learn only the answers."""
    path = here / "data" / f"{part}.jsonl"
    if not path.exists():
        return None
    from datasets import Dataset

    chats = [json.loads(line)["messages"] for line in path.read_text(encoding="utf-8").splitlines()]
    return Dataset.from_list([{"prompt": chat[:-1], "completion": chat[-1:]} for chat in chats])


def train():
    import torch
    from peft import LoraConfig
    from transformers import TrainerCallback
    from trl import SFTConfig, SFTTrainer

    class Progress(TrainerCallback):
        """A line now and then, in place of a bar."""

        def on_train_begin(self, args, state, control, **_):
            self.started = self.said = time.monotonic()

        def on_log(self, args, state, control, logs=None, **_):
            loss = (logs or {}).get("loss")
            if loss is None or state.global_step == 0:
                return
            losses.append(loss)
            now = time.monotonic()
            if now - self.said < 2 and 1 < state.global_step < state.max_steps:
                return
            self.said = now
            left = (now - self.started) / state.global_step * (state.max_steps - state.global_step)
            say(f"step {state.global_step} of {state.max_steps}, loss {loss:.3f}, {left:.0f} s left")

    torch.manual_seed(recipe["seed"])
    if recipe["threads"]:
        torch.set_num_threads(recipe["threads"])
    losses = []
    data, dev = rows("train"), rows("dev")
    say(f"loading {recipe['base']['name']}")
    model, tokenizer = load()
    cuda = torch.cuda.is_available()
    trainer = SFTTrainer(
        model=model,
        processing_class=tokenizer,
        train_dataset=data,
        eval_dataset=dev,
        peft_config=LoraConfig(
            r=recipe["rank"],
            lora_alpha=recipe["alpha"],
            lora_dropout=0.0,
            target_modules=recipe["targets"],
            task_type="CAUSAL_LM",
        ),
        callbacks=[Progress()],
        args=SFTConfig(
            output_dir=str(here / "checkpoints"),
            max_steps=recipe["steps"],
            per_device_train_batch_size=recipe["batch"],
            per_device_eval_batch_size=recipe["batch"],
            learning_rate=recipe["learning_rate"],
            lr_scheduler_type="linear",
            warmup_steps=max(1, recipe["steps"] // 20),
            max_length=recipe["max_length"],
            seed=recipe["seed"],
            logging_steps=1,
            save_strategy="no",
            report_to=[],
            disable_tqdm=True,
            use_cpu=not cuda,
            bf16=cuda and torch.cuda.is_bf16_supported(),
            gradient_checkpointing=cuda,
        ),
    )
    # Its own lines of logs would stand beside ours.
    from transformers.trainer_callback import PrinterCallback

    trainer.remove_callback(PrinterCallback)
    before = trainer.evaluate()["eval_loss"] if dev is not None else None
    if before is not None:
        say(f"before: loss {before:.3f} on {len(dev)} dev rows")
    started = time.monotonic()
    trainer.train()
    seconds = time.monotonic() - started
    trainer.model.save_pretrained(str(here / "adapter"))
    config = model.config
    shape = {
        "model_type": config.model_type,
        "layers": config.num_hidden_layers,
        "heads": config.num_attention_heads,
        "key_heads": config.num_key_value_heads or config.num_attention_heads,
    }
    (here / "adapter" / "shape.json").write_text(json.dumps(shape) + "\n")
    after = trainer.evaluate()["eval_loss"] if dev is not None else None
    if after is not None:
        say(f"after: loss {after:.3f} on {len(dev)} dev rows")
    few = max(1, min(5, len(losses)))
    result = {
        "rows": len(data),
        "steps": recipe["steps"],
        "seconds": round(seconds, 1),
        "first_loss": round(sum(losses[:few]) / few, 4),
        "last_loss": round(sum(losses[-few:]) / few, 4),
        "dev_loss_before": before,
        "dev_loss_after": after,
    }
    assert all(value is None or math.isfinite(value) for value in result.values()), f"no numbers: {result}"
    (here / "result.json").write_text(json.dumps(result, indent=2) + "\n")


# Architectures whose adapters `convert` knows: what llama.cpp calls them, and whether it keeps the rows
# of queries and keys in its own order, halves of each head interleaved.
KNOWN = {
    "llama": ("llama", True),
    "mistral": ("llama", True),
    "qwen2": ("qwen2", False),
    "qwen3": ("qwen3", False),
    "gemma2": ("gemma2", False),
}


def convert():
    """Writes adapter/ as adapter.gguf, with llama.cpp's names of tensors."""
    import gguf
    import numpy
    from safetensors import safe_open

    adapter = json.loads((here / "adapter" / "adapter_config.json").read_text())
    shape = json.loads((here / "adapter" / "shape.json").read_text())
    if shape["model_type"] not in KNOWN:
        raise SystemExit(
            f"no adapter.gguf: `{shape['model_type']}` is none of {', '.join(KNOWN)}; llama.cpp's "
            f"convert_lora_to_gguf.py may know it, and adapter/ is what it reads"
        )
    name, interleaved = KNOWN[shape["model_type"]]
    arch = next(arch for arch, known in gguf.MODEL_ARCH_NAMES.items() if known == name)
    names = gguf.get_tensor_name_map(arch, shape["layers"])
    part = here / "adapter.gguf.part"
    writer = gguf.GGUFWriter(str(part), name)
    writer.add_type(gguf.GGUFType.ADAPTER)
    writer.add_string(gguf.Keys.Adapter.TYPE, "lora")
    writer.add_float32(gguf.Keys.Adapter.LORA_ALPHA, float(adapter["lora_alpha"]))
    count = 0
    with safe_open(str(here / "adapter" / "adapter_model.safetensors"), framework="pt") as file:
        for key in sorted(file.keys()):
            # base_model.model.model.layers.0.self_attn.q_proj.lora_A.weight
            module, kind = key.removeprefix("base_model.model.").removesuffix(".weight").rsplit(".", 1)
            tensor = names.get_name(module)
            if tensor is None or kind not in ("lora_A", "lora_B"):
                raise SystemExit(f"no adapter.gguf: llama.cpp has no name for {key}")
            values = file.get_tensor(key).float().numpy()
            if kind == "lora_B" and interleaved and module.endswith(("q_proj", "k_proj")):
                heads = shape["heads"] if module.endswith("q_proj") else shape["key_heads"]
                # B's rows are those of the weight, and are moved as the weight's are.
                values = values.reshape(heads, 2, values.shape[0] // heads // 2, -1).swapaxes(1, 2)
                values = values.reshape(-1, adapter["r"])
            writer.add_tensor(f"{tensor}.weight.{kind.lower()}", numpy.ascontiguousarray(values, numpy.float16))
            count += 1
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    part.replace(here / "adapter.gguf")
    say(f"adapter.gguf: {count} tensors, {(here / 'adapter.gguf').stat().st_size / 1e6:.1f} MB")


if __name__ == "__main__":
    if sys.argv[1:] != ["--convert"]:
        train()
    convert()
