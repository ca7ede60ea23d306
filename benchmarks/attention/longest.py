"""65,536 positions: the importances of one call, compared with float64 in blocks of rows, and the memory it took."""

from __future__ import annotations

import torch
from torch import Tensor

from benchmarks.attention import peak
from benchmarks.attention.problems import WIDTH, Size
from benchmarks.measure import Row, show, timed
from salience.kernels.importance import attention_importance, scaled_dot_product_attention_with_importance

POSITIONS, HEADS, ROWS, BLOCK = 65536, 2, 64, 512


def rows() -> list[Row]:
    """Time, memory and exactness."""
    size = Size(POSITIONS, heads=HEADS)
    query, key, value = size.tensors()
    results: dict[str, tuple[Tensor, Tensor]] = {}

    def call() -> None:
        results["ours"] = scaled_dot_product_attention_with_importance(query, key, value)

    fused, ours = timed(lambda: size.sdpa(query, key, value)).cpu, timed(call).cpu
    out, received = results["ours"]
    note = "one call each"
    found = [
        Row(f"fused forward pass, {size}", fused, "s", note=note),
        Row(f"output + received, {size}", ours, "s", note=note),
        Row(f"output + received to the fused forward pass, {size}", ours / fused, "x", note=note),
    ]
    show(found)
    found += [*_sampled(query, key, value, out), _whole_head(query, key, received)]
    show(found[-4:])
    found.append(Row(f"memory, {peak.BOTH}, {size}", peak.peak(peak.BOTH, POSITIONS, HEADS), "MiB"))
    show(found[-1:])
    return found


def _sampled(query: Tensor, key: Tensor, value: Tensor, out: Tensor) -> list[Row]:
    """Some queries with all that they look at, against float64."""
    index = torch.randperm(POSITIONS, generator=torch.Generator().manual_seed(0))[:ROWS]
    told = attention_importance(query[:, :, index], key, reduce=("received", "entropy"))
    weights = (query[:, :, index].double() @ key.double().mT * WIDTH**-0.5).softmax(-1)
    truth, entropy = weights.mean(2), -torch.xlogy(weights, weights).sum(-1)
    exact = weights @ value.double()
    note = f"{ROWS} sampled queries, all heads"
    received = float((told.received.double() - truth).abs().max() / truth.max())
    return [
        Row(f"error of received, N = {POSITIONS:,}, sampled", received, "", bar="<= 1e-05", note=f"relative; {note}"),
        Row(
            f"error of entropy, N = {POSITIONS:,}, sampled",
            float((told.entropy.double() - entropy).abs().max()),
            "",
            bar="<= 2e-05",
            note=f"absolute; {note}",
        ),
        Row(
            f"error of the output, N = {POSITIONS:,}, sampled",
            float((out[:, :, index].double() - exact).abs().max() / exact.abs().max()),
            "",
            bar="<= 1e-05",
            note=f"relative; {note}",
        ),
    ]


def _whole_head(query: Tensor, key: Tensor, received: Tensor) -> Row:
    """What every source received from all queries, of one head, against float64."""
    sources = key[0, 0].double().mT
    truth = torch.zeros(POSITIONS, dtype=torch.float64)
    for block in query[0, 0].split(BLOCK):
        truth += (block.double() @ sources * WIDTH**-0.5).softmax(-1).sum(0) / POSITIONS
    error = float((received[0, 0].double() - truth).abs().max() / truth.max())
    note = "relative; all queries and sources of one head"
    return Row(f"error of received, N = {POSITIONS:,}", error, "", bar="<= 1e-05", note=note)
