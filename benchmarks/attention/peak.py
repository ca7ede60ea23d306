"""Peak memory of one call beyond its inputs, in a process of its own: `... benchmarks.attention.peak KIND N HEADS`.

The call is made at 600 positions first, so that libraries are loaded. Then the inputs are made, the peak of resident
memory (VmHWM) is set back to what is held, and is read before and after the call. Uses /proc, so Linux only.
"""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import torch

from benchmarks.attention import training
from benchmarks.attention.problems import Size, eager
from benchmarks.measure import Row, show
from salience.kernels.flow import Layer, attention_relevance, attention_rollout
from salience.kernels.importance import attention_importance, scaled_dot_product_attention_with_importance
from salience.kernels.problem import Problem

EVERYTHING = ("received", "entropy", "max", "top")
FUSED, BOTH, ALONE, ALL = "fused forward pass", "output + received", "importances only", "all importances and output"
ROLLOUT, RELEVANCE = "rollout per layer", "Chefer relevance per layer"
STEP, SUPERVISED = "step without supervision", "supervised step"
EAGER, EAGER_STEP = "eager output + weights", "eager supervised step"


def rows() -> list[Row]:
    """What each kind needs beyond the fused kernel, how that grows, and what the eager way needs."""
    extra = {kind: peak(kind, 8192) for kind in (FUSED, BOTH, ALONE, ALL, ROLLOUT, RELEVANCE, STEP, SUPERVISED)}
    found = [Row(f"memory, {kind}, N = 8,192", mebibytes, "MiB") for kind, mebibytes in extra.items()]
    for kind, base, bar in ((BOTH, FUSED, "<= 64"), (ALL, FUSED, "<= 64"), (SUPERVISED, STEP, "<= 128")):
        found.append(Row(f"memory over the {base}, {kind}, N = 8,192", extra[kind] - extra[base], "MiB", bar=bar))
    show(found)
    for kind, heads in ((BOTH, 4), (ALONE, 4), (SUPERVISED, 2)):
        found.append(_growth(kind, heads))
        show(found[-1:])
    for kind, ours, bar in ((EAGER, BOTH, ">= 50"), (EAGER_STEP, SUPERVISED, ">= 25")):
        small = peak(kind, 2048)
        found.append(Row(f"memory, {kind}, N = 2,048", small, "MiB"))
        found.append(Row(f"memory, {kind} to {ours}, N = 2,048", small / peak(ours, 2048), "x"))
        large = peak(kind, 8192)
        found.append(Row(f"memory, {kind}, N = 8,192", large, "MiB"))
        found.append(Row(f"memory, {kind} to {ours}, N = 8,192", large / extra[ours], "x", bar=bar))
        show(found[-4:])
    return found


def peak(kind: str, positions: int, heads: int = 8) -> float:
    """Mebibytes beyond the inputs, of one call in a process of its own."""
    words = [sys.executable, "-m", "benchmarks.attention.peak", kind, str(positions), str(heads)]
    root = Path(__file__).parents[2]
    return float(subprocess.run(words, check=True, capture_output=True, text=True, cwd=root).stdout)


def call(kind: str, size: Size) -> Callable[[], object]:
    """The call that is measured, with its inputs made."""
    if kind in (STEP, SUPERVISED, EAGER_STEP):
        made, human = training.tensors(size)
        return {
            STEP: lambda: training.unsupervised(size, *made),
            SUPERVISED: lambda: training.supervised(size, *made, human),
            EAGER_STEP: lambda: training.supervised_eager(*made, human),
        }[kind]
    query, key, value, *slope = size.tensors(count=4 if kind == RELEVANCE else 3)
    # What the log-sum-exp says does not change how much memory is needed.
    layer = Layer(Problem(query, key, 0.125), torch.full(query.shape[:3], 12.0), value, *slope)
    return {
        FUSED: lambda: size.sdpa(query, key, value),
        BOTH: lambda: scaled_dot_product_attention_with_importance(query, key, value),
        ALONE: lambda: attention_importance(query, key),
        ALL: lambda: attention_importance(query, key, value, reduce=EVERYTHING, top_k=8),
        ROLLOUT: lambda: attention_rollout([layer]),
        RELEVANCE: lambda: attention_relevance([layer]),
        EAGER: lambda: eager(query, key, value),
    }[kind]


def _growth(kind: str, heads: int) -> Row:
    """From 8,192 to 32,768 positions; what does not grow is part of both."""
    some, many = (peak(kind, positions, heads) for positions in (8192, 32768))
    note = f"{some:.0f} and {many:.0f} MiB; {heads} heads"
    return Row(f"memory, growth from 8,192 to 32,768, {kind}", many / some, "x", bar="<= 4.5", note=note)


def _highest() -> float:
    found = re.search(r"VmHWM:\s+(\d+)", Path("/proc/self/status").read_text(encoding="ascii"))
    assert found is not None
    return int(found[1]) / 1024


def main(kind: str, positions: int, heads: int) -> None:
    torch.set_num_threads(1)
    call(kind, Size(600, heads=heads))()
    work = call(kind, Size(positions, heads=heads))
    Path("/proc/self/clear_refs").write_text("5", encoding="ascii")
    before = _highest()
    result = work()
    print(_highest() - before)
    del result


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]))
