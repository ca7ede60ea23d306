"""Where groups begin."""

import doctest

import torch

from salience.core.batch import Layout
from salience.kernels import groups
from salience.kernels.groups import first_of_group


def test_groups_begin_where_the_number_changes():
    numbers = torch.tensor([[0, 0, 1, 3, 3], [7, 8, -1, -1, -1], [-1, -1, -1, -1, -1]])
    first = first_of_group(Layout(torch.tensor([5, 2, 0]), 5, groups=numbers))
    assert first.tolist() == [[1, 0, 1, 1, 0], [1, 1, 0, 0, 0], [0, 0, 0, 0, 0]]


def test_without_groups_an_example_is_one():
    assert first_of_group(Layout(torch.tensor([3, 0]), 3)).tolist() == [[1, 0, 0], [0, 0, 0]]


def test_the_example_runs():
    assert doctest.testmod(groups).failed == 0
