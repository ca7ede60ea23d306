from __future__ import annotations

import json
from dataclasses import fields

import pytest

from benchmarks import measure
from benchmarks.measure import RESULTS, Row, Time, in_turns, median, ratio


def test_works_take_turns_and_the_first_turn_does_not_count() -> None:
    order: list[str] = []

    def work(name: str) -> Time:
        order.append(name)
        return Time(len(order), 0.0)

    times = in_turns({"a": lambda: work("a"), "b": lambda: work("b")}, rounds=2)
    assert "".join(order) == "ababab"
    assert [each.cpu for each in times["a"]] == [3, 5]


def test_a_ratio_is_the_median_over_turns_for_both_clocks() -> None:
    upper, lower = [Time(2, 9), Time(30, 8), Time(4, 7)], [Time(1, 3), Time(2, 4), Time(2, 7)]
    cpu, wall = ratio("a to b", upper, lower, bar="<= 2")
    assert (cpu.value, cpu.low, cpu.high, cpu.bar) == (2, 2, 8.5, "<= 2")
    assert (wall.value, wall.bar) == (2, None)


def test_a_median_lies_between_its_quartiles() -> None:
    assert median("x", [1, 2, 3, 4, 50], "s") == Row("x", 3, "s", 2, 4, note="median of 5")


def test_a_result_names_machine_command_and_commit(tmp_path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(measure, "RESULTS", tmp_path)
    measure.write("some", [Row("speed", 1 / 3, "x", bar="> 0")])
    result = json.loads((tmp_path / "some.json").read_text())
    assert list(result) == ["benchmark", "command", "date", "commit", "machine", "rows"]
    assert result["rows"][0]["value"] == 0.333333
    assert str(tmp_path) not in json.dumps(result)


@pytest.mark.parametrize("path", sorted(RESULTS.glob("*.json")), ids=lambda path: path.stem)
def test_every_published_result_has_the_common_form(path) -> None:
    result = json.loads(path.read_text(encoding="utf-8"))
    assert result["benchmark"] == path.stem
    assert {"command", "date", "commit", "machine"} < set(result)
    for row in result["rows"]:
        assert set(row) == {each.name for each in fields(Row)}


def test_a_result_may_hold_more_and_its_lists_stand_on_one_line(tmp_path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(measure, "RESULTS", tmp_path)
    measure.write("some", [Row("speed", 1.0, "x")], weights=[[0.5, 0.25], [1.0, 0.0]], names=["a  b", "[ c ]"])
    text = (tmp_path / "some.json").read_text()
    assert json.loads(text)["weights"] == [[0.5, 0.25], [1.0, 0.0]]
    assert "[0.5, 0.25]" in text
    assert json.loads(text)["names"] == ["a  b", "[ c ]"]
