"""The tokenizer that a pretrained model was trained with, and its ids."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, Self, final

from salience.core.errors import ConfigError
from salience.core.packages import hugging_face, require
from salience.data.tokens import trained
from salience.data.tokens.align import align
from salience.data.tokens.pieces import Pieces, Tokens
from salience.data.vocabulary import Vocabulary

if TYPE_CHECKING:
    from tokenizers import Tokenizer


@final
class Pretrained(Tokens):
    """Cut a text as a Hugging Face tokenizer does, special tokens included, and keep the ids of its model.

    Importance is told by word: the pieces of a word share one unit, and neighbouring words share one if a piece reaches
    over them (as in Chinese). Special tokens and pure white space belong to no unit.

    `fit` loads the tokenizer and learns nothing; needs the package transformers (`pip install 'salience[pretrained]'`).
    The saved state holds the whole tokenizer, so that a saved model needs neither the package nor the folder again.

    Args:
        name: a folder with the tokenizer's files, or its name on the Hugging Face hub.
        download: fetch it from the hub if it is not on this machine; otherwise only local files are read.
    """

    def __init__(self, name: str, *, download: bool = False) -> None:
        self.name = name
        self.download = download
        self._tokenizer: Tokenizer | None = None
        self._vocabulary: Vocabulary | None = None

    @property
    def vocabulary(self) -> Vocabulary | None:
        """The tokenizer's own ids; None before `fit`."""
        return self._vocabulary

    def fit(self, texts: Iterable[str]) -> Self:  # noqa: ARG002  (it has been fitted by its makers)
        """Load the tokenizer.

        Raises:
            ConfigError: it is not there, or does not tell where its pieces lie in the text.
            MissingPackage: transformers is not installed.
        """
        loaded = _load(self.name, download=self.download)
        special = (loaded.pad_token_id, loaded.eos_token_id, loaded.unk_token_id)
        padding = next((number for number in special if number is not None), 0)
        unknown = padding if loaded.unk_token_id is None else loaded.unk_token_id
        return self._take(loaded.backend_tokenizer, padding, unknown)

    def split(self, text: str) -> Pieces:
        encoded = trained.fitted(self._tokenizer).encode(text)
        places, owner = align(text, encoded.offsets)
        return Pieces(encoded.tokens, places, owner)

    def text_of(self, number: int) -> str:
        """The text of one id, as it would stand in a sentence."""
        return trained.fitted(self._tokenizer).decode([number], skip_special_tokens=False)

    def state(self) -> dict[str, Any]:
        tokenizer = trained.fitted(self._tokenizer)
        assert self._vocabulary is not None
        special = {"padding": self._vocabulary.padding, "unknown": self._vocabulary.unknown}
        return {"tokenizer": tokenizer.to_str(), **special}

    def restore(self, state: dict[str, Any]) -> Self:
        from tokenizers import Tokenizer

        return self._take(Tokenizer.from_str(state["tokenizer"]), state["padding"], state["unknown"])

    def _take(self, tokenizer: Tokenizer, padding: int, unknown: int) -> Self:
        # A saved tokenizer may cut or fill every text to one length.
        tokenizer.no_truncation()
        tokenizer.no_padding()
        ids = tokenizer.get_vocab(with_added_tokens=True)
        words = [""] * (max(ids.values()) + 1)
        for word, number in ids.items():
            words[number] = word
        self._tokenizer = tokenizer
        self._vocabulary = Vocabulary(tuple(words), padding=padding, unknown=unknown)
        return self


def _load(name: str, *, download: bool) -> Any:
    transformers = require("transformers", extra="pretrained")
    try:
        with hugging_face(download=download):
            # Left open, the question whether to run the tokenizer's own code would be asked on the terminal.
            options = {"local_files_only": not download, "trust_remote_code": False}
            loaded = transformers.AutoTokenizer.from_pretrained(name, **options)
    except (OSError, ValueError) as error:
        raise ConfigError(
            f"there is no tokenizer '{name}' that can be loaded ({str(error).splitlines()[0]})",
            fix="give the folder of a saved tokenizer, or a name on the Hugging Face hub with `download: true`",
        ) from error
    if not loaded.is_fast:
        raise ConfigError(
            f"the tokenizer '{name}' does not tell where its pieces lie in the text",
            fix="take one that comes with a tokenizer.json (a fast tokenizer)",
        )
    return loaded
