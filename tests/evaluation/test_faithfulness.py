"""The whole judgement, on models whose attention is known to be right, wrong or empty."""

import json

import numpy as np
import pytest
import torch

from salience.core.errors import DataError
from salience.evaluation.faithfulness import measure_faithfulness
from salience.evaluation.importance import IntegratedGradients, LeaveOneOut, RandomOrder, Received
from salience.evaluation.importance.importance import Importance
from tests.evaluation.linear import EVEN, FALSE, TRUE, linear

WORDS = [f"{a}{b}" for a in "bcdfghjk" for b in "aeiou"]


def weights(seed=0):
    """Some words count, most do not."""
    generator = np.random.default_rng(seed)
    return {word: float(generator.normal(scale=2) if i % 3 == 0 else 0) for i, word in enumerate(WORDS)}


def rows(count=40, columns="a", seed=0, shortest=4, longest=12):
    generator = np.random.default_rng(seed)
    return [
        {name: " ".join(generator.choice(WORDS, generator.integers(shortest, longest))) for name in columns}
        for _ in range(count)
    ]


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize(("honesty", "verdict"), [(TRUE, "pass"), (FALSE, "misleading"), (EVEN, "fail")])
def test_attention_is_judged_as_it_was_made(honesty, verdict, seed):
    pipeline = linear(weights(seed), honesty=honesty)
    found = measure_faithfulness(pipeline, rows(seed=seed), Received(), count=32, seed=seed)
    assert found.verdict == verdict, found.sentence
    assert "32 inputs" in found.sentence


def test_the_exact_order_has_skill_one_like_every_exact_method():
    found = measure_faithfulness(linear(weights()), rows(), Received(), count=32)
    # All but ties among words without weight.
    for name in ("received", "gradient_x_input", "integrated_gradients", "leave_one_out"):
        assert found.skills[name].value == pytest.approx(1, abs=0.02)
    assert found.skills["random"].value == 0
    assert found.unsigned
    assert found.skill.value > found.skills["received"].value


def test_right_beats_random_beats_wrong_in_every_number():
    pipeline = linear(weights(), honesty=FALSE)
    found = measure_faithfulness(pipeline, rows(), Received(), count=32)
    for effects in found.effects.values():
        right, middle, wrong = (effects[name] for name in ("leave_one_out", "random", "received"))
        for name in ("comprehensiveness", "gain", "insertion"):
            assert getattr(right, name).low > getattr(middle, name).value > getattr(wrong, name).high
        for name in ("sufficiency", "deletion"):
            assert getattr(right, name).high < getattr(middle, name).value < getattr(wrong, name).low
    assert found.flips["leave_one_out"].fraction.value < found.flips["random"].fraction.value
    assert (
        found.flips["leave_one_out"].never.value
        < found.flips["random"].never.value
        < found.flips["received"].never.value
    )


def test_random_orders_have_no_skill():
    found = measure_faithfulness(linear(weights()), rows(100, longest=9), RandomOrder(seed=3), count=100)
    assert found.verdict == "fail"
    assert found.skill.low < 0 < found.skill.high


def test_comprehensiveness_is_the_sum_of_the_weights_that_are_taken():
    pipeline = linear({"good": 3.0, "fine": 2.0, "the": 0.5})
    # Two units are taken at half of four, one before: falls of 3, 3, 3, 3, 5; and one or two units kept.
    found = measure_faithfulness(pipeline, [{"a": "the fine good xx"}] * 2, LeaveOneOut(), draws=10)
    effect = found.effects["log_odds"]["leave_one_out"]
    assert effect.comprehensiveness.value == pytest.approx((3 + 3 + 3 + 3 + 5) / 5)
    assert effect.sufficiency.value == pytest.approx((2.5 * 4 + 0.5) / 5)


def test_a_value_is_judged_on_one_scale_and_cannot_flip():
    found = measure_faithfulness(linear(weights(), task="Regression"), rows(), IntegratedGradients(), count=32)
    assert list(found.effects) == ["closeness"]
    assert found.flips is None
    assert not found.unsigned
    assert found.skill == found.skills["integrated_gradients"]
    assert found.verdict == "pass"
    assert found.shift.name == "R2 with whole inputs"


def test_an_importance_without_signs_is_measured_by_what_others_reach_without_theirs():
    pipeline = linear(weights(), honesty=TRUE)
    found = measure_faithfulness(pipeline, rows(), BySize(), count=32)
    assert found.unsigned
    assert found.skill.value == pytest.approx(1, abs=0.05)
    assert 0 < found.skills["by_size"].value < 0.9
    assert f"against the best with its signs, its skill is {found.skills['by_size'].value:.2f}" in found.sentence
    assert set(found.skills) == {"gradient_x_input", "integrated_gradients", "leave_one_out", "by_size", "random"}
    signed = measure_faithfulness(pipeline, rows(), LeaveOneOut(), count=32, draws=10)
    assert not signed.unsigned
    assert signed.skill == signed.skills["leave_one_out"]


class BySize(Importance):
    """What leaving one out finds, without its signs."""

    def scores(self, pipeline, rows):
        return [
            {name: np.abs(each) for name, each in scores.items()} for scores in LeaveOneOut().scores(pipeline, rows)
        ]


def test_units_compete_over_all_columns():
    pipeline = linear(weights(0), dict.fromkeys(WORDS, 0.0))
    found = measure_faithfulness(pipeline, rows(columns="ab", longest=9), LeaveOneOut(), count=32, draws=100)
    assert found.verdict == "pass"
    assert found.operators == {"a": "Text.without", "b": "Text.without"}


def test_a_model_that_reads_nothing_leaves_the_verdict_open():
    pipeline = linear(dict.fromkeys(WORDS, 0.0), bias=1.0)
    found = measure_faithfulness(pipeline, rows(), Received(), count=32, draws=100)
    assert found.verdict == "inconclusive"
    assert "no method found parts that certainly matter more" in found.sentence
    assert found.num_constant == 32


def test_few_rows_leave_the_verdict_open():
    found = measure_faithfulness(linear(weights()), rows(), Received(), count=7, draws=50)
    assert found.verdict == "inconclusive"
    assert found.more_inputs == 23
    assert found.sentence.startswith("7 inputs are too few to judge 'received'")


def test_equal_seeds_give_equal_results_and_others_do_not():
    pipeline = linear(weights(), honesty=EVEN)
    first, again, other = (
        measure_faithfulness(pipeline, rows(), Received(), count=16, draws=50, seed=seed) for seed in (0, 0, 1)
    )
    assert first == again
    assert first != other


def test_groups_are_drawn_whole_and_widen_the_interval():
    repeated = [row for row in rows(6, longest=7) for _ in range(6)]
    groups = [i for i in range(6) for _ in range(6)]
    pipeline = linear(weights(), honesty=EVEN)
    alone = measure_faithfulness(pipeline, repeated, Received())
    grouped = measure_faithfulness(pipeline, repeated, Received(), groups=groups)
    assert "36 inputs in 6 groups are too few" in grouped.sentence
    assert grouped.skill.value == alone.skill.value
    width, narrow = (
        each.effects["log_odds"]["random"].gain.high - each.effects["log_odds"]["random"].gain.low
        for each in (grouped, alone)
    )
    assert width > 1.5 * narrow


def test_targets_tell_whether_the_model_still_works():
    pipeline = linear(weights())
    texts = rows()
    targets = [answer.prediction for answer in pipeline.predict(texts)]
    found = measure_faithfulness(pipeline, texts, Received(), targets=targets, count=32, draws=50)
    assert found.shift.name == "accuracy"
    assert found.shift.whole.value == 1


def test_unusual_inputs_are_said_with_the_verdict(monkeypatch):
    monkeypatch.setattr("salience.evaluation.removal_shift.LARGEST_FALL", 0.0)
    found = measure_faithfulness(linear(weights()), rows(), Received(), count=32, draws=50)
    assert found.shift.unusual
    assert found.sentence.endswith(found.shift.sentence)


def test_progress_goes_from_the_first_block_to_the_last(monkeypatch):
    monkeypatch.setattr("salience.evaluation.competition.BLOCK", 3)
    seen = []
    measure_faithfulness(linear(weights()), rows(), Received(), count=7, draws=2, progress=lambda *at: seen.append(at))
    assert seen == [(3, 7), (6, 7), (7, 7)]


def test_the_pipeline_is_left_as_it_was():
    pipeline = linear(weights())
    pipeline.model.train()
    measure_faithfulness(pipeline, rows(), Received(), count=4, draws=10)
    assert pipeline.model.training
    assert torch.is_grad_enabled()
    assert all(weights.grad is None for weights in pipeline.model.parameters())


def test_the_result_is_json_and_says_how_it_was_measured():
    found = measure_faithfulness(linear(weights()), rows(80, shortest=1), Received(), count=32, draws=10, seed=5)
    loaded = json.loads(json.dumps(found.to_dict(), allow_nan=False))
    assert (loaded["num_rows"], loaded["seed"], loaded["draws"], loaded["random_orders"]) == (32, 5, 10, 20)
    assert loaded["num_short"] > 0
    assert loaded["percent"] == [0, 5, 10, 20, 30, 50, 75]
    assert loaded["thresholds"] == [0, 5, 10, 20, 50]
    assert loaded["operators"] == {"a": "Text.without"}
    assert set(loaded["effects"]["log_odds"]) == {*found.skills}
    assert loaded["skill"]["value"] == found.skill.value


@pytest.mark.parametrize("name", ["target", "group"])
def test_one_target_and_one_group_are_needed_per_row(name):
    with pytest.raises(DataError, match=f"expected one {name} per row, 40, got 2"):
        measure_faithfulness(linear(weights()), rows(), Received(), **{f"{name}s": ["yes", "no"]})
