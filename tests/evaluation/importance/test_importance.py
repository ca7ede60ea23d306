import gc
import inspect

import pytest

from salience.core.build import build, find
from salience.core.errors import ConfigError
from salience.evaluation import importance
from salience.evaluation.importance import IntegratedGradients, LeaveOneOut, RandomOrder
from tests.evaluation.linear import linear


def test_a_method_is_found_by_its_name_in_a_config():
    assert build("leave_one_out", importance) == LeaveOneOut()
    assert build({"IntegratedGradients": {"steps": 32}}, importance) == IntegratedGradients(steps=32)


def test_a_wrong_name_is_answered_with_the_nearest():
    with pytest.raises(ConfigError, match="did you mean 'Received'"):
        find("recieved", importance)


def test_the_name_of_a_method_leads_back_to_it():
    methods = [getattr(importance, name) for name in importance.__all__]
    methods = [each for each in methods if inspect.isclass(each)]
    assert len(methods) == 7
    for method in methods:
        assert find(method().name, importance) is method
    assert LeaveOneOut(parts=3).name == "leave_one_out"


@pytest.mark.parametrize("enabled", [True, False])
def test_explaining_leaves_the_garbage_collector_as_it_was(enabled):
    (gc.enable if enabled else gc.disable)()
    try:
        RandomOrder()(linear({"good": 1.0, "bad": -1.0}), ["good bad"])
        assert gc.isenabled() is enabled
    finally:
        gc.enable()
