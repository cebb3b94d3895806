"""Runs llama.cpp's server, from the wheels in --site, for as long as standard input stays open.

Prints one line, `listening http://HOST:PORT`, once the model is loaded; port 0 means any free one.
What goes wrong at the start is one line on standard error and exit code 1.
"""

import argparse
import os
import pathlib
import signal
import socket
import sys
import tempfile
import threading

parser = argparse.ArgumentParser()
parser.add_argument("--site", required=True)
parser.add_argument("--model", required=True)
parser.add_argument("--host", default="127.0.0.1")
parser.add_argument("--port", type=int, default=0)
parser.add_argument("--slots", type=int, default=4)
parser.add_argument("--context-per-slot", type=int, default=2048)
parser.add_argument("--threads", type=int, default=1)
parser.add_argument("--lora", help="a GGUF file with an adapter")
args = parser.parse_args()


def die_on_signals():
    # The system's default, since Python's handlers don't run while the model loads, and llama.cpp sets its own.
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)


def leave_with_parent():
    while os.read(0, 4096):
        pass
    # Not sys.exit: that would wait for requests under way.
    os._exit(0)


def check():
    # llama.cpp says of these only that it failed.
    if not os.path.isfile(args.model):
        raise RuntimeError(f"no model at {args.model}")
    if args.lora and not os.path.isfile(args.lora):
        raise RuntimeError(f"no adapter at {args.lora}")
    with socket.socket(socket.AF_INET6 if ":" in args.host else socket.AF_INET) as probe:
        if os.name == "posix":
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((args.host, args.port))
        except OSError as error:
            raise RuntimeError(f"cannot listen on {args.host}:{args.port}: {error.strerror}") from None


def start():
    sys.path.insert(0, args.site)
    import xllamacpp

    params = xllamacpp.CommonParams()
    params.model.path = args.model
    params.model_alias = {pathlib.Path(args.model).name}
    params.hostnames = [args.host]
    params.port = args.port
    params.n_parallel = args.slots
    params.n_ctx = args.slots * args.context_per_slot
    params.kv_unified = False  # one pool for all slots would fail requests together when it is full
    params.fit_params = False  # nothing shrinks unasked
    params.cache_ram_mib = 256  # prompts that left their slot; by default 8 GiB, and a night fills it
    params.cpuparams.n_threads = params.cpuparams_batch.n_threads = args.threads
    params.endpoint_slots = params.endpoint_props = params.endpoint_metrics = True
    params.ui = False
    if args.lora:
        adapter = xllamacpp.CommonAdapterLoraInfo()
        adapter.path, adapter.scale = args.lora, 1.0
        params.lora_adapters = [adapter]
    params.verbosity = 1  # errors only
    return xllamacpp.Server(params)


def start_or_explain():
    """Starts the server; if that fails, makes its log the reason."""
    standard_error = os.dup(2)
    with tempfile.TemporaryFile() as log:
        os.dup2(log.fileno(), 2)
        try:
            return start()
        except RuntimeError as error:
            log.seek(0)
            lines = log.read().decode(errors="replace").splitlines()
            reasons = [line.split(" E ", 1)[1] for line in lines if " E " in line]
            raise RuntimeError(reasons[0] if reasons else str(error)) from None
        finally:
            os.dup2(standard_error, 2)


die_on_signals()
threading.Thread(target=leave_with_parent, daemon=True).start()
try:
    check()
    server = start_or_explain()
except Exception as error:
    print("serve.py:", " ".join(str(error).split()), file=sys.stderr, flush=True)
    os._exit(1)
die_on_signals()
print("listening", server.listening_address, flush=True)
threading.Event().wait()
