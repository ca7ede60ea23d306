"""Files that are written whole or not at all."""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from salience.core.errors import ConfigError


@contextmanager
def whole(path: str | Path) -> Iterator[Path]:
    """A path to write to inside the block; what was written there stands at `path` once the block has ended well.

    >>> with whole("answers.csv") as partial:  # doctest: +SKIP
    ...     partial.write_text("row,prediction\\n")

    Raises:
        ConfigError: at `path` no file can stand; nothing was written.
    """
    path = Path(path).resolve()
    if not path.parent.is_dir():
        raise ConfigError("there is no such folder to write to", where=str(path.parent), fix="make it first")
    # A device such as /dev/null would be replaced by a file.
    if path.exists() and not path.is_file():
        raise ConfigError("expected the path of a file, got a folder or a device", where=str(path), fix="name a file")
    # The ending stays, because it tells writers the kind of file.
    partial = path.with_name(f".{secrets.token_hex(8)}.partial{path.suffix}")
    try:
        yield partial
        os.replace(partial, path)
    finally:
        partial.unlink(missing_ok=True)
