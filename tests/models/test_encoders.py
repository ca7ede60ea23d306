"""What single encoders compute, by hand, and what they refuse."""

import pytest
import torch
import torch.nn.functional as F

from salience.core.batch import Layout
from salience.core.errors import ConfigError
from salience.models.encoders import Convolution, FeedForward, Hierarchical, Identity, Recurrent, TabNet, Transformer
from salience.models.flow import position_weights
from salience.models.pools import Mean


def layout_of(*lengths: int, groups: list[list[int]] | None = None) -> Layout:
    return Layout(torch.tensor(lengths), max(lengths), None if groups is None else torch.tensor(groups))


def test_identity_is_the_input() -> None:
    values = torch.tensor([[[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]]])
    encoded = Identity(2)(values, Layout(torch.tensor([2]), 3))
    assert encoded.values.tolist() == [[[1.0, 2.0], [3.0, 4.0], [0.0, 0.0]]]
    assert encoded.records == ()


def test_convolution_by_hand() -> None:
    encoder = Convolution(1, residual=False).eval()
    (kernel,) = encoder.layers[0].parts
    kernel.weight.data = torch.tensor([[[1.0, 10.0, 100.0]]])
    kernel.bias.data.zero_()
    encoded = encoder(torch.tensor([[[1.0], [2.0], [3.0]]]), layout_of(3))
    torch.testing.assert_close(encoded.values[0, :, 0], F.gelu(torch.tensor([210.0, 321.0, 32.0])))


@pytest.mark.parametrize(("kernels", "left", "right"), [((1,), 0, 0), ((2,), 0, 1), ((3,), 1, 1), ((2, 5), 2, 2)])
def test_a_convolution_sees_its_neighbours_and_no_more(kernels, left, right) -> None:
    encoder = Convolution(4, kernels=kernels).eval()
    values = torch.randn(1, 11, 4, requires_grad=True)
    (gradient,) = torch.autograd.grad(encoder(values, layout_of(11)).values[0, 5].sum(), values)
    seen = gradient[0].abs().sum(-1).nonzero().flatten().tolist()
    assert seen == list(range(5 - left, 5 + right + 1))


@pytest.mark.parametrize("cell", ["LSTM", "GRU", "RNN"])
def test_one_direction_sees_only_the_past(cell) -> None:
    encoder = Recurrent(3, cell=cell, directions=1)
    values = torch.randn(1, 7, 3, requires_grad=True)
    (gradient,) = torch.autograd.grad(encoder(values, layout_of(7)).values[0, 4].sum(), values)
    assert gradient[0].abs().sum(-1).nonzero().flatten().tolist() == [0, 1, 2, 3, 4]


def test_sentences_do_not_see_each_other() -> None:
    encoder = Hierarchical(2, pool="Mean").eval()
    values = torch.randn(1, 5, 2, requires_grad=True)
    encoded = encoder(values, layout_of(5, groups=[[0, 0, 1, 1, 1]]))
    assert encoded.values.shape == (1, 2, 2)
    (gradient,) = torch.autograd.grad(encoded.values[0, 1].sum(), values)
    assert gradient[0].abs().sum(-1).nonzero().flatten().tolist() == [2, 3, 4]


def test_words_of_a_document_share_its_weight() -> None:
    encoder = Hierarchical(2, words="Identity", pool="Mean")
    encoded = encoder(torch.randn(2, 5, 2), layout_of(5, 2, groups=[[0, 0, 1, 1, 1], [3, 3, -1, -1, -1]]))
    _, pooled = Mean(2)(encoded.values, encoded.layout)
    found = position_weights([*encoded.records, pooled])
    torch.testing.assert_close(found, torch.tensor([[1 / 4, 1 / 4, 1 / 6, 1 / 6, 1 / 6], [1 / 2, 1 / 2, 0, 0, 0]]))


def test_a_transformer_without_positions_sees_a_set() -> None:
    encoder = Transformer(4, layers=1, attention={"MultiHead": {"heads": 2}}, positions=None).double().eval()
    values = torch.randn(1, 5, 4, dtype=torch.float64)
    order = [3, 0, 4, 1, 2]
    found = encoder(values, layout_of(5)).values[:, order]
    torch.testing.assert_close(encoder(values[:, order], layout_of(5)).values, found)


def test_the_steps_of_tabnet_by_hand() -> None:
    encoder = TabNet(2, steps=2, gamma=1.0).eval()
    encoder.norm = torch.nn.Identity()
    with torch.no_grad():
        encoder.keys.weight.copy_(torch.eye(2) * 2**0.5)
        for query in encoder.queries:
            query.weight.zero_()
            query.bias.copy_(torch.tensor([1.0, 0.0]))
    values = torch.tensor([[[0.9, 0.0], [0.5, 0.0], [0.2, 0.0]]])
    (record,) = encoder(values, layout_of(3)).records
    first = torch.tensor([0.7, 0.3, 0.0])
    torch.testing.assert_close(record.weights()[0, 0, 0], first)
    # Scores and the logarithms of 0.3, 0.7 and 1: -0.304, 0.143 and 0.2, all above the threshold of -0.320.
    scores = values[0, :, 0] + (1 - first).log()
    torch.testing.assert_close(record.weights()[0, 0, 1], scores - (scores.sum() - 1) / 3)


def test_without_relaxation_no_position_is_used_up_twice() -> None:
    encoder = TabNet(2, steps=3, gamma=1.0).eval()
    with torch.no_grad():
        encoder.keys.weight.mul_(1000)
    (record,) = encoder(torch.randn(31, 7, 2), layout_of(*[7] * 31)).records
    weights = record.weights()[:, 0]
    used = (weights == 1).cumsum(1)
    assert (weights == 1).any()
    assert (weights[:, 1:][used[:, :-1] > 0] == 0).all()


def test_weights_of_tabnet_are_its_masks_times_the_weights_of_its_steps() -> None:
    # As many steps as positions: their numbers do not tell which record leads where.
    encoder = TabNet(2, steps=3).eval()
    encoded = encoder(torch.randn(2, 3, 2), layout_of(3, 1))
    _, pooled = Mean(2)(encoded.values, encoded.layout)
    masks = encoded.records[0].weights()[:, 0]
    torch.testing.assert_close(position_weights([*encoded.records, pooled]), masks.mean(1))


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Convolution(4, layers=0), "at least 1 layer, got 0"),
        (lambda: Convolution(4, kernels=()), r"1 to 4 kernel widths of at least 1, got \[\]"),
        (lambda: Convolution(4, kernels=(3, 0)), r"got \[3, 0\]"),
        (lambda: FeedForward(4, layers=0), "at least 1 layer, got 0"),
        (lambda: Recurrent(4, cell="LTSM"), "did you mean 'LSTM'"),
        (lambda: Recurrent(4, layers=0), "at least 1 layer, got 0"),
        (lambda: Recurrent(5), "share 5 channels equally, got 2"),
        (lambda: Recurrent(4, directions=3), "1 or 2 directions"),
        (
            lambda: Hierarchical(4, words={"Hierarchical": {"pool": "Mean"}}, pool="Mean"),
            "Hierarchical cannot read the words of a sentence",
        ),
        (lambda: Hierarchical(4, pool="Maen"), "did you mean 'Mean'"),
        (lambda: TabNet(4, steps=0), "at least 1 step and a relaxation of at least 1, got 0 and 1.3"),
        (lambda: TabNet(4, gamma=0.9), "at least 1 step and a relaxation of at least 1, got 3 and 0.9"),
    ],
)
def test_what_cannot_work_is_refused(make, message) -> None:
    with pytest.raises(ConfigError, match=message):
        make()
