"""What Linformer does beyond the contract: the limits of its maps, and weights of either sign."""

import pytest
import torch

from salience.attention import Linformer
from salience.core.batch import Layout
from salience.core.errors import ConfigError, DataError

WIDTH, HEADS = 14, 2


def test_more_positions_than_the_maps_know_are_an_error():
    mechanism = Linformer(WIDTH, heads=HEADS, landmarks=3, longest=7)
    with pytest.raises(DataError, match=r"at most 7 positions, got 8[\s\S]*raise `longest`, or use Nystrom or Linear"):
        mechanism(torch.randn(1, 8, WIDTH), layout=Layout(torch.tensor([8]), 8))


@pytest.mark.parametrize("options", [{"landmarks": 0}, {"longest": 0}])
def test_no_landmarks_or_no_positions_are_an_error(options: dict[str, int]):
    with pytest.raises(ConfigError, match=r"at least one landmark and one position, got [\s\S]*raise `landmarks`"):
        Linformer(WIDTH, heads=HEADS, **options)


def test_weights_are_those_of_the_output_though_some_are_negative():
    mechanism = Linformer(WIDTH, heads=HEADS, landmarks=3, longest=17).double()
    values = torch.randn(1, 11, WIDTH, dtype=torch.float64)
    out, record = mechanism(values, layout=Layout(torch.tensor([11]), 11))
    weights = record.weights()
    assert (weights < 0).any()
    assert (weights.sum(dim=-1) - 1).abs().max() > 0.1
    split = mechanism.value(values).unflatten(-1, (HEADS, -1)).transpose(1, 2)
    torch.testing.assert_close(out, mechanism.out((weights @ split).transpose(1, 2).flatten(2)), rtol=1e-12, atol=1e-13)
