"""Read old pickles of plain containers, numbers, arrays and sparse matrices without running anything they say.

A pickle is a program: it names functions and calls them. Here a short list of names is known, each stands for a plain
container or a harmless function of this room, and what is put into an array is checked before the array sees it.
"""

from __future__ import annotations

import io
import pickle
import struct
from collections.abc import Callable, Sized
from pathlib import Path
from typing import Any, ClassVar

from salience.core.errors import DataError
from salience.data.unpickle_parts import CALLABLE, KINDS, KNOWN, Refused, fill


def load(path: str | Path, *, max_bytes: int = 2**24) -> Any:
    """The object in a pickle file, if it is made of harmless parts alone.

    Allowed are the plain containers and numbers, `OrderedDict`, `defaultdict`, numpy arrays and scalars of numbers or
    text, and scipy matrices in CSR, CSC or COO form. Text of Python 2 is read as Latin-1.

    Raises:
        DataError: the pickle names anything else, is damaged, or is larger than `max_bytes`.
    """
    path = Path(path)
    try:
        with path.open("rb") as file:
            content = file.read(max_bytes + 1)
    except OSError as error:
        raise DataError(f"the pickle cannot be read: {error.strerror}", where=str(path)) from error
    if len(content) > max_bytes:
        raise DataError(f"the pickle is larger than {max_bytes:,} bytes", where=str(path), fix="raise max_bytes")
    try:
        return _Restricted(content).load()
    except Refused as error:
        raise DataError(f"the pickle was refused: {error}", where=str(path), fix="do not trust this file") from error
    except _DAMAGE as error:
        raise DataError(f"the pickle is damaged ({type(error).__name__}: {error})", where=str(path)) from error


_DAMAGE = (
    pickle.UnpicklingError,
    EOFError,
    LookupError,
    TypeError,
    ValueError,
    AttributeError,
    ArithmeticError,
    MemoryError,
    RecursionError,
    struct.error,
)


# The unpickler written in Python, because its steps can be replaced one by one; the one written in C also allocates
# whatever memory a single number in the file asks for.
class _Restricted(pickle._Unpickler):
    stack: list[Any]
    dispatch: ClassVar[dict[int, Callable[..., None]]] = dict(pickle._Unpickler.dispatch)

    def __init__(self, content: bytes) -> None:
        super().__init__(io.BytesIO(content), encoding="latin1")
        # In an honest pickle every element that is handed to a constructor was written to the file once.
        self.budget = 2 * len(content) + 2**12

    def find_class(self, module: str, name: str) -> Any:
        try:
            return KNOWN[module, name]
        except KeyError:
            raise Refused(f"it names {module}.{name}, which is not in the list of harmless types") from None

    def get_extension(self, code: int) -> None:
        raise Refused(f"it names number {code} of the extension registry")

    def persistent_load(self, pid: object) -> None:
        raise Refused(f"it refers to an object outside the file: {pid!r}")

    def load_reduce(self) -> None:
        given = self.stack.pop()
        called = self.stack[-1]
        if not any(called is each for each in CALLABLE):
            raise Refused(f"it calls {called!r}")
        self._spend(given)
        self.stack[-1] = called(*given)

    def load_newobj(self) -> None:
        given = self.stack.pop()
        kind = self.stack[-1]
        if not any(kind is each for each in KINDS) or given != ():
            raise Refused(f"it makes an object of {kind!r}")
        self.stack[-1] = kind()

    def load_build(self) -> None:
        state = self.stack.pop()
        self._spend(state)
        fill(self.stack[-1], state)

    def _spend(self, parts: Any) -> None:
        self.budget -= sum(len(each) for each in parts if isinstance(each, Sized))
        if self.budget < 0:
            raise Refused("it copies the same data again and again")

    dispatch[pickle.REDUCE[0]] = load_reduce
    dispatch[pickle.NEWOBJ[0]] = load_newobj
    dispatch[pickle.BUILD[0]] = load_build
    # Instances of classes are not harmless, and protocol 5 is younger than the files this is for.
    for _opcode in (pickle.INST, pickle.OBJ, pickle.NEWOBJ_EX, pickle.BYTEARRAY8, pickle.NEXT_BUFFER):
        del dispatch[_opcode[0]]
