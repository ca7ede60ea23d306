"""Both directions of interactive attention."""

import torch

from salience.attention import Interactive
from salience.core.batch import Layout
from tests.attention.question import QUERY_LENGTHS, WIDTH, B, S, T

LAYOUT, QUERY_LAYOUT = Layout(torch.tensor([11, 0, 1, 7, 4]), S), Layout(QUERY_LENGTHS, T)
SEEN = QUERY_LAYOUT.mask[:, :, None] & LAYOUT.mask[:, None]


def streams() -> tuple[torch.Tensor, torch.Tensor]:
    return torch.randn(B, T, WIDTH, requires_grad=True), torch.randn(B, S, WIDTH, requires_grad=True)


def test_there_is_what_forward_gives():
    mechanism, (query, source) = Interactive(WIDTH), streams()
    (out, record), _ = mechanism.both(query, source, layout=LAYOUT, query_layout=QUERY_LAYOUT)
    expected, wanted = mechanism(query, source, layout=LAYOUT, query_layout=QUERY_LAYOUT)
    assert torch.equal(out, expected)
    assert torch.equal(record.weights(), wanted.weights())


def test_back_is_a_softmax_of_the_same_scores_over_queries():
    mechanism, (query, source) = Interactive(WIDTH), streams()
    (_, record), (out, back) = mechanism.both(query, source, layout=LAYOUT, query_layout=QUERY_LAYOUT)
    weights = back.weights()[:, 0]
    assert back.asked is LAYOUT.lengths
    scores = mechanism.score(query, source).masked_fill(~SEEN, -torch.inf)
    expected = torch.where(SEEN, scores.softmax(1), 0.0).transpose(1, 2)
    torch.testing.assert_close(weights, expected)
    torch.testing.assert_close(out, weights @ torch.where(QUERY_LAYOUT.mask[..., None], query, 0.0))
    # One score for both directions: the odds of two pairs differ by what each row and column sums to.
    odds = (record.weights()[0, 0].log() - weights[0].T.log())[:, :S]
    torch.testing.assert_close(odds - odds[:1], (odds - odds[:1])[:, :1].expand_as(odds), rtol=1e-4, atol=1e-4)


def test_padding_changes_no_direction():
    mechanism, (query, source) = Interactive(WIDTH), streams()
    clean = mechanism.both(query, source, layout=LAYOUT, query_layout=QUERY_LAYOUT)
    query = torch.where(QUERY_LAYOUT.mask[..., None], query.detach(), torch.nan).requires_grad_()
    source = torch.where(LAYOUT.mask[..., None], source.detach(), torch.nan).requires_grad_()
    dirty = mechanism.both(query, source, layout=LAYOUT, query_layout=QUERY_LAYOUT)
    for (one, one_record), (other, other_record) in zip(clean, dirty, strict=True):
        assert torch.equal(one, other)
        assert torch.equal(one_record.weights(), other_record.weights())
    for slope in torch.autograd.grad(sum(out.square().sum() for out, _ in dirty), (query, source)):
        assert slope.isfinite().all()


def test_without_a_layout_every_query_is_real():
    mechanism, (query, source) = Interactive(WIDTH), streams()
    _, (out, _) = mechanism.both(query, source, layout=LAYOUT)
    _, (expected, _) = mechanism.both(query, source, layout=LAYOUT, query_layout=Layout(torch.full((B,), T), T))
    assert torch.equal(out, expected)
