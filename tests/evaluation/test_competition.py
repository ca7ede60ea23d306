import pytest

from salience.evaluation.competition import RANDOM, compete
from salience.evaluation.importance import LeaveOneOut, Received
from tests.evaluation.linear import EVEN, linear

WEIGHTS = {"good": 2.0, "fine": 1.0, "bad": -5.0}
TEXT = {"a": "good the fine bad good good"}


def competition(task="Classification", honesty=1.0):
    pipeline = linear(WEIGHTS, bias=1.0, task=task, honesty=honesty)
    rows = pipeline.encode([TEXT] * 3)
    scores = {each.name: each.scores(pipeline, rows) for each in (Received(), LeaveOneOut())}
    return compete(pipeline, rows, scores, competitors=["leave_one_out"], seed=0)


def first_taken(found, orders):
    """The focus without the unit that is ranked first, in every order of every row."""
    return set(found.erased.taken[:, list(orders), 1].ravel().tolist())


def test_a_class_is_followed_by_sign_and_competitors_by_size_too():
    found = competition()
    # 1 + 2 + 0 + 1 - 5 + 2 + 2 = 3: the prediction is yes, and good speaks for it most.
    assert first_taken(found, found.orders["leave_one_out"]) == {1.0}
    assert first_taken(found, found.by_size["leave_one_out"]) == {8.0}
    assert list(found.by_size) == ["leave_one_out"]


def test_a_value_is_followed_by_size_alone():
    found = competition("Regression")
    assert first_taken(found, found.orders["leave_one_out"]) == {8.0}
    assert found.by_size == {}


def test_orders_belong_to_one_method_each():
    found = competition()
    owned = [i for each in (*found.orders.values(), *found.by_size.values()) for i in each]
    assert sorted(owned) == list(range(found.erased.taken.shape[1]))
    assert {name: len(each) for name, each in found.orders.items()} == {"received": 5, "leave_one_out": 5, RANDOM: 20}


def test_ties_are_broken_anew_in_each_order():
    found = competition()
    # Three times good: any of them may go first, and the rows without one of them give the same answer.
    assert len({tuple(row) for row in found.erased.kept[:, list(found.orders["leave_one_out"]), 1].tolist()}) == 1
    even = competition(honesty=EVEN)
    assert len(first_taken(even, even.orders["received"])) > 1


def test_flat_and_signed_methods_are_told():
    assert competition().num_constant == {"received": 0, "leave_one_out": 0}
    assert competition(honesty=EVEN).num_constant == {"received": 3, "leave_one_out": 0}
    assert competition().signed == {"received": False, "leave_one_out": True}


@pytest.mark.parametrize("honesty", [1.0, EVEN])
def test_equal_seeds_give_equal_orders(honesty):
    first, again = competition(honesty=honesty), competition(honesty=honesty)
    assert first.erased.taken.tolist() == again.erased.taken.tolist()
