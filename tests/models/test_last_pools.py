import pytest
import torch

from salience.core.batch import Layout
from salience.core.errors import ConfigError
from salience.models import build_pool
from salience.pipeline import Pipeline

LAYOUT = Layout(torch.tensor([3, 1, 0]), 3)
VALUES = torch.tensor([[[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]], [[7.0, 8.0], [9.0, 9.0], [9.0, 9.0]], [[9.0, 9.0]] * 3])


def test_the_last_real_position_speaks_alone():
    vector, record = build_pool("Last", 2)(VALUES, LAYOUT)
    assert vector.tolist() == [[5.0, 6.0], [7.0, 8.0], [0.0, 0.0]]
    assert record.weights()[:, 0, 0].tolist() == [[0.0, 0.0, 1.0], [1.0, 0.0, 0.0], [0.0, 0.0, 0.0]]


def test_attention_and_the_last_position_are_mixed_linearly():
    pool = build_pool("WithLast", 2)
    with torch.no_grad():
        pool.mix.weight.copy_(torch.tensor([[1.0, 0.0, 10.0, 0.0], [0.0, 1.0, 0.0, 10.0]]))
        pool.mix.bias.copy_(torch.tensor([100.0, 200.0]))
        looked, _ = pool.look(VALUES, LAYOUT)
        vector, record = pool(VALUES, LAYOUT)
    expected = looked[:2] + 10 * torch.tensor([[5.0, 6.0], [7.0, 8.0]]) + torch.tensor([100.0, 200.0])
    torch.testing.assert_close(vector[:2], expected)
    assert vector[2].tolist() == [0.0, 0.0]
    torch.testing.assert_close(record.weights(), pool.look(VALUES, LAYOUT)[1].weights())


def test_attention_and_the_last_position_stand_side_by_side():
    pool = build_pool({"WithLast": {"mix": False}}, 2)
    looked, _ = pool.look(VALUES, LAYOUT)
    vector, _ = pool(VALUES, LAYOUT)
    assert pool.width == 4
    torch.testing.assert_close(vector[:, :2], looked)
    assert vector[:, 2:].tolist() == [[5.0, 6.0], [7.0, 8.0], [0.0, 0.0]]


def test_a_head_reads_as_many_numbers_as_the_pool_gives():
    choice = {"width": 3, "encoder": "Identity", "pool": {"WithLast": {"mix": False}}}
    pipeline = Pipeline({"text": {"Text": {"min_count": 1}}}, "Classification", model=choice)
    pipeline.learn([{"text": "good"}, {"text": "bad bad"}], ["yes", "no"])
    assert pipeline.model.head.in_features == 6
    assert len(pipeline.predict(["good bad"])) == 1


def test_other_weights_change_what_is_looked_up_and_not_the_last_position():
    pool = build_pool({"WithLast": {"attention": "ScaledDot"}}, 2)
    first = torch.tensor([[[1.0, 0.0, 0.0]], [[1.0, 0.0, 0.0]], [[0.0, 0.0, 0.0]]])
    with torch.no_grad():
        pool.mix.weight.copy_(torch.tensor([[1.0, 0.0, 0.0, 0.0], [0.0, 0.0, 0.0, 1.0]]))
        pool.mix.bias.zero_()
        assert pool.remix(first, VALUES, LAYOUT).tolist() == [[1.0, 6.0], [7.0, 8.0], [0.0, 0.0]]


def test_an_unknown_attention_is_told():
    with pytest.raises(ConfigError, match="Aditive"):
        build_pool({"WithLast": {"attention": "Aditive"}}, 2)
