"""What it costs to supervise attention: a step with a loss of received attention beside one without."""

from __future__ import annotations

from functools import partial

import torch
from torch import Tensor

from benchmarks.attention.calm import Sampler
from benchmarks.attention.problems import SPREAD, Size, eager, sizes
from benchmarks.measure import Row, show
from salience.kernels.importance import scaled_dot_product_attention_with_importance
from salience.kernels.supervision import attention_supervision_loss


def steps(rounds: int) -> list[Row]:
    """Forward and backward with and without supervision, by sharpness of scores, with one thread."""
    return [_ratio(size, rounds, "cpu", sharpness, "1 thread") for sharpness in SPREAD for size in sizes()]


def threaded(rounds: int) -> list[Row]:
    """The same with two threads, by the clock; only a machine with nothing else to do can tell."""
    torch.set_num_threads(2)
    rows = [_ratio(size, rounds, "wall", "usual", "2 threads") for size in sizes()]
    torch.set_num_threads(1)
    return rows


def supervised(size: Size, query: Tensor, key: Tensor, value: Tensor, slope: Tensor, human: Tensor) -> None:
    """One step: gradients of an output and of the loss of what was received."""
    out, received = scaled_dot_product_attention_with_importance(query, key, value, is_causal=size.causal)
    loss = attention_supervision_loss(received, human)
    torch.autograd.grad((out, loss), (query, key, value), (slope, None))


def unsupervised(size: Size, query: Tensor, key: Tensor, value: Tensor, slope: Tensor) -> None:
    """One step: gradients of an output."""
    torch.autograd.grad(size.sdpa(query, key, value), (query, key, value), slope)


def supervised_eager(query: Tensor, key: Tensor, value: Tensor, slope: Tensor, human: Tensor) -> None:
    """One step with the loss on weights that are all there."""
    out, weights = eager(query, key, value)
    loss = attention_supervision_loss(weights.mean(2), human)
    torch.autograd.grad((out, loss), (query, key, value), (slope.transpose(1, 2), None))


def tensors(size: Size, *, spread: float = 1.0) -> tuple[list[Tensor], Tensor]:
    """Query, key and value that want gradients, the gradient of an output; and what people marked."""
    *inputs, slope = size.tensors(spread=spread, count=4)
    for each in inputs:
        each.requires_grad_()
    return [*inputs, slope], (torch.rand(size.batch, size.positions) < 0.1).float()


def _ratio(size: Size, rounds: int, clock: str, sharpness: str, threads: str) -> Row:
    made, human = tensors(size, spread=SPREAD[sharpness])
    sampler = Sampler(rounds, clock)
    sampler.sample(partial(unsupervised, size, *made), {"supervised": partial(supervised, size, *made, human)})
    bar = "<= 1.4" if size.positions >= 8192 else "<= 1.2"
    row = sampler.row("supervised", f"supervised step, {size}, {sharpness} scores, {threads}", bar=bar)
    show([row])
    return row
