import math

import pytest
import torch

from salience.core.errors import ConfigError
from salience.evaluation.bootstrap import Bootstrap
from salience.evaluation.explanation import measure_permutation
from tests.evaluation.trust.trials import WORDS, pointer, texts

FEW = Bootstrap(50)


def test_where_all_positions_say_the_same_nothing_changes():
    pipeline = pointer({word: (0.3 * i, 1.5) for i, word in enumerate(WORDS)})
    found = measure_permutation(pipeline, texts(9), bootstrap=FEW)
    assert found.change.overall.mean.value == pytest.approx(0, abs=1e-6)
    assert found.change.overall.num_rows == 9


def test_a_model_that_does_not_look_at_its_attention_does_not_change():
    pipeline = pointer({word: (0.3 * i, float(i % 3)) for i, word in enumerate(WORDS)})
    with torch.no_grad():
        pipeline.model.head.weight[:] = 0.0
    assert measure_permutation(pipeline, texts(9), bootstrap=FEW).change.overall.mean.value == 0


def test_the_change_of_two_positions_by_hand():
    # Weights 3/4 and 1/4 on log-odds 2 and -2: 1 as it is, -1 the other way round, and half of the permutations do it.
    pipeline = pointer({"a": (math.log(3), 2.0), "b": (0.0, -2.0)})
    found = measure_permutation(pipeline, [{"a": "a b"}] * 4, permutations=1, bootstrap=FEW)
    other_way = math.tanh(0.5)
    share = found.change.overall.mean.value / other_way
    assert share == pytest.approx(round(share * 4) / 4)
    assert found.change.by_class["yes"] == found.change.overall
    # The largest weight is 0.75, give or take rounding.
    assert [each.num_rows for each in found.change.by_largest_weight][:2] == [0, 0]


def test_the_median_is_that_of_most_permutations():
    # One of five positions says yes and has all the weight: four of five permutations give it to one that says no.
    words = {"good": (50.0, 4.0), **dict.fromkeys(WORDS[:4], (0.0, -4.0))}
    row = {"a": " ".join(words)}
    found = measure_permutation(pointer(words), [row], permutations=101, bootstrap=FEW)
    assert found.change.overall.mean.value == pytest.approx(math.tanh(2), rel=1e-5)
    assert found.change.by_largest_weight[3].num_rows == 1


def test_equal_seeds_give_equal_numbers():
    pipeline = pointer({word: (0.3 * i, float(i % 3)) for i, word in enumerate(WORDS)})
    first, again, other = (measure_permutation(pipeline, texts(5), seed=seed, bootstrap=FEW) for seed in (1, 1, 2))
    assert first == again
    assert first.to_dict()["change"] != other.to_dict()["change"]


def test_no_permutation_is_no_experiment():
    with pytest.raises(ConfigError, match="at least one permutation, got 0"):
        measure_permutation(pointer({"a": (0.0, 1.0)}), [{"a": "a b"}], permutations=0)
