"""Words make sentences, sentences make documents (Yang et al. 2016, "Hierarchical Attention Networks").

Legend: B examples, S sources (words), G sentences, W width.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from jaxtyping import Float
from torch import Tensor, nn

from salience.core.batch import Layout
from salience.core.errors import ConfigError
from salience.models.encoders.encoder import Encoded
from salience.models.groups import Groups, OverGroups, WithinGroups


class Hierarchical(nn.Module):
    r"""One vector per sentence: :math:`y_g = \mathrm{pool}(\mathrm{words}(x_s : s \in g))`, then `sentences` over them.

    Idea: a sentence is read on its own, and what comes out is a sequence of sentences. The record of the pool has
    sentences for queries and all words for sources; times the weights of a pool over sentences it gives the weight of
    every word. Groups come from the modality (`layout.groups`); without them an example is one sentence.
    Cost: that of the inner encoder on sentences instead of documents.
    Works badly when: what matters spans sentences and there is no encoder over sentences.

    Args:
        words: an encoder within each sentence, as a config names it.
        pool: from the words of a sentence to its vector, as a config names it.
        sentences: an encoder over the sentences of a document; `Identity` for none.

    Raises:
        ConfigError: an unknown name or option, or a `words` encoder that does not give one vector per word.

    Reference: Yang et al. 2016, "Hierarchical Attention Networks for Document Classification".
    """

    def __init__(
        self,
        width: int,
        *,
        words: str | Mapping[str, Any] = "Convolution",
        pool: str | Mapping[str, Any] = "Additive",
        sentences: str | Mapping[str, Any] = "Identity",
    ) -> None:
        # Here, because that file imports this one: an encoder may be made of all other encoders.
        from salience.models.assemble import build_encoder, build_pool

        super().__init__()
        self.words = build_encoder(words, width)
        self.pool = build_pool(pool, self.words.width)
        self.sentences = build_encoder(sentences, self.words.width)
        self.width: int = self.sentences.width
        if hasattr(self.words, "stem") or isinstance(self.words, Hierarchical):
            raise ConfigError(
                f"{type(self.words).__name__} cannot read the words of a sentence",
                where="Hierarchical, words",
                fix="choose an encoder that gives one vector per word of the modality",
            )

    def forward(self, values: Float[Tensor, "B S W"], layout: Layout) -> Encoded:
        groups = Groups(layout)
        words = self.words(groups.apart(values), groups.members)
        vectors, record = self.pool(words.values, words.layout)
        looked = groups.together(record.received().transpose(1, 2)).transpose(1, 2)  # [B, H, S]
        sentences = self.sentences(groups.per_example(vectors), groups.groups)
        records = (
            *(WithinGroups(each, groups) for each in words.records),
            OverGroups(looked, groups, normalised=record.normalised),
            *sentences.records,
        )
        return Encoded(sentences.values, sentences.layout, records)
