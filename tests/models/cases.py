"""The contract table of encoders and pools: one row (or more) for every public name of the two rooms."""

from __future__ import annotations

import atexit
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from salience.core.batch import Layout
from salience.core.build import build, named, options_of
from salience.models import build_pool, encoders, pools

B, S, W = 5, 11, 14  # W has to be even for two directions and two heads
LENGTHS = (7, 0, 11, 1, 5)


@dataclass(frozen=True)
class Case:
    """A choice as a config would write it."""

    choice: str | Mapping[str, Any]

    @property
    def name(self) -> str:
        return named(self.choice)[0]

    def __str__(self) -> str:
        name, options = named(self.choice)
        return "-".join([name, *(f"{key}={value}" for key, value in options.items())])


LEARNED = {"Learned": {"longest": 13}}
ONE_HEAD = {"MultiHead": {"heads": 1}}
ONE_HEADED_GAT = {"GAT": {"heads": 1, "project": False}}
TWO_HEADS = {"Transformer": {"attention": {"MultiHead": {"heads": 2}}}}

ENCODERS = [
    Case("Identity"),
    Case("FeedForward"),
    Case({"FeedForward": {"layers": 2}}),
    Case("Convolution"),
    Case({"Convolution": {"kernels": [2, 3, 4], "layers": 2, "residual": False}}),
    Case("Recurrent"),
    Case({"Recurrent": {"cell": "GRU", "directions": 1, "layers": 2}}),
    Case({"Recurrent": {"cell": "RNN"}}),
    Case(TWO_HEADS),
    Case({"Transformer": {"attention": "Dot"}}),
    Case({"Transformer": {"layers": 1, "attention": ONE_HEAD, "feedforward": 2, "positions": "Rotary"}}),
    Case({"Transformer": {"layers": 3, "shared": True, "attention": ONE_HEAD, "positions": LEARNED}}),
    Case({"Transformer": {"layers": 1, "attention": ONE_HEAD, "positions": None}}),
    Case("TabNet"),
    Case({"TabNet": {"steps": 5, "gamma": 1.0}}),
    Case({"Pretrained": {"name": "tiny"}}),
    Case({"GraphStack": {"attention": {"GAT": {"heads": 2}}}}),
    Case({"GraphStack": {"attention": {"GATv2": {"heads": 2}}, "last": {"GAT": {"heads": 1}}, "narrow": 3}}),
    Case({"GraphStack": {"layers": 1, "attention": ONE_HEADED_GAT, "residual": True}}),
    Case("Hierarchical"),
    Case({"Hierarchical": {"words": TWO_HEADS, "sentences": TWO_HEADS}}),
    Case({"Hierarchical": {"words": "Recurrent", "pool": "Max", "sentences": {"Recurrent": {"cell": "GRU"}}}}),
]

POOLS = [
    Case("Mean"),
    Case("Max"),
    Case("Dot"),
    Case("ScaledDot"),
    Case("Additive"),
    Case({"Additive": {"hidden": 3}}),
    Case("Bilinear"),
    Case({"MultiHead": {"heads": 2}}),
]


def _other_pools() -> list[Case]:
    """Every other mechanism that can be a pool; what it computes is the matter of its own contract."""
    found = []
    for name in sorted(set(pools.__all__) - {case.name for case in POOLS}):
        heads = "heads" in options_of(getattr(pools, name))
        found.append(Case({name: {"heads": 2}} if heads else name))
    return found


POOLS += _other_pools()


def make_encoder(case: Case) -> nn.Module:
    """The encoder of a row, ready to be asked, in float64."""
    torch.manual_seed(0)
    choice = {"Pretrained": {"name": tiny_bert()}} if case.name == "Pretrained" else case.choice
    return build(choice, encoders, W).double().eval()


@cache
def tiny_bert() -> str:
    """The folder of a pretrained model that nobody trained."""
    transformers = pytest.importorskip("transformers")
    folder = tempfile.TemporaryDirectory()
    atexit.register(folder.cleanup)
    config = transformers.BertConfig(
        vocab_size=31, hidden_size=W, num_hidden_layers=2, num_attention_heads=2, intermediate_size=17
    )
    transformers.BertModel(config).save_pretrained(folder.name)
    return folder.name


def make_pool(case: Case) -> nn.Module:
    """The pool of a row, ready to be asked, in float64."""
    torch.manual_seed(0)
    return build_pool(case.choice, W).double().eval()


def sequence(lengths: tuple[int, ...] = LENGTHS, size: int = S) -> tuple[Tensor, Layout]:
    """Values that are NaN on padding, and a layout with two or more groups where there is room.

    Each position has an edge to itself and one from the position before it, and the last position is asked about.
    """
    generator = torch.Generator().manual_seed(1)
    values = torch.randn(len(lengths), size, W, generator=generator, dtype=torch.float64)
    layout = Layout(torch.tensor(lengths), size)
    groups = (torch.arange(size) // 3).expand(len(lengths), size).masked_fill(~layout.mask, -1)
    return values.masked_fill(~layout.mask[..., None], torch.nan), linked(layout.lengths, size, groups)


def linked(lengths: Tensor, size: int, groups: Tensor | None) -> Layout:
    """A layout in which each position hears itself and the one before it."""
    edges = [
        (row * size + source, row * size + query)
        for row, length in enumerate(lengths.tolist())
        for query in range(length)
        for source in {query, max(0, query - 1)}
    ]
    asked = torch.arange(len(lengths)) * size + (lengths - 1).clamp(min=0)
    return Layout(
        lengths, size, groups, edges=torch.tensor(edges, dtype=torch.int64).reshape(-1, 2).T, asked=asked[:, None]
    )


def alone(values: Tensor, layout: Layout, row: int) -> tuple[Tensor, Layout]:
    """One row of a batch, cut to its own length."""
    length = int(layout.lengths[row])
    groups = None if layout.groups is None else layout.groups[row : row + 1, :length]
    return values[row : row + 1, :length], linked(layout.lengths[row : row + 1], length, groups)
