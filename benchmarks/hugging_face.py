"""Importances of Hugging Face models: how exact they are, and what they cost beside `output_attentions=True`.

Exactness: tiny models of many architectures, made from their configs with sharp random weights, padded and not. Per
architecture, the largest difference of what sources received (mean over real queries) from what eager attention tells,
and the largest change of the model's output (relative to its largest number) against its own fused attention, with
`keep="qk"` and with `keep="statistics"`, which computes the output in one pass with what is told.

Cost: a BERT of 2 layers, 4 heads of width 64, feedforward 512, one text without padding. Each method gives what every
source received in every layer: the recorder with `keep="statistics"`, and eager attention with
`output_attentions=True`, whose weights are averaged. `fused` is the model alone. Times are taken in turns; memory is
the highest resident memory of a process of its own, over that with model and text. Reads /proc, so Linux only.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
import transformers as tf
from torch import Tensor

from benchmarks.measure import Row, in_turns, ratio, timed, write
from salience.recorder import AttentionRecorder
from tests.recorder.architectures import ARCHITECTURES
from tests.recorder.test_hugging_face import largest_difference, real_queries

SIZES = {2048: 7, 8192: 3}
METHODS = ("fused", "recorder", "eager")


def exactness() -> list[Row]:
    """Three rows for each architecture."""
    rows = []
    for name, architecture in ARCHITECTURES.items():
        errors, changes, rounding = [], [], []
        for padding in architecture.paddings:
            torch.manual_seed(0)
            model, inputs = architecture.make(), architecture.inputs(padding)
            before = model(**inputs)
            with AttentionRecorder(model) as recorder:
                recorded = model(**inputs)
            with AttentionRecorder(model, keep="statistics"):
                rounding.append(largest_difference(before, model(**inputs), inputs))
            model.set_attn_implementation("eager")
            weights = architecture.weights(model(**inputs, output_attentions=True))
            changes.append(largest_difference(before, recorded, inputs))
            for kind, expected in weights.items():
                records = [each for each in recorder.records if each.kind == kind]
                for record, dense in zip(records, expected, strict=True):
                    real = real_queries(record, inputs).to(dense.dtype)
                    received = torch.einsum("bhts,bt->bhs", dense, real / real.sum(1, keepdim=True))
                    errors.append(float((record.received() - received).abs().max()))
        note = "padding: " + ", ".join(architecture.paddings)
        rows.append(Row(f"{name}: error of received", max(errors), "", bar="<= 1e-5", note=note))
        rows.append(Row(f"{name}: change of the output", max(changes), "", bar="<= 1e-6", note=note))
        rows.append(Row(f"{name}: change of the output with statistics", max(rounding), "", bar="<= 1e-5", note=note))
    return rows


def cost() -> list[Row]:
    """Times and memory at each size."""
    rows = []
    for size, rounds in SIZES.items():
        works = {method: prepared(method, size) for method in METHODS}
        times = in_turns(
            {name: lambda work=work: timed(work) for name, work in works.items()},  # type: ignore[misc]
            rounds=rounds,
        )
        rows += ratio(f"N = {size:,}: recorder over the fused model alone", times["recorder"], times["fused"])
        rows += ratio(f"N = {size:,}: eager over the recorder", times["eager"], times["recorder"])
        extra = {method: memory(method, size) for method in METHODS}
        rows += [Row(f"N = {size:,}: memory of {method}", each, "MiB") for method, each in extra.items()]
        rows.append(Row(f"N = {size:,}: memory of eager over the recorder", extra["eager"] / extra["recorder"], "x"))
    return rows


def prepared(method: str, size: int) -> Callable[[], list[Tensor]]:
    """A model and a text, and what to do with them."""
    torch.manual_seed(0)
    config = tf.BertConfig(
        vocab_size=1000,
        hidden_size=256,
        num_hidden_layers=2,
        num_attention_heads=4,
        intermediate_size=512,
        max_position_embeddings=max(SIZES),
        attn_implementation="eager" if method == "eager" else "sdpa",
    )
    model: Any = tf.BertModel(config, add_pooling_layer=False).eval()
    text = torch.randint(0, 1000, (1, size))

    @torch.no_grad()
    def work() -> list[Tensor]:
        if method == "eager":
            return [each.mean(dim=2) for each in model(text, output_attentions=True).attentions]
        if method == "fused":
            return [model(text).last_hidden_state]
        with AttentionRecorder(model, keep="statistics", statistics=["received"]) as recorder:
            model(text)
        return list(recorder.received)

    return work


def memory(method: str, size: int) -> float:
    """The highest memory that one run needs, in MiB, in a process of its own."""
    words = [sys.executable, "-m", "benchmarks.hugging_face", "--method", method, "--size", str(size)]
    return float(subprocess.run(words, check=True, capture_output=True, text=True).stdout)


def watched(work: Callable[[], object]) -> float:
    """The highest resident memory while some work is done, over that before, in MiB."""
    # Writing 5 forgets the highest memory so far.
    Path("/proc/self/clear_refs").write_text("5", encoding="ascii")
    before = _resident("VmRSS")
    work()
    return (_resident("VmHWM") - before) / 1024


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--method", choices=METHODS, help="print the memory of one method, and nothing else")
    parser.add_argument("--size", type=int, default=min(SIZES))
    asked = parser.parse_args()
    torch.set_num_threads(1)
    if asked.method:
        work = prepared(asked.method, asked.size)
        # Code and buffers that any first run loads.
        prepared(asked.method, 64)()
        print(watched(work))
        return
    with torch.no_grad():
        exact = exactness()
    write("hugging_face", [*exact, *cost()])


def _resident(name: str) -> float:
    lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    return float(next(line for line in lines if line.startswith(name)).split()[1])


if __name__ == "__main__":
    main()
