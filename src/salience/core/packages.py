"""Optional packages are imported where they are used, with the install line in the error."""

from __future__ import annotations

import importlib
from collections.abc import Iterator
from contextlib import contextmanager
from types import ModuleType

from salience.core.errors import MissingPackage


def require(package: str, *, extra: str) -> ModuleType:
    """Import `package`, or say which extra of `salience` brings it.

    Raises:
        MissingPackage: the package is not installed.
    """
    try:
        return importlib.import_module(package)
    except ImportError as error:
        raise MissingPackage(
            f"the package '{package}' is needed here and could not be imported ({error})",
            fix=f"pip install 'salience[{extra}]'",
        ) from error


@contextmanager
def hugging_face(*, download: bool) -> Iterator[None]:
    """Inside the block Hugging Face's packages tell nothing of this machine, and reach the network only to download.

    Left to themselves they ask the network for a list of programs to look for here, also where only local files are
    to be read.
    """
    constants = require("huggingface_hub.constants", extra="pretrained")
    wanted = {"HF_HUB_DISABLE_TELEMETRY": True} | ({} if download else {"HF_HUB_OFFLINE": True})
    before = {name: getattr(constants, name) for name in wanted}
    try:
        for name, value in wanted.items():
            setattr(constants, name, value)
        yield
    finally:
        for name, value in before.items():
            setattr(constants, name, value)
