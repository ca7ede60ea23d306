import itertools

import numpy as np
import pytest
from sklearn.metrics import ndcg_score

from salience.core.errors import DataError
from salience.data.target import Listed
from salience.evaluation.ranking_scores import ranking_statistics
from salience.evaluation.scores import task_scores
from salience.tasks import Ranking


def scores(predictions, values, lists=None, *, top=2, weights=None):
    predictions, values = np.array(predictions, float), np.array(values, float)
    lists = np.zeros(len(values)) if lists is None else np.array(lists, float)
    weights = np.ones((1, len(values))) if weights is None else np.array([weights], float)
    found = ranking_statistics(predictions, values, lists, top=top)
    return {name: float(each(weights)[0]) for name, each in found.items()}


def test_one_list_by_hand():
    found = scores([0.9, 0.1, 0.5, 0.4], [1.0, 0.0, 3.0, 2.0])
    # The first is third of four by true values; of the first two, 1 and 3, one is among the best two, 3 and 2.
    assert found["mrr"] == pytest.approx(1 / 3)
    assert found["first_gain"] == 1.0
    assert found["top_precision"] == 0.5
    assert found["ndcg"] == pytest.approx((1 + 3 / np.log2(3)) / (3 + 2 / np.log2(3)))
    # Ranks 1 4 2 3 against 3 4 1 2: differences 2 0 1 1.
    assert found["spearman"] == pytest.approx(1 - 6 * 6 / (4 * 15))
    assert found["rmse"] == pytest.approx(np.sqrt((0.01 + 0.01 + 6.25 + 2.56) / 4))


def test_a_perfect_order_is_one_and_losses_count_from_the_worst():
    found = scores([3, 2, 1], [0.02, -0.01, -0.04])
    assert (found["ndcg"], found["mrr"], found["top_precision"], found["spearman"]) == pytest.approx((1, 1, 1, 1))
    assert scores([1, 2, 3], [0.02, -0.01, -0.04], top=1)["ndcg"] == 0.0


def test_ndcg_is_that_of_the_reference_ties_included():
    rng = np.random.default_rng(0)
    for _ in range(20):
        values, predictions = rng.integers(0, 4, (2, 11))
        expected = ndcg_score(values[None], predictions[None], k=5)
        assert scores(predictions, values, top=5)["ndcg"] == pytest.approx(expected)


def test_equal_predictions_get_the_mean_over_all_their_orders():
    values = [0.3, -0.1, 0.2, 0.0, 0.1]
    alike = scores([1, 0, 0, 0, 0], values, top=3)
    orders = [scores([9, *order], values, top=3) for order in itertools.permutations([1, 2, 3, 4])]
    for name in ("ndcg", "mrr", "top_precision", "first_gain"):
        assert alike[name] == pytest.approx(np.mean([each[name] for each in orders])), name
    constant = scores([0] * 5, values, top=3)
    orders = [scores(order, values, top=3) for order in itertools.permutations([1, 2, 3, 4, 5])]
    for name in ("ndcg", "mrr", "top_precision", "first_gain", "spearman"):
        assert constant[name] == pytest.approx(np.mean([each[name] for each in orders]), abs=1e-12), name


def test_lists_weigh_alike_and_a_draw_takes_whole_lists():
    lists, values = [7, 2, 7, 2, 7], [1, 0, 0, 5, 0]
    # The list 7 has its best row first; the list 2 its worst.
    predictions = [9, 9, 0, 0, 1]
    assert scores(predictions, values, lists)["mrr"] == pytest.approx((1 + 1 / 2) / 2)
    assert scores(predictions, values, lists, weights=[3, 0, 3, 0, 3])["mrr"] == 1.0
    assert scores(predictions, values, lists, weights=[1, 2, 1, 2, 1])["mrr"] == pytest.approx((1 + 2 / 2) / 3)


def test_a_list_that_cannot_tell_is_left_out():
    found = scores([1, 2, 3, 4, 9], [1, 2, 3, 3, 5], [0, 0, 0, 0, 1], top=2)
    assert found["mrr"] == 1.0
    assert found["first_gain"] == (3 + 5) / 2
    alone = scores([1, 2], [1, 2], [0, 1])
    assert np.isnan([alone[name] for name in ("ndcg", "mrr", "top_precision", "spearman")]).all()
    assert np.isnan(scores([1, 2], [0, 0])["ndcg"])
    assert np.isnan(scores([1, 2], [3, 1], top=2)["top_precision"])


def test_intervals_of_a_ranking_are_over_lists():
    rng = np.random.default_rng(1)
    targets = [Listed(float(value), str(i // 10)) for i, value in enumerate(rng.normal(size=400))]
    task = Ranking(list="day").fit(targets)
    target = task.encode(targets)
    raw = target[:, :1] + 1.0
    found = task_scores(task, raw, target, groups=None)
    given = task_scores(task, raw, target, groups=[each.list for each in targets])
    assert list(found) == list(task.scores)
    assert found["first_gain"] == given["first_gain"]
    assert found["first_gain"].low < found["first_gain"].value < found["first_gain"].high
    # Everything is predicted one deviation too high.
    assert found["rmse"].value == pytest.approx(np.std([each.value for each in targets]), rel=1e-5)


def test_undefined_scores_say_why():
    targets = [Listed(1.0, "a"), Listed(2.0, "b"), Listed(3.0, "b")]
    task = Ranking(list="day").fit(targets)
    alone = task_scores(task, task.encode(targets[:2])[:, :1], task.encode(targets[:2]))
    assert alone["mrr"].reason == "no list has two rows"
    assert alone["ndcg"].reason == "no list has two rows, one with a gain above 0"
    assert alone["top_precision"].reason == "no list has more rows than count as the first"


def test_what_is_no_prediction_is_told():
    with pytest.raises(DataError, match="1 of 2 predictions are not finite"):
        scores([1, float("nan")], [1, 2])
    with pytest.raises(DataError, match="as many predictions"):
        scores([1, 2, 3], [1, 2])
