"""Whether a path that comes from outside stays inside its folder."""

from __future__ import annotations

import unicodedata
from pathlib import PurePosixPath, PureWindowsPath


def is_inside(path: str) -> bool:
    """Whether a relative path stays below the folder it starts from, on every operating system.

    Absolute paths, `..`, drive letters, backslashes, control characters and unpaired surrogates are refused.

    >>> is_inside("train/0_2.txt"), is_inside("../secret"), is_inside("C:/windows")
    (True, False, False)
    """
    if "\\" in path or any(unicodedata.category(each) in ("Cc", "Cs") for each in path):
        return False
    windows, posix = PureWindowsPath(path), PurePosixPath(path)
    if windows.drive or windows.root or posix.is_absolute():
        return False
    return bool(posix.parts) and ".." not in posix.parts
