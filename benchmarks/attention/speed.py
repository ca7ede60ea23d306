"""What importances cost beside the fused forward pass: by kind, size and sharpness of scores, with one thread."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import torch

from benchmarks.attention.calm import Sampler, Work
from benchmarks.attention.problems import SPREAD, WIDTH, Size, eager, sizes
from benchmarks.measure import Row, show
from salience.kernels.column_pass import received
from salience.kernels.flow import Layer, attention_relevance, attention_rollout
from salience.kernels.importance import attention_importance, scaled_dot_product_attention_with_importance
from salience.kernels.log_sum_exp import output_and_lse
from salience.kernels.problem import Problem

TARGETS = 8
#: Name of each work, and the bar of its ratio to the fused forward pass; of several lengths the bar is for those from
#: the number beside it.
BARS: dict[str, tuple[str, int]] = {
    "output + received": ("<= 1.2", 0),
    "second pass alone": ("<= 0.7", 0),
    "importances only": ("<= 0.8", 0),
    "output + received + entropy + largest": ("<= 1.35", 0),
    "output + received + top 8": ("<= 1.5", 8192),
    "rollout per layer, 1 target": ("<= 0.7", 0),
    f"rollout per layer, {TARGETS} targets": ("<= 0.8", 0),
    "Chefer relevance per layer": ("<= 1.35", 0),
}


def kinds(rounds: int, *, sharpness: str) -> list[Row]:
    """Every kind of importance at every size."""
    rows = []
    for size in sizes():
        query, key, value, slope = size.tensors(count=4, spread=SPREAD[sharpness])
        sampler = Sampler(rounds, "cpu")
        yardstick = partial(size.sdpa, query, key, value)
        sampler.sample(yardstick, works(size, query, key, value, slope))
        rows += [sampler.seconds(f"fused forward pass, {size}"), sampler.speed(f"matrix product, {size}")]
        for name, (bar, least) in BARS.items():
            reached = bar if size.positions >= least else None
            rows.append(sampler.row(name, f"{name}, {size}", bar=reached))
        show(rows[-len(BARS) - 2 :])
    return rows


def works(
    size: Size, query: torch.Tensor, key: torch.Tensor, value: torch.Tensor, slope: torch.Tensor
) -> dict[str, Callable[[], object]]:
    """What is timed, by its name in `BARS`."""
    problem = Problem(query, key, WIDTH**-0.5, causal=size.causal)
    _, lse = output_and_lse(problem, value)
    uniform = torch.full((size.batch, size.heads, 1, size.positions), 1 / size.positions)
    layer = Layer(problem, lse, value, slope)
    several = torch.rand(size.batch, TARGETS, size.positions)
    importance = partial(attention_importance, query, key, is_causal=size.causal)
    together = partial(scaled_dot_product_attention_with_importance, query, key, value, is_causal=size.causal)
    made: tuple[Work, ...] = (
        together,
        partial(received, problem, lse, uniform),
        importance,
        partial(importance, value, reduce=("received", "entropy", "max")),
        partial(importance, value, reduce=("received", "top"), top_k=8),
        partial(attention_rollout, [layer]),
        partial(attention_rollout, [layer], several),
        partial(attention_relevance, [layer]),
    )
    return dict(zip(BARS, made, strict=True))


def against_eager(rounds: int) -> list[Row]:
    """Output and all weights, as models give them that are asked for their attention, beside output and received."""
    rows = []
    for size in (Size(2048), Size(8192, heads=2)):
        query, key, value = size.tensors()
        sampler = Sampler(rounds, "cpu")
        ours = partial(scaled_dot_product_attention_with_importance, query, key, value)
        sampler.sample(ours, {"eager": partial(eager, query, key, value)})
        rows.append(sampler.row("eager", f"eager output + weights to output + received, {size}"))
    show(rows)
    return rows


def long(rounds: int) -> list[Row]:
    """A sequence beyond the length at which whole rows stay in the cache; two heads, to be done in minutes."""
    size = Size(32768, heads=2)
    query, key, value, slope = size.tensors(count=4)
    names = ("output + received", "second pass alone")
    sampler = Sampler(rounds, "cpu")
    chosen = works(size, query, key, value, slope)
    sampler.sample(partial(size.sdpa, query, key, value), {name: chosen[name] for name in names})
    rows = [sampler.seconds(f"fused forward pass, {size}"), sampler.speed(f"matrix product, {size}")]
    rows += [sampler.row(name, f"{name}, {size}", bar="<= 0.7" if name == names[1] else None) for name in names]
    show(rows)
    return rows
