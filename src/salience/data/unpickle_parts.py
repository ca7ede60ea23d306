"""The parts a harmless pickle may be made of, and how each is made and filled safely."""

from __future__ import annotations

import collections
import math
import sys
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np


class Refused(Exception):
    """The pickle asks for something that is not harmless."""


class ArrayName:
    """Stands for `numpy.ndarray` where a pickle names it; cannot be called to any effect."""


class ObjectName:
    """Stands for `object` where a pickle names it as a base."""


def csr() -> Any:
    """A CSR matrix that waits for its state."""
    import scipy.sparse

    return object.__new__(scipy.sparse.csr_matrix)


def csc() -> Any:
    """A CSC matrix that waits for its state."""
    import scipy.sparse

    return object.__new__(scipy.sparse.csc_matrix)


def coo() -> Any:
    """A COO matrix that waits for its state."""
    import scipy.sparse

    return object.__new__(scipy.sparse.coo_matrix)


def new_array(kind: object, shape: object, _code: object) -> np.ndarray:
    """An empty array that waits for its state, which brings its own type and shape."""
    if kind is not ArrayName or shape != (0,):
        raise Refused("it begins an array in an unusual way")
    return np.ndarray((0,), dtype=np.int8)


def new_dtype(code: object, _align: object = False, _copy: object = True) -> np.dtype:
    """A number or text type; the others (objects, records) can hold pointers."""
    if not isinstance(code, str) or "," in code or np.dtype(code).kind not in "?biufcSU":
        raise Refused(f"it holds an array of type {code!r}; only numbers and text are harmless")
    # A copy of its own, for the next step may set its byte order.
    return np.dtype(code, align=False, copy=True)


def new_scalar(dtype: object, content: object) -> Any:
    """A numpy number or text."""
    array: Any = np.ndarray((0,), dtype=np.int8)
    _fill_array(array, (1, (), dtype, False, content))
    return array[()]


def new_bytes(text: object = "", codec: object = "latin1") -> bytes:
    """Bytes that an older protocol had to write as text."""
    if not isinstance(text, str) or codec not in ("latin1", "latin-1"):
        raise Refused(f"it makes bytes of {type(text).__name__} with {codec!r}")
    return text.encode("latin1")


def new_default(factory: Any = None) -> collections.defaultdict:
    """A dictionary with default values of a plain type."""
    if factory is not None and factory not in (list, dict, set, tuple, int, float, str, bool):
        raise Refused(f"it holds a defaultdict of {factory!r}")
    return collections.defaultdict(factory)


def new_instance(kind: Any, base: object, state: object) -> Any:
    """An object as the first protocols wrote it."""
    if kind not in KINDS or base is not ObjectName or state is not None:
        raise Refused(f"it makes an object of {kind!r}")
    return kind()


def fill(target: object, state: Any) -> None:
    """Give a waiting array, type or matrix its state, after checking it."""
    if type(target) is np.ndarray:
        _fill_array(target, state)
    elif isinstance(target, np.dtype):
        _fill_dtype(target, state)
    elif not isinstance(target, type) and getattr(target, "format", None) in _SPARSE_PARTS:
        _fill_sparse(target, state)
    else:
        raise Refused(f"it changes a {type(target).__name__}")


def _fill_dtype(dtype: Any, state: object) -> None:
    """Only the byte order may differ from what numpy itself would write for this type."""
    usual = dtype.__reduce__()[2]
    if not isinstance(state, tuple) or len(state) < 2 or state[1] not in tuple("<>|="):
        raise Refused("it changes an array type in an unusual way")
    if (state[0], *state[2:]) != (usual[0], *usual[2:]):
        raise Refused("it changes the meaning of an array type")
    dtype.__setstate__(state)


def _fill_array(array: Any, state: object) -> None:
    if not isinstance(state, tuple) or len(state) != 5 or state[0] != 1:
        raise Refused("it fills an array in an unusual way")
    _, shape, dtype, fortran, content = state
    content = content.encode("latin1") if isinstance(content, str) else content
    if not isinstance(dtype, np.dtype) or not isinstance(content, bytes) or not isinstance(shape, tuple):
        raise Refused("it fills an array with something other than bytes")
    if not all(type(each) is int and each >= 0 for each in shape):
        raise Refused(f"it makes an array of shape {shape}")
    if dtype.itemsize == 0 or math.prod(shape) * dtype.itemsize != len(content):
        raise Refused(f"{len(content):,} bytes do not make an array of shape {shape}")
    if (
        dtype.kind == "U"
        and (np.frombuffer(content, np.dtype(np.uint32).newbyteorder(dtype.byteorder)) > sys.maxunicode).any()
    ):
        raise Refused("it holds text with impossible characters")
    array.__setstate__((1, shape, dtype, bool(fortran), content))


_SPARSE_PARTS = {"csr": ("indices", "indptr"), "csc": ("indices", "indptr"), "coo": ("row", "col")}


def _fill_sparse(matrix: Any, state: object) -> None:
    """Build the matrix anew from its arrays, so that scipy checks every index."""
    if not isinstance(state, Mapping) or not isinstance(state.get("_shape"), tuple):
        raise Refused("it fills a sparse matrix in an unusual way")
    places = tuple(state.get("coords") or (state.get(part) for part in _SPARSE_PARTS[matrix.format]))
    if len(places) != 2 or not all(type(each) is np.ndarray for each in (state.get("data"), *places)):
        raise Refused("it fills a sparse matrix with something other than arrays")
    arrays = (state["data"], places) if matrix.format == "coo" else (state["data"], *places)
    matrix.__init__(arrays, shape=state["_shape"])
    if matrix.format != "coo":
        matrix.check_format(full_check=True)


KINDS: tuple[Callable[[], Any], ...] = (csr, csc, coo)
"""What may be made without arguments and filled later."""

CALLABLE: tuple[Callable[..., Any], ...] = (
    set,
    frozenset,
    complex,
    collections.OrderedDict,
    new_default,
    new_array,
    new_dtype,
    new_scalar,
    new_bytes,
    new_instance,
)
"""What a pickle may call."""


def _known() -> dict[tuple[str, str], Any]:
    names: dict[tuple[str, str], Any] = {}
    for module in ("builtins", "__builtin__"):
        for plain in (list, dict, tuple, set, frozenset, int, float, complex, str, bool):
            names[module, plain.__name__] = plain
        names.update({(module, "long"): int, (module, "unicode"): str, (module, "object"): ObjectName})
        names[module, "bytes"] = new_bytes
    for module in ("numpy.core.multiarray", "numpy._core.multiarray"):
        names.update({(module, "_reconstruct"): new_array, (module, "scalar"): new_scalar})
    for kind in KINDS:
        for module in ("scipy.sparse", f"scipy.sparse.{kind.__name__}", f"scipy.sparse._{kind.__name__}"):
            names[module, f"{kind.__name__}_matrix"] = kind
    for module in ("copyreg", "copy_reg"):
        names[module, "_reconstructor"] = new_instance
    names["collections", "OrderedDict"] = collections.OrderedDict
    names["collections", "defaultdict"] = new_default
    names["numpy", "ndarray"] = ArrayName
    names["numpy", "dtype"] = new_dtype
    names["_codecs", "encode"] = new_bytes
    return names


KNOWN = _known()
"""What a pickle may name: (module, name) -> what it stands for here."""
