"""What hierarchical attention does beyond the contract: sentences, and what they weigh."""

import torch

from salience.attention import Hierarchical
from salience.core.batch import Layout
from salience.models import AttentionPool

WIDTH = 7
SENTENCES = torch.tensor([[0, 0, 2, 2, 2, 5, 5, -1], [0, 1, 1, 1, 1, 1, 1, 1]])
LAYOUT = Layout(torch.tensor([7, 8]), 8, groups=SENTENCES)


def test_without_groups_it_is_a_softmax_over_all_members():
    mechanism, values = Hierarchical(WIDTH), torch.randn(2, 8, WIDTH)
    _, record = mechanism(values, layout=Layout(torch.tensor([8, 8]), 8))
    level = mechanism.members
    scores = torch.einsum("btd,bsd->bts", level.query(values), torch.tanh(level.source(values)))
    torch.testing.assert_close(record.weights()[:, 0], scores.softmax(-1))


def test_one_group_for_all_is_no_groups():
    mechanism, values = Hierarchical(WIDTH), torch.randn(2, 8, WIDTH)
    plain = Layout(torch.tensor([8, 5]), 8)
    told = Layout(plain.lengths, 8, groups=torch.where(plain.mask, 3, -1))
    assert torch.equal(mechanism(values, layout=plain)[0], mechanism(values, layout=told)[0])


def test_a_loud_word_takes_the_weight_of_its_sentence_only():
    mechanism = Hierarchical(WIDTH)
    torch.nn.init.zeros_(mechanism.groups.query.weight)
    query, values = torch.randn(2, 1, WIDTH), torch.randn(2, 8, WIDTH)
    mechanism.members.query.weight.data *= 1e4
    _, record = mechanism(query, values, layout=LAYOUT)
    weights = record.weights()[0, 0, 0]
    of_sentence = torch.stack([weights[SENTENCES[0] == number].sum() for number in (0, 2, 5)])
    torch.testing.assert_close(of_sentence, torch.full((3,), 1 / 3))
    torch.testing.assert_close(weights.topk(3).values, torch.full((3,), 1 / 3))


def test_it_pools_a_document():
    pool = AttentionPool(WIDTH, Hierarchical(WIDTH))
    values = torch.randn(2, 8, WIDTH)
    vector, record = pool(values, LAYOUT)
    assert record.shape == (2, 1, 1, 8)
    torch.testing.assert_close(vector, torch.einsum("bs,bsd->bd", record.received()[:, 0], values))
