"""Tiles that are shipped: compiled ahead of time with every option in use, nothing spills and the memory suffices."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest

KERNELS = {"received_kernel", "statistics_kernel", "means_kernel", "query_kernel", "key_kernel"}
# Bytes of shared memory that one program can have.
MEMORY = {80: 163 * 1024, 90: 227 * 1024}


def check(process: Callable[..., str], capabilities: str, *arguments: str, spilled: int = 0) -> None:
    found = [json.loads(line) for line in process("compiled", capabilities, *arguments).splitlines()]
    wanted = {(kernel, int(capability)) for kernel in KERNELS for capability in capabilities.split(",")}
    assert {(each["kernel"], each["capability"]) for each in found} == wanted
    for each in found:
        assert each["spilled"] <= spilled, each
        assert each["shared"] <= MEMORY[each["capability"]], each
        assert each["matrix units"], each


def test_tiles_of_half_precision_fit(process: Callable[..., str]):
    check(process, "90", "bfloat16", "64", "1")


@pytest.mark.slow
@pytest.mark.parametrize("dtype", ["bfloat16", "float16", "float32"])
@pytest.mark.parametrize("width", ["64", "128"])
@pytest.mark.parametrize("vectors", ["1", "3"])
def test_all_tiles_fit(process: Callable[..., str], dtype: str, width: str, vectors: str):
    check(process, "80,90", dtype, width, vectors)


@pytest.mark.slow
@pytest.mark.parametrize("dtype", ["bfloat16", "float32"])
@pytest.mark.parametrize("width", ["64", "128"])
def test_with_a_bias_almost_nothing_spills(process: Callable[..., str], dtype: str, width: str):
    check(process, "80,90", dtype, width, "1", "bias", spilled=64)
