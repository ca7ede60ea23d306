"""Content survives a trip through a JSON file, and a spoiled file is named as such."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from salience.core.errors import DataError
from salience.core.place import Edge, Heat, Node, Unit
from salience.reports import stored
from salience.reports.content import Method, ShownExample
from tests.reports import sample


@pytest.mark.parametrize("make", [sample.english, sample.chinese, sample.tickets, sample.bare])
def test_content_comes_back_equal_from_json(make):
    content = make()
    assert stored.from_json(json.loads(json.dumps(stored.to_json(content)))) == content


@pytest.mark.parametrize("name", [7, "7"])
def test_an_id_of_a_node_comes_back_as_the_number_or_the_text_that_it_was(name):
    content = sample.bare()
    heats = (Heat(Unit("node", "7", Node(name)), 0.5), Heat(Unit("node", "7 -> 7", Edge(name, name, 0)), 0.5))
    shown = ShownExample("7", {"node": "{}"}, "yes", heats={"received attention": heats})
    content = replace(content, examples=(shown,), methods=(Method("received attention", "", False),))
    assert stored.from_json(json.loads(json.dumps(stored.to_json(content)))) == content


def test_an_unknown_field_is_named_with_its_place_and_its_nearest_name():
    raw = json.loads(json.dumps(stored.to_json(sample.english())))
    raw["history"]["epochs"][2]["learn_rate"] = 0.1
    with pytest.raises(DataError, match="unknown field 'learn_rate'") as caught:
        stored.from_json(raw)
    assert caught.value.where == "the report.history.epochs[2]"
    assert "did you mean 'learning_rate'" in caught.value.fix


def test_a_missing_field_is_named():
    raw = stored.to_json(sample.bare())
    del raw["title"]
    with pytest.raises(DataError, match=r"a field of ReportContent is missing: .*'title'"):
        stored.from_json(raw)


@pytest.mark.parametrize("value", ["many", None, [1]])
def test_a_value_of_another_kind_is_named(value):
    raw = json.loads(json.dumps(stored.to_json(sample.english())))
    raw["split"]["sides"][1]["rows"] = value
    with pytest.raises(DataError, match=f"expected int, got {type(value).__name__}") as caught:
        stored.from_json(raw)
    assert caught.value.where == "the report.split.sides[1].rows"


def test_something_that_is_no_report_is_refused():
    with pytest.raises(DataError, match="expected dict, got list"):
        stored.from_json([])
