"""The saved tokenizers of the token tests are of use here too."""

from tests.data.tokens.conftest import tokenizers_folder

__all__ = ["tokenizers_folder"]
