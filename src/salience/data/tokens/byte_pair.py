"""Byte-pair encoding: the most frequent neighbours become one piece, again and again (Sennrich et al. 2016)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, Self, final

from salience.core.errors import ConfigError
from salience.data.tokens import trained
from salience.data.tokens.pieces import Pieces, Tokens
from salience.data.vocabulary import UNKNOWN

if TYPE_CHECKING:
    from tokenizers import Tokenizer


@final
class BytePair(Tokens):
    """Cut a text into sub-words, learnt from the training texts by joining the most frequent neighbours.

    A rare word becomes several pieces instead of an unknown one; importance is still told by word, because the pieces
    of a word share one unit. Where no spaces are written (Chinese, Japanese, Thai) a piece may reach over several words
    and is then a unit itself. `▁` stands for the space before a word; no piece reaches over a space or a punctuation
    mark.

    Args:
        size: how many different pieces to learn, single characters included.
        lower: `Good` and `good` are one piece.

    Reference: Sennrich, Haddow, Birch 2016, Neural Machine Translation of Rare Words with Subword Units.

    >>> tokens = BytePair(size=13).fit(["low low low lower"])
    >>> pieces = tokens.split("Lower, lowlow")
    >>> pieces.keys
    ['▁low', 'e', 'r', '<unknown>', '▁low', 'lo', 'w']
    >>> pieces.places[pieces.owner].tolist()
    [[0, 5], [0, 5], [0, 5], [5, 6], [7, 13], [7, 13], [7, 13]]
    """

    def __init__(self, *, size: int = 8_000, lower: bool = True) -> None:
        if not 2 <= size <= 10**6:
            problem = f"size must be at least 2 and at most 1,000,000, got {size}"
            raise ConfigError(problem, where="the options of the tokens")
        self.size = size
        self.lower = lower
        self._tokenizer: Tokenizer | None = None

    def fit(self, texts: Iterable[str]) -> Self:
        from tokenizers import Tokenizer, models, pre_tokenizers, trainers

        self._tokenizer = Tokenizer(models.BPE(unk_token=UNKNOWN))
        self._tokenizer.normalizer = trained.normaliser(lower=self.lower)
        steps = [pre_tokenizers.Metaspace(), pre_tokenizers.Punctuation()]
        self._tokenizer.pre_tokenizer = pre_tokenizers.Sequence(steps)
        trainer = trainers.BpeTrainer(
            vocab_size=self.size, min_frequency=2, special_tokens=[UNKNOWN], show_progress=False
        )
        self._tokenizer.train_from_iterator(texts, trainer)
        return self

    def split(self, text: str) -> Pieces:
        return trained.split(self._tokenizer, text)

    def state(self) -> dict[str, Any]:
        return {"tokenizer": trained.fitted(self._tokenizer).to_str()}

    def restore(self, state: dict[str, Any]) -> Self:
        from tokenizers import Tokenizer

        self._tokenizer = Tokenizer.from_str(state["tokenizer"])
        return self
