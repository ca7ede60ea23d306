"""Work with a tokenizer of the package tokenizers: what `BytePair`, `WordPiece` and `Pretrained` share."""

from __future__ import annotations

from typing import TYPE_CHECKING

from salience.core.errors import NotAvailable
from salience.data.tokens.align import align
from salience.data.tokens.pieces import Pieces

if TYPE_CHECKING:
    from tokenizers import Tokenizer
    from tokenizers.normalizers import Normalizer


def normaliser(*, lower: bool) -> Normalizer:
    """Compose characters (NFKC), lower their case if wanted, make all white space plain spaces.

    The package keeps the way back from each changed character to the raw text.
    """
    from tokenizers import Regex, normalizers

    case = [normalizers.Lowercase()] if lower else []
    return normalizers.Sequence([normalizers.NFKC(), *case, normalizers.Replace(Regex(r"\s+"), " ")])


def split(tokenizer: Tokenizer | None, text: str) -> Pieces:
    """Cut `text`; pieces outside every word (spaces, control characters) are left out."""
    encoded = fitted(tokenizer).encode(text, add_special_tokens=False)
    places, owner = align(text, encoded.offsets)
    real = owner >= 0
    return Pieces([key for key, stays in zip(encoded.tokens, real, strict=True) if stays], places, owner[real])


def fitted(tokenizer: Tokenizer | None) -> Tokenizer:
    """The tokenizer, once it is there.

    Raises:
        NotAvailable: neither `fit` nor `restore` was called.
    """
    if tokenizer is None:
        raise NotAvailable(
            "this tokenizer has not been fitted", fix="call fit(texts), or restore(state) of a saved one"
        )
    return tokenizer
