"""The whole report."""

import json

import pytest

from salience.core.errors import DataError, NotAvailable
from salience.data.modalities import Text
from salience.evaluation.importance import LeaveOneOut
from salience.evaluation.trust import measure_trust
from tests.evaluation.linear import TRUE, linear
from tests.evaluation.trust.test_right_parts import weights
from tests.evaluation.trust.trials import WORDS, pointer, texts

NAMES = ["needed", "right_parts", "honest", "enough", "learned", "stable", "human", "alone"]
POINTED = {word: (float(i % 4), float((i % 3) - 1)) for i, word in enumerate(WORDS)}


def test_all_tests_are_told_with_every_number():
    found = measure_trust(pointer(POINTED), texts(), count=32, draws=100, seed=5)
    assert [each.name for each in found.outcomes] == NAMES
    loaded = json.loads(json.dumps(found.to_dict(), allow_nan=False))
    assert (loaded["num_rows"], loaded["seed"], loaded["draws"], loaded["alpha"]) == (32, 5, 100, 0.05)
    assert loaded["operators"] == {"a": "Text.without"}
    assert loaded["second_operators"] == {"a": "Text.blank"}
    assert loaded["sentence"] == found.sentence
    assert loaded["faithfulness"]["num_rows"] == 32
    for each in loaded["outcomes"]:
        assert each["question"].endswith("?")
        assert each["sentence"]
        assert all({"value", "low", "high"} <= set(score) for score in each["statistics"].values())


def test_equal_seeds_give_equal_reports():
    first, again, other = (
        measure_trust(pointer(POINTED), texts(), count=6, draws=20, seed=seed).to_dict() for seed in (0, 0, 1)
    )
    assert first == again
    assert first != other


def test_every_importance_can_be_on_trial():
    found = measure_trust(pointer(POINTED), texts(), LeaveOneOut(), count=32, draws=500)
    assert found.method == "leave_one_out"
    assert {name: found.of(name).verdict for name in ("needed", "stable", "alone")} == dict.fromkeys(
        ("needed", "stable", "alone"), "not available"
    )
    assert found.of("right_parts").verdict == "pass"


def test_a_model_of_others_is_tested_as_far_as_it_goes():
    found = measure_trust(linear(weights(), honesty=TRUE), texts(), count=32, draws=500)
    assert found.of("needed").sentence.startswith("Not available: Linear has no pool")
    assert found.of("learned").verdict == "not available"
    assert found.of("right_parts").verdict == "pass"
    assert found.verdict == "not proven" or found.verdict == "only the order"


def test_a_value_is_tested_without_flips():
    found = measure_trust(pointer(POINTED, task="Regression"), texts(), count=32, draws=50)
    assert found.of("enough").verdict == "not available"
    assert found.of("needed").verdict in ("needed", "inconclusive")


def test_groups_are_drawn_whole_and_few_of_them_decide_nothing():
    rows = texts(40)
    found = measure_trust(pointer(POINTED), rows, groups=[i // 8 for i in range(40)], draws=50)
    assert found.num_groups == 5
    assert {each.verdict for each in found.outcomes} == {"inconclusive", "information", "not available"}
    assert "40 inputs in 5 groups are too few for a verdict" in found.of("honest").sentence
    # 25 more groups of eight inputs each.
    assert found.sentence == "Not proven with 40 inputs; you need about 200 more."


def test_one_way_to_take_parts_away_is_said_to_be_one(monkeypatch):
    monkeypatch.delattr(Text, "blank")
    found = measure_trust(pointer(POINTED), texts(), count=16, draws=20)
    assert found.second_operators is None
    assert found.guards[1].startswith("Parts were taken away in one way only: Text can leave units out but not blank")


def test_progress_is_told():
    seen = []
    measure_trust(pointer(POINTED), texts(8), draws=5, progress=lambda *at: seen.append(at))
    stages = list(dict.fromkeys(name for name, *_ in seen))
    assert stages == [
        "measuring what each part carries",
        "taking parts away",
        "putting the attention to eight tests",
    ]
    assert seen[-1][1] == len(NAMES)


def test_errors_name_what_is_wrong():
    with pytest.raises(DataError, match="expected one target per row, 8, got 1"):
        measure_trust(pointer(POINTED), texts(8), targets=["yes"])
    with pytest.raises(NotAvailable, match="there is no test 'none'"):
        measure_trust(pointer(POINTED), texts(8), draws=5).of("none")
