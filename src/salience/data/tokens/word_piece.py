"""WordPiece: sub-words learnt from the training texts, a word cut into the longest pieces that are known."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, Self, final

from salience.core.errors import ConfigError
from salience.data.tokens import trained
from salience.data.tokens.pattern import HAN_AND_KANA
from salience.data.tokens.pieces import Pieces, Tokens
from salience.data.vocabulary import UNKNOWN

if TYPE_CHECKING:
    from tokenizers import Tokenizer
    from tokenizers.models import Model

ALONE = f"[{HAN_AND_KANA}]"


@final
class WordPiece(Tokens):
    """Cut each word into the longest pieces that are known, from left to right; `##` marks those inside a word.

    Importance is told by word, because the pieces of a word share one unit. Han and Kana characters stand alone. A word
    with a character that was never seen at its position is unknown as a whole; so is one of more than 100 characters.

    Args:
        size: how many different pieces to learn, single characters included.
        lower: `Good` and `good` are one piece.

    Reference: Wu et al. 2016, Google's Neural Machine Translation System, section 4.1.

    >>> tokens = WordPiece(size=13).fit(["low low low lower"])
    >>> pieces = tokens.split("Lower, lowlow")
    >>> pieces.keys
    ['low', '##e', '##r', '<unknown>', 'low', '##l', '##ow']
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
        from tokenizers import models, trainers

        texts = list(texts)
        learner = self._around(models.WordPiece(unk_token=UNKNOWN))
        letters = {letter for text in texts for letter in learner.normalizer.normalize_str(text)}
        # Left to itself the trainer meets these in random order, and breaks ties between equal counts by that order.
        inner = [f"##{letter}" for letter in sorted(letters) if not re.match(rf"{ALONE}|\s", letter)]
        trainer = trainers.WordPieceTrainer(
            vocab_size=self.size, min_frequency=2, special_tokens=[UNKNOWN, *inner], show_progress=False
        )
        learner.train_from_iterator(texts, trainer)
        # What was learnt, without treating `##e` in a user's text as a piece.
        self._tokenizer = self._around(models.WordPiece(learner.get_vocab(), unk_token=UNKNOWN))
        return self

    def split(self, text: str) -> Pieces:
        return trained.split(self._tokenizer, text)

    def state(self) -> dict[str, Any]:
        return {"tokenizer": trained.fitted(self._tokenizer).to_str()}

    def restore(self, state: dict[str, Any]) -> Self:
        from tokenizers import Tokenizer

        self._tokenizer = Tokenizer.from_str(state["tokenizer"])
        return self

    def _around(self, model: Model) -> Tokenizer:
        from tokenizers import Regex, Tokenizer, pre_tokenizers

        tokenizer = Tokenizer(model)
        tokenizer.normalizer = trained.normaliser(lower=self.lower)
        alone = pre_tokenizers.Split(Regex(ALONE), "isolated")
        steps = [pre_tokenizers.WhitespaceSplit(), pre_tokenizers.Punctuation(), alone]
        tokenizer.pre_tokenizer = pre_tokenizers.Sequence(steps)
        return tokenizer
