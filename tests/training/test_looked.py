import math

import pytest
import torch

from salience.attention import Additive, MultiHead, Sparsemax
from salience.core.batch import Layout
from salience.core.errors import ConfigError, NotAvailable
from salience.core.record import Dense
from salience.kernels.scored import Scored
from salience.models.groups import Groups, OverGroups
from salience.training.looked import look

LAYOUT = Layout(torch.tensor([5, 3]), 5)
ONE = Layout(torch.ones(2, dtype=torch.long), 1)


def pooled(heads=3):
    query, key = (torch.randn(2, heads, size, 7).requires_grad_() for size in (1, 5))
    return Scored(query, key, layout=LAYOUT, query_layout=ONE)


def among(heads=2):
    query, key = (torch.randn(2, heads, 5, 7).requires_grad_() for _ in range(2))
    return Scored(query, key, layout=LAYOUT, query_layout=LAYOUT)


def test_the_default_is_what_the_pool_paid_averaged_over_heads():
    layer, pool = among(), pooled()
    found = look([layer, pool], LAYOUT)
    assert torch.allclose(found.weights, pool.weights()[:, :, 0].mean(1))
    real = LAYOUT.mask
    assert torch.allclose(found.log_weights[real], found.weights[real].log(), atol=1e-6)
    assert torch.equal(found.log_weights[~real], torch.zeros(2))


def test_a_head_and_a_layer_can_be_named():
    layer, pool = among(), pooled()
    assert torch.allclose(look([layer, pool], LAYOUT, head=2).weights, pool.weights()[:, 2, 0])
    received = layer.received()
    assert torch.allclose(look([layer, pool], LAYOUT, layer=0).weights, received.mean(1))
    assert torch.allclose(look([layer, pool], LAYOUT, layer=0, head=1).weights, received[:, 1])
    named = look([layer, pool], LAYOUT, head=2)
    real = LAYOUT.mask
    assert torch.allclose(named.log_weights[real], named.weights[real].log(), atol=1e-6)


def test_the_received_attention_of_a_layer_teaches_its_queries_and_keys():
    query, key = (torch.randn(2, 2, 5, 7).requires_grad_() for _ in range(2))
    layer = Scored(query, key, layout=LAYOUT, query_layout=LAYOUT)
    look([layer, pooled()], LAYOUT, layer=0).log_weights[:, 0].sum().backward()
    assert query.grad.abs().sum() > 0
    assert key.grad.abs().sum() > 0


def test_logarithms_of_scored_attention_do_not_underflow():
    """A weight of e^-500 is 0 in float32; its logarithm is not, and it still has a gradient."""
    query = torch.ones(1, 1, 1, 1)
    key = torch.tensor([[[[500.0], [0.0]]]]).requires_grad_()
    layout = Layout(torch.tensor([2]), 2)
    record = Scored(query, key, layout=layout, query_layout=Layout(torch.tensor([1]), 1), scale=1.0)
    found = look([record], layout)
    assert found.weights[0, 1] == 0
    assert found.log_weights[0, 1].item() == pytest.approx(-500)
    (gradient,) = torch.autograd.grad(-found.log_weights[0, 1], key)
    assert gradient.flatten().tolist() == [1.0, -1.0]


def test_logarithms_of_other_weights_end_at_the_smallest_normal_number():
    scores = torch.tensor([[80.0, 0.0], [200.0, 0.0]]).requires_grad_()
    layout = Layout(torch.tensor([2, 2]), 2)
    found = look([Dense(scores.softmax(-1)[:, None, None], torch.tensor([1, 1]))], layout)
    assert found.log_weights[:, 1].tolist() == pytest.approx([-80, math.log(torch.finfo(torch.float32).tiny)], rel=1e-6)
    (gradient,) = torch.autograd.grad(-found.log_weights[:, 1].sum(), scores)
    assert gradient[0].tolist() == pytest.approx([1.0, -1.0])
    assert gradient[1].tolist() == [0.0, 0.0]


def test_sparse_records_are_told_from_others():
    source = torch.randn(2, 5, 4)
    for mechanism, sparse in ((Sparsemax(4, heads=2), True), (MultiHead(4, heads=2), False), (Additive(4), False)):
        _, record = mechanism(torch.randn(2, 1, 4), source, layout=LAYOUT, query_layout=ONE)
        assert look([record], LAYOUT).sparse == sparse


def test_a_sparse_record_tells_its_scores_where_one_query_asks():
    """With projections that change nothing, the scores are products of query and source, by the root of the width."""
    mechanism = Sparsemax(4, heads=2)
    for each in (mechanism.query, mechanism.key):
        torch.nn.init.eye_(each.weight)
    query, source = torch.randn(2, 1, 4), torch.randn(2, 5, 4)
    _, record = mechanism(query, source, layout=LAYOUT, query_layout=ONE)
    expected = torch.einsum("bhe,bshe->bhs", query.view(2, 2, 2), source.view(2, 5, 2, 2)) / math.sqrt(2)
    expected = expected * LAYOUT.mask[:, None]
    assert torch.allclose(look([record], LAYOUT).scores, expected, atol=1e-6)
    assert torch.allclose(look([record], LAYOUT, head=1).scores, expected[:, 1:], atol=1e-6)
    _, layer = mechanism(source, layout=LAYOUT)
    assert look([layer, record], LAYOUT, layer=0).scores is None
    kept = look([record], LAYOUT).of(torch.tensor([False, True]))
    assert torch.allclose(kept.scores, expected[1:], atol=1e-6)


def grouped():
    """Words in two sentences per text, and a pool over the sentences."""
    layout = Layout(torch.tensor([5, 3]), 5, groups=torch.tensor([[0, 0, 0, 1, 1], [0, 1, 1, -1, -1]]))
    groups = Groups(layout)
    words = OverGroups((torch.rand(2, 1, 5) * layout.mask[:, None]).requires_grad_(), groups, normalised=True)
    return layout, [words, Dense(torch.rand(2, 1, 1, 2).requires_grad_(), torch.tensor([1, 1]))]


def test_weights_through_groups_are_those_of_positions():
    layout, records = grouped()
    words, sentences = (each.weights() for each in records)
    expected = torch.einsum("bhts,bhqt->bs", words, sentences)
    assert torch.allclose(look(records, layout).weights, expected)


def test_a_pool_over_groups_cannot_be_held_to_positions():
    layout, records = grouped()
    with pytest.raises(NotAvailable, match="record 1 looks at groups of positions") as caught:
        look(records, layout, head=0)
    assert "leave `layer` and `head` out" in str(caught.value)


def test_a_layer_or_head_that_does_not_exist_is_named():
    records = [among(), pooled()]
    with pytest.raises(ConfigError, match="there is no layer 2: the model has 2 attention records") as caught:
        look(records, LAYOUT, layer=2)
    assert "from 0 to 1" in str(caught.value)
    with pytest.raises(ConfigError, match="there is no head 2: record 0 has 2"):
        look(records, LAYOUT, layer=0, head=2)
