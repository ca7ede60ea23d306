"""Optional packages are imported where they are used, with the install line in the error."""

from __future__ import annotations

import importlib
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
