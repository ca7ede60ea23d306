"""Single losses against references: naive sums, the entmax package, and the released code of HateXplain."""

import math

import entmax
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from salience.core.batch import Layout
from salience.kernels import normalise
from salience.kernels.rowwise import Rowwise
from salience.training.attention_losses import KL, Entropy, FenchelYoung, Mass, MeanSquaredError, PairwiseRanking
from salience.training.attention_losses.fenchel_young import fenchel_young
from salience.training.looked import look
from tests.training.attention_losses.cases import looked

LENGTH, NUM_MARKED = 23, 5


def gradient_at_uniform_attention(loss):
    logits = torch.zeros(1, LENGTH, dtype=torch.float64, requires_grad=True)
    target = torch.zeros(1, LENGTH, dtype=torch.float64)
    target[:, 7 : 7 + NUM_MARKED] = 1
    return torch.autograd.grad(loss(looked(logits), target).sum(), logits)[0]


def test_the_gradient_is_that_of_the_paper_of_hatexplain_and_not_of_its_released_code():
    target = torch.zeros(LENGTH, dtype=torch.float64)
    target[:NUM_MARKED] = 1
    logits = torch.zeros(LENGTH, dtype=torch.float64, requires_grad=True)
    # What was released: a softmax of a softmax, and a target without its sharpness.
    released = -(target.softmax(-1) * logits.softmax(-1).log_softmax(-1)).sum()
    weak = torch.autograd.grad(released, logits)[0].norm().item()
    strong = gradient_at_uniform_attention(KL(sharpness=5.0)).norm().item()
    assert strong == pytest.approx(0.384, abs=5e-4)
    assert weak == pytest.approx(0.0047, abs=5e-5)
    assert strong / weak == pytest.approx(82, abs=0.5)


def test_the_gradient_of_kl_is_attention_minus_target():
    gradient = gradient_at_uniform_attention(KL())
    expected = torch.full((1, LENGTH), 1 / LENGTH, dtype=torch.float64)
    expected[:, 7 : 7 + NUM_MARKED] -= 1 / NUM_MARKED
    assert torch.allclose(gradient, expected, atol=1e-14)


def test_mass_does_not_mind_how_attention_is_divided_among_the_marks():
    target = torch.tensor([[1.0, 1.0, 0.0]])
    values = [
        Mass()(looked(torch.tensor([each]).log().requires_grad_()), target)
        for each in ([0.1, 0.5, 0.4], [0.3] * 2 + [0.4])
    ]
    assert values[0].item() == pytest.approx(values[1].item(), abs=1e-6)
    assert values[0].item() == pytest.approx(-math.log(0.6), abs=1e-6)


def test_the_squared_error_of_uniform_attention_hardly_depends_on_the_length():
    """Twice the length with twice the marks halves it; the mean would be a quarter."""
    values = []
    for length in (20, 40):
        target = torch.zeros(1, length)
        target[:, : length // 4] = 1
        values.append(MeanSquaredError()(looked(torch.zeros(1, length).requires_grad_()), target).item())
    assert values[0] == pytest.approx(2 * values[1])


@given(seed=st.integers(0, 2**32 - 1), margin=st.floats(0.01, 5), length=st.integers(2, 13))
def test_the_sorted_sum_is_that_of_all_pairs(seed, margin, length):
    generator = torch.Generator().manual_seed(seed)
    logits = (3 * torch.randn(3, length, generator=generator, dtype=torch.float64)).requires_grad_()
    marked = torch.rand(3, length, generator=generator) < 0.4
    marked[:, 0], marked[:, -1] = True, False
    found = PairwiseRanking(margin=margin)(looked(logits), marked.double())
    scores = logits.log_softmax(-1)
    hinges = (margin - scores[:, :, None] + scores[:, None, :]).clamp(min=0)
    pairs = (marked[:, :, None] & ~marked[:, None, :]).double()
    expected = (hinges * pairs).sum((1, 2)) / pairs.sum((1, 2))
    assert torch.allclose(found, expected, atol=1e-10)
    gradients = [torch.autograd.grad(each.sum(), logits, retain_graph=True)[0] for each in (found, expected)]
    assert torch.allclose(*gradients, atol=1e-10)


def test_ties_of_the_ranking_loss_are_counted_like_all_pairs():
    logits = torch.zeros(1, 5, dtype=torch.float64, requires_grad=True)
    target = torch.tensor([[1.0, 0.0, 1.0, 0.0, 0.0]], dtype=torch.float64)
    assert PairwiseRanking(margin=1.0)(looked(logits), target).item() == pytest.approx(1.0, abs=1e-12)


@pytest.mark.parametrize(("alpha", "theirs"), [(2.0, entmax.sparsemax_loss), (1.5, entmax.entmax15_loss)])
def test_fenchel_young_is_that_of_the_entmax_package_for_one_marked_position(alpha, theirs):
    scores = torch.randn(11, 7, dtype=torch.float64, requires_grad=True)
    place = torch.randint(7, (11,))
    target = torch.nn.functional.one_hot(place, 7).double()
    found = fenchel_young(scores, target, torch.ones(11, 7, dtype=torch.bool), alpha=alpha)
    expected = theirs(scores, place)
    assert torch.allclose(found, expected, atol=1e-10)
    gradients = [torch.autograd.grad(each.sum(), scores)[0] for each in (found, expected)]
    assert torch.allclose(*gradients, atol=1e-8)


@pytest.mark.parametrize(
    ("alpha", "normaliser", "theirs"),
    [(2.0, normalise.sparsemax, entmax.sparsemax_loss), (1.5, normalise.entmax, entmax.entmax15_loss)],
)
def test_the_loss_of_a_sparse_record_is_that_of_the_entmax_package_on_its_scores(alpha, normaliser, theirs):
    query = torch.randn(3, 1, 1, 7, dtype=torch.float64, requires_grad=True)
    key = (3 * torch.randn(3, 1, 5, 7, dtype=torch.float64)).requires_grad_()
    layout, one = (Layout(torch.full((3,), size), size) for size in (5, 1))
    found = look([Rowwise(query, key, normaliser, layout=layout, query_layout=one)], layout)
    # What is least looked at is marked: its weight is zero, and it still gets a gradient.
    place = found.scores[:, 0].argmin(-1)
    assert not found.weights.gather(1, place[:, None]).any()
    loss = FenchelYoung(alpha=alpha)(found, torch.nn.functional.one_hot(place, 5).double())
    scores = (query @ key.transpose(-2, -1))[:, 0, 0] / math.sqrt(7)
    expected = theirs(scores, place)
    assert torch.allclose(loss, expected, atol=1e-9)
    gradients = [torch.autograd.grad(each.sum(), key, retain_graph=True)[0] for each in (loss, expected)]
    assert torch.allclose(*gradients, atol=1e-7)
    assert gradients[0][torch.arange(3), 0, place].abs().min() > 0


@pytest.mark.parametrize("alpha", [2.0, 1.5, 1.2])
def test_the_gradient_of_fenchel_young_is_that_of_its_value(alpha):
    scores = torch.randn(3, 5, dtype=torch.float64, requires_grad=True)
    target = torch.rand(3, 5, dtype=torch.float64)
    target = target / target.sum(-1, keepdim=True)
    mask = torch.ones(3, 5, dtype=torch.bool)
    torch.autograd.gradcheck(lambda each: fenchel_young(each, target, mask, alpha=alpha), scores, eps=1e-5, atol=1e-4)


@pytest.mark.parametrize("alpha", [2.0, 1.5])
def test_fenchel_young_is_zero_where_entmax_of_the_scores_is_the_target(alpha):
    target = torch.tensor([[0.6, 0.4, 0.0]], dtype=torch.float64)
    scores = target ** (alpha - 1) / (alpha - 1)
    mask = torch.ones(1, 3, dtype=torch.bool)
    assert fenchel_young(scores, target, mask, alpha=alpha).item() == pytest.approx(0, abs=1e-12)
    assert fenchel_young(scores + 3.0, target, mask, alpha=alpha).item() == pytest.approx(0, abs=1e-12)
    assert fenchel_young(scores.flip(-1), target, mask, alpha=alpha).item() > 0.1


def test_entropy_is_one_for_flat_and_zero_for_sharp_attention():
    target = torch.zeros(1, 5)
    assert Entropy()(looked(torch.zeros(1, 5).requires_grad_()), target).item() == pytest.approx(1)
    sharp = torch.tensor([[200.0, 0, 0, 0, 0]]).requires_grad_()
    assert Entropy()(looked(sharp), target).item() == pytest.approx(0, abs=1e-30)


def test_a_loss_of_alpha_two_is_half_the_squared_error_of_sparse_weights():
    weights = torch.tensor([[0.7, 0.3, 0.0]], dtype=torch.float64)
    found = looked(weights.log().clamp(min=-700).requires_grad_())
    sparse = type(found)(weights, found.log_weights, found.mask, sparse=True)
    target = torch.tensor([[0.0, 1.0, 1.0]], dtype=torch.float64)
    expected = (weights - target / 2).square().sum().item() / 2
    assert FenchelYoung(alpha=2.0)(sparse, target).item() == pytest.approx(expected, abs=1e-12)
