import numpy as np
import pytest

from salience.evaluation.bootstrap import Bootstrap
from salience.evaluation.skill import skills

NAMES = ["mine", "best", "other", "random"]


def rows(*means, count=211, noise=0.1):
    """Gains of methods with these means, each row shifting all of them together."""
    generator = np.random.default_rng(0)
    shared = generator.normal(size=(count, 1))
    return np.array(means) + shared + noise * generator.normal(size=(count, len(means)))


def found(gains):
    return skills(gains, NAMES, Bootstrap(), reference="random", competitors=["best", "other"])


def test_skill_is_the_place_between_reference_and_best():
    best, skill = found(rows(2.0, 3.0, 2.5, 1.0, noise=0.0))
    assert best == "best"
    assert {name: score.value for name, score in skill.items()} == pytest.approx(
        {"mine": 0.5, "best": 1.0, "other": 0.75, "random": 0.0}
    )


def test_rows_are_paired_so_that_what_they_share_does_not_widen_the_interval():
    skill = found(rows(2.0, 3.0, 2.5, 1.0))[1]["mine"]
    assert skill.low < 0.5 < skill.high
    assert skill.high - skill.low < 0.05


def test_a_method_may_be_better_than_the_best_and_worse_than_random():
    assert found(rows(4.0, 3.0, 2.5, 1.0, noise=0.0))[1]["mine"].value == pytest.approx(1.5)
    assert found(rows(0.0, 3.0, 2.5, 1.0, noise=0.0))[1]["mine"].value == pytest.approx(-0.5)


def test_the_best_of_each_draw_sets_its_scale():
    # Two equal competitors: in a draw, the luckier one is the best, and none exceeds it.
    skill = found(rows(2.0, 3.0, 3.0, 1.0, noise=2.0))[1]
    assert skill["best"].high <= 1
    assert skill["other"].high <= 1
    assert skill["best"].low < 1


def test_without_a_certainly_better_competitor_there_is_no_skill():
    for gains in (rows(2.0, 1.0, 1.0, 1.0, noise=1.0), rows(2.0, 0.5, 0.4, 1.0)):
        assert {str(score) for score in found(gains)[1].values()} == {
            "undefined: no method found parts that certainly matter more to the answer than parts taken at random"
        }


def test_intervals_of_the_fewest_rows_that_are_judged_cover_the_truth():
    covered = 0
    for repeat in range(300):
        generator = np.random.default_rng(repeat)
        # Gains with long tails; the true skill of the first method is 0.5.
        gains = np.array([2.0, 3.0, 2.0, 1.0]) * generator.gamma(2.0, 0.5, (30, 1)) + generator.normal(size=(30, 4))
        skill = skills(gains, NAMES, Bootstrap(400, repeat), reference="random", competitors=["best", "other"])[1][
            "mine"
        ]
        covered += skill.low <= 0.5 <= skill.high
    # Four standard errors around the nominal 0.95, less 0.02 that 30 rows cost.
    assert 0.88 <= covered / 300 <= 0.99
