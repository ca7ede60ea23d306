from __future__ import annotations

import collections
import contextlib
import copyreg
import functools
import os
import pickle
import struct
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import scipy.sparse
from hypothesis import given
from hypothesis import strategies as st

from salience.core.errors import DataError
from salience.data.unpickle import load

PROTOCOLS = range(5)
PLAIN = [
    None,
    True,
    -7,
    2**70,
    1.5,
    1 + 2j,
    "汉字",
    b"",
    b"\x00\xff",
    (1, (2,)),
    [[], {}],
    {"a": [1, 2]},
    {1, 2},
    frozenset({"a"}),
    collections.OrderedDict(b=1, a=2),
]
ARRAYS = [
    np.arange(6.0).reshape(2, 3),
    np.arange(6).reshape(2, 3).T,
    np.arange(3, dtype=">i2"),
    np.array(["ab", "汉字"]),
    np.array([b"ab", b"c"]),
    np.array([True, False]),
    np.array(2.5, dtype=np.float32),
    np.zeros((0, 3), dtype=np.uint8),
    np.array([1 + 2j]),
]
DENSE = np.array([[0, 1.5, 0], [2, 0, -3]])


def saved(folder: Path, content: bytes) -> Path:
    path = folder / "a.pickle"
    path.write_bytes(content)
    return path


def loaded(folder: Path, value: object, protocol: int) -> object:
    return load(saved(folder, pickle.dumps(value, protocol)))


@pytest.mark.parametrize("protocol", PROTOCOLS)
@pytest.mark.parametrize("value", PLAIN, ids=repr)
def test_plain_values_come_back(tmp_path: Path, value: object, protocol: int) -> None:
    again = loaded(tmp_path, value, protocol)
    assert again == value
    assert type(again) is type(value)


@pytest.mark.parametrize("protocol", PROTOCOLS)
@pytest.mark.parametrize("array", ARRAYS, ids=lambda array: f"{array.dtype}{array.shape}")
def test_arrays_come_back(tmp_path: Path, array: np.ndarray, protocol: int) -> None:
    again = loaded(tmp_path, array, protocol)
    assert type(again) is np.ndarray
    # numpy itself turns another byte order into that of this machine.
    assert again.dtype == pickle.loads(pickle.dumps(array, protocol)).dtype
    np.testing.assert_array_equal(again, array)


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_numpy_numbers_come_back(tmp_path: Path, protocol: int) -> None:
    again = loaded(tmp_path, [np.float32(1.5), np.int64(-3), np.bool_(True)], protocol)
    assert again == [1.5, -3, True]
    assert [type(each) for each in again] == [np.float32, np.int64, np.bool_]


@pytest.mark.parametrize("protocol", PROTOCOLS)
@pytest.mark.parametrize("kind", [scipy.sparse.csr_matrix, scipy.sparse.csc_matrix, scipy.sparse.coo_matrix])
def test_sparse_matrices_come_back(tmp_path: Path, kind: type, protocol: int) -> None:
    again = loaded(tmp_path, kind(DENSE), protocol)
    assert type(again) is kind
    np.testing.assert_array_equal(again.toarray(), DENSE)


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_a_dictionary_with_default_values_still_has_them(tmp_path: Path, protocol: int) -> None:
    again = loaded(tmp_path, collections.defaultdict(list, {1: [2]}), protocol)
    assert type(again) is collections.defaultdict
    assert (again[1], again[9]) == ([2], [])


def test_shared_and_circular_parts_stay_so(tmp_path: Path) -> None:
    part: list[object] = [np.arange(3)]
    part.append(part)
    again = loaded(tmp_path, [part, part], 2)
    assert again[0] is again[1]
    assert again[0][1] is again[0]


@given(
    st.recursive(
        st.none() | st.integers() | st.floats(allow_nan=False) | st.text() | st.binary(), st.lists, max_leaves=9
    )
)
def test_any_nest_of_plain_values_comes_back(tmp_path_factory: pytest.TempPathFactory, value: object) -> None:
    for protocol in PROTOCOLS:
        assert loaded(tmp_path_factory.mktemp("any"), value, protocol) == value


def test_text_of_python_2_is_latin_1(tmp_path: Path) -> None:
    assert load(saved(tmp_path, b"\x80\x02U\x02\xe9a.")) == "éa"


def test_cora_is_read_as_python_2_wrote_it(real_data: Callable[[str], Path]) -> None:
    folder = real_data("planetoid-cora") / "data"
    features, labels, graph = (load(folder / f"ind.cora.{part}") for part in ("allx", "ally", "graph"))
    assert (type(features), features.shape, features.dtype) == (scipy.sparse.csr_matrix, (1708, 1433), np.float32)
    assert set(features.data) == {1.0}
    assert (labels.shape, labels.dtype) == ((1708, 7), np.int32)
    assert (labels.sum(axis=1) == 1).all()
    assert (len(graph), graph[0]) == (2708, [633, 1862, 2582])
    assert {load(folder / f"ind.cora.{part}").shape for part in ("x", "tx")} == {(140, 1433), (1000, 1433)}
    assert {load(folder / f"ind.cora.{part}").shape for part in ("y", "ty")} == {(140, 7), (1000, 7)}


class Calls:
    """Pickled as a call of `function` with `arguments`."""

    def __init__(self, function: Callable[..., object], *arguments: object, state: object = None) -> None:
        self.call = (function, arguments) if state is None else (function, arguments, state)

    def __reduce__(self) -> tuple[object, ...]:
        return self.call


def array_of(value: object) -> np.ndarray:
    array = np.empty(1, dtype=object)
    array[0] = value
    return array


@pytest.fixture
def trap(tmp_path: Path) -> Path:
    """A path that must not come into being."""
    return tmp_path / "sprung"


def assert_refused(folder: Path, content: bytes, match: str) -> None:
    before = sorted(folder.rglob("*"))
    path = saved(folder, content)
    with pytest.raises(DataError, match=match) as caught:
        load(path)
    assert f"where: {path}" in str(caught.value)
    path.unlink()
    assert sorted(folder.rglob("*")) == before


@pytest.mark.parametrize("protocol", PROTOCOLS)
@pytest.mark.parametrize(
    "nested", [lambda bad: bad, lambda bad: [{"a": (bad,)}], array_of], ids=["bare", "nested", "array"]
)
def test_nothing_that_a_pickle_calls_is_executed(
    tmp_path: Path, trap: Path, nested: Callable[[object], object], protocol: int
) -> None:
    command = f"open({str(trap)!r}, 'w').close()"
    for bad, name in [
        (Calls(os.system, f"touch {trap}"), r"(posix|nt)\.system"),
        (Calls(os.mkdir, str(trap)), r"(posix|nt)\.mkdir"),
        (Calls(eval, command), r"(builtins|__builtin__)\.eval"),
        (Calls(exec, command), r"(builtins|__builtin__)\.exec"),
        (Calls(open, str(trap), "w"), r"io\.open"),
        (Calls(getattr, "a", "upper"), r"(builtins|__builtin__)\.getattr"),
        (Calls(functools.partial, os.mkdir, str(trap)), r"functools\.partial"),
        (Calls(__import__, "this"), r"(builtins|__builtin__)\.__import__"),
        (Calls(np.load, str(trap)), r"numpy\.load"),
        (Calls(map, os.mkdir, [str(trap)]), r"(builtins|__builtin__)\.(map|imap)|itertools\.imap"),
        (collections.Counter, r"collections\.Counter"),
        (Path(trap), r"pathlib\.PosixPath"),
    ]:
        content = pickle.dumps(nested(bad), protocol)
        assert_refused(
            tmp_path, content, rf"the pickle was refused: it names {name}, which is not in the list|of type 'O8'"
        )
    assert not trap.exists()


def test_the_same_pickles_do_spring_the_trap_elsewhere(tmp_path: Path, trap: Path) -> None:
    pickle.loads(pickle.dumps(array_of(Calls(os.mkdir, str(trap)))))
    assert trap.exists()


OPCODES = {
    "a class as such": (b"cbuiltins\nset\n}S'a'\nNsb.", "it changes a type"),
    "an attribute of an allowed class": (
        b"\x80\x04\x8c\x08builtins\x8c\x0cset.__init__\x93.",
        r"builtins\.set\.__init__",
    ),
    "a container's attributes": (b"ccollections\nOrderedDict\n)R}S'a'\nNsb.", "it changes a OrderedDict"),
    "a plain type as a function": (b"cbuiltins\nlist\n(lI1\na\x85R.", "it calls <class 'list'>"),
    "a text as a function": (b"S'abc'\n)R.", "it calls 'abc'"),
    "an instance of a plain class": (b"\x80\x02cbuiltins\ndict\n)\x81.", "it makes an object of <class 'dict'>"),
    "an old instance": (b"(ibuiltins\nset\n.", "damaged"),
    "an instance with keywords": (b"\x80\x04cbuiltins\nset\n)}\x92.", "damaged"),
    "an outside object": (b"Pabc\n.", "it refers to an object outside the file: 'abc'"),
    "an outside object, binary": (b"\x80\x02K\x01Q.", "it refers to an object outside the file: 1"),
    "the extension registry": (b"\x80\x02\x82\xf0.", "it names number 240 of the extension registry"),
    "a giant byte array": (b"\x80\x05\x96" + struct.pack("<Q", 2**40) + b".", "damaged"),
    "a giant text": (b"\x80\x04\x8d" + struct.pack("<Q", 2**40) + b".", "damaged"),
    "a giant memo": (b"\x80\x02Nr\xff\xff\xff\x7fj\xff\xff\xff\x7e.", "damaged"),
    "an unknown step": (b"\xff.", "damaged"),
    "nothing": (b"", "damaged"),
}


@pytest.mark.parametrize("name", OPCODES)
def test_steps_written_by_hand_are_refused(tmp_path: Path, name: str) -> None:
    assert_refused(tmp_path, *OPCODES[name])


def test_the_extension_registry_is_not_asked_even_when_it_knows(tmp_path: Path, trap: Path) -> None:
    copyreg.add_extension("posix", "mkdir", 240)
    try:
        pickle.loads(b"\x80\x02\x82\xf0.")  # Fills the cache that the standard unpickler looks into first.
        assert_refused(tmp_path, b"\x80\x02\x82\xf0(S'" + str(trap).encode() + b"'\ntR.", "extension registry")
    finally:
        copyreg.remove_extension("posix", "mkdir", 240)
    assert not trap.exists()


EMPTY = b"cnumpy.core.multiarray\n_reconstruct\n(cnumpy\nndarray\n(I0\ntS'b'\ntR"
INT32 = b"cnumpy\ndtype\n(S'i4'\nI0\nI1\ntR(I3\nS'<'\nNNNI-1\nI-1\nI0\ntb"

ARRAY_STEPS = {
    "pointers out of bytes": (EMPTY + b"(I1\n(I1\ntcnumpy\ndtype\n(S'O8'\ntRI00\nS'AAAAAAAA'\ntb.", "of type 'O8'"),
    "a record": (b"cnumpy\ndtype\n(S'V8'\ntR.", "of type 'V8'"),
    "a list of fields": (b"cnumpy\ndtype\n(S'i4,O'\ntR.", "of type 'i4,O'"),
    "a date": (b"cnumpy\ndtype\n(S'M8[s]'\ntR.", r"of type 'M8\[s\]'"),
    "flags that lie": (
        b"cnumpy\ndtype\n(S'i4'\ntR(I3\nS'<'\nNNNI-1\nI-1\nI63\ntb.",
        "it changes the meaning of an array type",
    ),
    "a size that lies": (
        b"cnumpy\ndtype\n(S'S4'\ntR(I3\nS'|'\nNNNI400\nI1\nI0\ntb.",
        "it changes the meaning of an array type",
    ),
    "an order that is none": (b"cnumpy\ndtype\n(S'i4'\ntR(I3\nS'?'\nNNNI-1\nI-1\nI0\ntb.", "in an unusual way"),
    "more cells than bytes": (
        EMPTY + b"(I1\n(I9\nt" + INT32 + b"I00\nS'AAAA'\ntb.",
        "4 bytes do not make an array of shape",
    ),
    "a negative size": (EMPTY + b"(I1\n(I-1\nt" + INT32 + b"I00\nS''\ntb.", r"it makes an array of shape \(-1,\)"),
    "cells of no size": (EMPTY + b"(I1\n(I99999999999\ntcnumpy\ndtype\n(S'S0'\ntRI00\nS''\ntb.", "0 bytes do not make"),
    "a list for bytes": (EMPTY + b"(I1\n(I1\nt" + INT32 + b"I00\n(lI1\natb.", "something other than bytes"),
    "another beginning": (
        b"cnumpy.core.multiarray\n_reconstruct\n(cnumpy\nndarray\n(I9\ntS'b'\ntR.",
        "begins an array in an unusual way",
    ),
    "another class": (
        b"cnumpy.core.multiarray\n_reconstruct\n(cbuiltins\nset\n(I0\ntS'b'\ntR.",
        "begins an array in an unusual way",
    ),
    "the array class as a function": (b"cnumpy\nndarray\n(I9\ntR.", "it calls <class '.*ArrayName'>"),
    "no characters": (
        EMPTY + b"(I1\n(I1\ntcnumpy\ndtype\n(S'U1'\ntRI00\nS'AAAA'\ntb.",
        "text with impossible characters",
    ),
    "a short state": (EMPTY + b"(I1\ntb.", "in an unusual way"),
}


@pytest.mark.parametrize("name", ARRAY_STEPS)
def test_arrays_that_would_reach_into_memory_are_refused(tmp_path: Path, name: str) -> None:
    assert_refused(tmp_path, *ARRAY_STEPS[name])


def test_an_honest_array_written_by_hand_is_read(tmp_path: Path) -> None:
    array = load(saved(tmp_path, EMPTY + b"(I1\n(I1\nt" + INT32 + b"I00\nS'\\x07\\x00\\x00\\x00'\ntb."))
    assert array.tolist() == [7]


@pytest.mark.parametrize(
    ("changes", "match"),
    [
        ({"indices": np.array([1, 99, 0], dtype=np.int32)}, "damaged"),
        ({"indices": np.array([1, -1, 0], dtype=np.int32)}, "damaged"),
        ({"indptr": np.array([0, 1, 99], dtype=np.int32)}, "damaged"),
        ({"data": [1.0, 2.0, 3.0]}, "something other than arrays"),
        ({"_shape": None}, "in an unusual way"),
    ],
)
def test_a_sparse_matrix_that_points_outside_itself_is_refused(
    tmp_path: Path, changes: dict[str, object], match: str
) -> None:
    class Crafted:
        def __reduce__(self) -> tuple[object, ...]:
            state = {**vars(scipy.sparse.csr_matrix(DENSE)), **changes}
            return (copyreg._reconstructor, (scipy.sparse.csr_matrix, object, None), state)

    assert_refused(tmp_path, pickle.dumps(Crafted(), 2), match)


def test_a_small_file_cannot_fill_the_memory(tmp_path: Path) -> None:
    # One list of many elements, turned into sets again and again.
    elements = b"(" + b"".join(b"K" + bytes([number]) for number in range(256)) * 40 + b"l"
    copies = b"cbuiltins\nset\nq\x02" + b"h\x02h\x01\x85R" * 1000
    assert_refused(tmp_path, b"\x80\x02" + elements + b"q\x01" + copies + b".", "copies the same data again and again")


def test_a_file_over_the_limit_is_refused_before_it_is_read(tmp_path: Path) -> None:
    path = saved(tmp_path, pickle.dumps(bytes(2000), 2))
    with pytest.raises(DataError, match="larger than 1,000 bytes") as caught:
        load(path, max_bytes=1000)
    assert "raise max_bytes" in str(caught.value)


def test_a_missing_file_is_an_error_that_says_so(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="the pickle cannot be read: No such file or directory"):
        load(tmp_path / "none")


@given(st.data())
def test_a_damaged_pickle_is_an_error_or_harmless(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    content = bytearray(pickle.dumps([PLAIN, ARRAYS[:3], scipy.sparse.csr_matrix(DENSE)], data.draw(st.integers(0, 4))))
    for _ in range(data.draw(st.integers(1, 4))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    path = saved(tmp_path_factory.mktemp("any"), bytes(content))
    with contextlib.suppress(DataError):
        load(path)
