"""From ids to vectors: an embedding of each word, and of each pair of neighbours if wanted.

Legend: B examples, S positions, D width, V ids, W numbers of each pretrained vector.
"""

from __future__ import annotations

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn

from salience.core.batch import Layout, Stream
from salience.data.vectors import Vectors

# Odd constants with well mixed bits, below 2**31 so that a product with an id stays exact in 64 bits.
MIX = (0x2545F491, 0x4F6CDD1D)


class WordStem(nn.Module):
    r"""Embed words: :math:`x_t = P\, e(w_t) + p(w_{t-1}, w_t)`.

    The second term is there if `pairs` is not 0: pairs of neighbours share `pairs` embeddings by a hash, which tells
    `not good` from `good` before any other layer (Joulin et al. 2016, Bag of Tricks for Efficient Text Classification).
    They start at zero, so that training begins with words alone and an unseen pair adds nothing.

    Words start from a normal distribution with standard deviation 0.1, or from pretrained vectors; words without one
    start with the mean and spread of those that have one. `inner` is the width of pretrained vectors: where it differs
    from `width`, `P` is a learnt projection, otherwise the identity.

    Padded positions are zero.
    """

    def __init__(self, size: int, width: int, *, padding: int = 0, pairs: int = 0, inner: int | None = None) -> None:
        super().__init__()
        inner = width if inner is None else inner
        self.words = nn.Embedding(size, inner, padding_idx=padding)
        self.project = nn.Identity() if inner == width else nn.Linear(inner, width, bias=False)
        self.pairs = nn.Embedding(pairs, width) if pairs else None
        nn.init.normal_(self.words.weight, std=0.1)
        if self.pairs is not None:
            nn.init.zeros_(self.pairs.weight)
        self._silence_padding()

    def forward(self, stream: Stream) -> Float[Tensor, "B S D"]:
        embedded = self.project(self.words(stream.values))
        if self.pairs is not None:
            embedded = embedded + self._neighbours(stream.values, stream.layout)
        return embedded

    @torch.no_grad()
    def start_from(self, vectors: Vectors) -> None:
        """Take the given vectors, and make the words without one look like those with one."""
        values = torch.from_numpy(vectors.values).to(self.words.weight)
        self.words.weight.normal_().mul_(values.std(unbiased=False)).add_(values.mean(0))
        self.words.weight[torch.from_numpy(vectors.rows)] = values
        self._silence_padding()

    def _neighbours(self, ids: Int[Tensor, "B S"], layout: Layout) -> Float[Tensor, "B S D"]:
        assert self.pairs is not None
        bucket = hash_pairs(ids[:, :-1], ids[:, 1:], self.pairs.num_embeddings)
        # A pair is real if its second word is: padding is on the right.
        found = self.pairs(bucket) * layout.mask[:, 1:, None]
        return nn.functional.pad(found, (0, 0, 1, 0))

    @torch.no_grad()
    def _silence_padding(self) -> None:
        self.words.weight[self.words.padding_idx] = 0.0


def hash_pairs(first: Int[Tensor, "*N"], second: Int[Tensor, "*N"], buckets: int) -> Int[Tensor, "*N"]:
    """A bucket for each ordered pair of ids: the same everywhere, spread evenly."""
    mixed = first * MIX[0] + second * MIX[1]
    mixed = ((mixed ^ (mixed >> 31)) & 0x7FFFFFFF) * MIX[0]
    return (mixed ^ (mixed >> 29)) % buckets
