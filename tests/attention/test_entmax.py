"""What entmax attention does beyond the contract: how sparse it is."""

import pytest
import torch

from salience.attention import Entmax, Sparsemax
from salience.core.batch import Layout
from salience.core.errors import ConfigError

S, WIDTH = 31, 21
LAYOUT = Layout(torch.tensor([S]), S)


@pytest.mark.parametrize("alpha", [1.0, 0.5, 2.1, float("nan")])
def test_alpha_is_above_one_and_at_most_two(alpha: float):
    with pytest.raises(ConfigError, match=rf"above 1 and at most 2, got {alpha:g}[\s\S]*choose MultiHead"):
        Entmax(WIDTH, alpha=alpha, heads=3)


def test_a_larger_alpha_leaves_fewer_sources():
    values = 3 * torch.randn(1, S, WIDTH)
    mechanisms = [Entmax(WIDTH, alpha=alpha, heads=3) for alpha in (1.2, 1.5, 2.0)]
    for each in mechanisms[1:]:
        each.load_state_dict(mechanisms[0].state_dict())
    counts = [each(values, layout=LAYOUT)[1].weights().count_nonzero().item() for each in mechanisms]
    assert counts[0] > counts[1] > counts[2] >= 3 * S


def test_an_alpha_of_two_is_sparsemax():
    entmax, sparsemax = Entmax(WIDTH, alpha=2.0, heads=3), Sparsemax(WIDTH, heads=3)
    sparsemax.load_state_dict(entmax.state_dict())
    values = torch.randn(1, S, WIDTH)
    assert torch.equal(entmax(values, layout=LAYOUT)[0], sparsemax(values, layout=LAYOUT)[0])
