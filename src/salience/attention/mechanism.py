"""What a mechanism is, and the common part of those that score every pair of query and source.

Legend: B examples, T queries, S sources, D width.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Collection
from typing import Protocol

import torch
from jaxtyping import Float
from torch import Tensor, nn

from salience.core.batch import Layout
from salience.core.errors import ConfigError
from salience.core.record import Attention, Dense
from salience.kernels import masks, normalise


class Mechanism(Protocol):
    """A module, made as `Name(width, *, option=...)`, that mixes sources for each query and says where it looked.

    Its record is always made, and making or asking it changes no bit of the output. What padded positions hold, NaN
    included, has no influence; outputs of padded queries are finite and mean nothing.

    A class that cannot do everything says so in two attributes, which `suited` reads: `needs`, the fields of `Layout`
    it cannot do without, and `among_themselves`, true if its queries are its sources. One whose output is a function of
    the weights and the sources may have `remix(weights, source)`, so that what weights do to an answer can be tested.
    """

    def __call__(
        self,
        query: Float[Tensor, "B T D"],
        source: Float[Tensor, "B S D"] | None = None,
        *,
        layout: Layout,
        query_layout: Layout | None = None,
    ) -> tuple[Float[Tensor, "B T D"], Attention]:
        """The mixed sources of each query, and the record of the mix.

        Without a `source` the queries look at each other, and `layout` describes both. With one, `layout` describes the
        source, and without a `query_layout` every query is real.
        """


#: What a modality must give for each field of `Layout` that a mechanism may need.
FIELDS = {
    "groups": "groups of positions, such as sentences",
    "grid": "positions in a grid, such as the pixels of an image or the frames of a film",
    "edges": "edges between positions, as a graph has",
    "kinds": "a kind for each edge, as a graph with several relations has",
    "edge_features": "numbers for each edge, as an edge table with more columns has",
    "asked": "positions that are asked about, as a table of nodes or of edges has",
    "times": "a time for each position",
}


def suited(mechanism: type, *, gives: Collection[str] = (), where: str) -> None:
    """Check that a mechanism can read data whose layouts have these fields.

    Raises:
        ConfigError: the mechanism needs a field that the data do not have.
    """
    lacking = [FIELDS[field] for field in getattr(mechanism, "needs", ()) if field not in gives]
    if lacking:
        raise ConfigError(
            f"{mechanism.__name__} attention needs {' and '.join(lacking)}, which these data do not have",
            where=where,
            fix="choose another mechanism, such as MultiHead; `salience list mechanisms` shows what each needs",
        )


class Scoring(nn.Module, ABC):
    r"""Mixes the sources themselves, by a softmax over one score per pair: :math:`y_t = \sum_s a_{ts} s_s`.

    A subclass gives `score`. Scores of padded positions are made and not used. Weights are held: O(T S) memory.
    """

    def __init__(self, width: int) -> None:
        super().__init__()
        self.width = width

    @abstractmethod
    def score(self, query: Float[Tensor, "B T D"], source: Float[Tensor, "B S D"]) -> Float[Tensor, "B T S"]:
        """How much each query wants each source: any real number."""

    def forward(
        self,
        query: Float[Tensor, "B T D"],
        source: Float[Tensor, "B S D"] | None = None,
        *,
        layout: Layout,
        query_layout: Layout | None = None,
    ) -> tuple[Float[Tensor, "B T D"], Attention]:
        query, source, query_layout = prepared(query, source, layout, query_layout)
        return mixed(self.score(query, source), source, layout=layout, query_layout=query_layout)

    def remix(self, weights: Float[Tensor, "B 1 T S"], source: Float[Tensor, "B S D"]) -> Float[Tensor, "B T D"]:
        """What comes out under other weights than its own, which are zero at padding."""
        return weights[:, 0] @ source

    def extra_repr(self) -> str:
        return f"width={self.width}"


def mixed(
    scores: Float[Tensor, "B T S"], source: Float[Tensor, "B S D"], *, layout: Layout, query_layout: Layout
) -> tuple[Float[Tensor, "B T D"], Attention]:
    """The sources, mixed by a softmax over the scores of each query, and the record of the mix."""
    index = torch.arange(query_layout.size, device=scores.device)
    seen = masks.padding(index, layout=layout, query_layout=query_layout)
    weights = normalise.softmax(scores, seen)  # [B, T, S]
    return weights @ source, Dense(weights[:, None], query_layout.lengths)


def prepared(
    query: Float[Tensor, "B T D"],
    source: Float[Tensor, "B S D"] | None,
    layout: Layout,
    query_layout: Layout | None,
) -> tuple[Float[Tensor, "B T D"], Float[Tensor, "B S D"], Layout]:
    """The arguments of a mechanism without their defaults and with zeros at padding: query, source, query layout."""
    if source is None:
        query = masks.blank(query, layout)
        return query, query, layout
    query_layout = masks.unpadded(query) if query_layout is None else query_layout
    return masks.blank(query, query_layout), masks.blank(source, layout), query_layout


def only_among_themselves(mechanism: nn.Module, source: Tensor | None, query_layout: Layout | None) -> None:
    """Refuse a source other than the queries.

    Raises:
        ConfigError: there is a source, or a layout for it.
    """
    if source is not None or query_layout is not None:
        raise ConfigError(
            f"{type(mechanism).__name__} attention mixes positions among themselves and takes no other source",
            fix="leave the source out, or choose a mechanism for two sequences, such as MultiHead",
        )
