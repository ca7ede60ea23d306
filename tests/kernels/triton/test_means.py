"""Means under the weights of each row, by the interpreter."""

from typing import Any

import pytest

from tests.kernels.triton import compare


@pytest.mark.parametrize("name", compare.NAMES)
def test_they_equal_those_of_dense_weights(interpreted: dict[str, Any], name: str):
    compare.same(interpreted, name, "means")
