"""What additive attention does beyond the contract: its hidden layer, and its memory as a pool."""

import pytest
import torch
from torch.utils._python_dispatch import TorchDispatchMode

from salience.attention import Additive
from salience.core.batch import Layout
from salience.core.errors import ConfigError

B, S, WIDTH, HIDDEN = 3, 61, 7, 5


class Largest(TorchDispatchMode):
    """Remembers the size of the largest tensor that any operation makes."""

    numel = 0

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        made = func(*args, **(kwargs or {}))
        for each in made if isinstance(made, (tuple, list)) else [made]:
            if isinstance(each, torch.Tensor):
                self.numel = max(self.numel, each.numel())
        return made


def test_hidden_is_as_wide_as_the_sources_unless_said():
    assert Additive(WIDTH).v.weight.shape == (1, WIDTH)
    assert Additive(WIDTH, hidden=HIDDEN).v.weight.shape == (1, HIDDEN)


def test_one_query_needs_no_more_memory_than_its_sources():
    mechanism = Additive(WIDTH, hidden=HIDDEN)
    with Largest() as largest:
        mechanism(torch.randn(B, 1, WIDTH), torch.randn(B, S, WIDTH), layout=Layout(torch.full((B,), S), S))
    assert largest.numel == B * S * max(HIDDEN, WIDTH)


def test_no_hidden_units_are_an_error():
    with pytest.raises(ConfigError, match=r"at least one hidden unit, got 0[\s\S]*raise `hidden`"):
        Additive(WIDTH, hidden=0)
