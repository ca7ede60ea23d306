from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pytest

from salience.core import config
from salience.core.errors import ConfigError


@dataclass(frozen=True, kw_only=True)
class Oven:
    degrees: int
    minutes: float = 10.0
    fan: bool = False
    rack: str | Mapping[str, Any] | None = None
    shelves: tuple[str, ...] = ()


def test_a_dataclass_is_made_and_lists_become_tuples():
    assert config.make(Oven, {"degrees": 3, "minutes": 2, "shelves": ["a"]}, where="x") == Oven(
        degrees=3, minutes=2, shelves=("a",)
    )


def test_every_problem_is_reported_at_once_with_the_nearest_name():
    with pytest.raises(ConfigError) as caught:
        config.make(Oven, {"minuts": 3, "fan": "yes", "shelves": [1]}, where="oven.yaml")
    message = str(caught.value)
    for part in (
        "'minuts'",
        "did you mean 'minutes'",
        "'degrees' is missing",
        "'fan' must be true or false",
        "oven.yaml",
    ):
        assert part in message
    assert "'shelves' must be a list of text" in message


def test_true_is_not_a_number():
    with pytest.raises(ConfigError, match="'degrees' must be a whole number, got True"):
        config.make(Oven, {"degrees": True}, where="x")


def test_overrides_reach_into_a_copy():
    original = {"model": {"width": 32}}
    assert config.override(original, ["model.width=64", "model.pool={Additive: {hidden: 3}}"]) == {
        "model": {"width": 64, "pool": {"Additive": {"hidden": 3}}}
    }
    assert original == {"model": {"width": 32}}


@pytest.mark.parametrize(
    ("word", "message"),
    [("width", "expected key=value"), ("model.width.x=1", "not a mapping"), ("a=[1", "not valid YAML")],
)
def test_a_broken_override_says_what_is_wrong(word, message):
    with pytest.raises(ConfigError, match=message):
        config.override({"model": {"width": 3}}, [word])


def test_yaml_cannot_make_objects(tmp_path):
    path = tmp_path / "evil.yaml"
    path.write_text("a: !!python/object/apply:os.system ['touch owned']\n", encoding="utf-8")
    with pytest.raises(ConfigError, match=r"not valid YAML") as caught:
        config.read(path)
    assert "line 1" in str(caught.value)
    assert not (tmp_path / "owned").exists()


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("a: &x [1, 2]\nb: [*x, *x, *x]", "references are not read"),
        ("a: 1\nb: {c: 1, c: 2}", "given twice"),
        ("a: !!bool maybe", "not valid YAML"),
        ("a: !!timestamp z", "not valid YAML"),
        ("a: " + "[" * 500, "not valid YAML"),
        ("a: " + "9" * 5000, "not valid YAML"),
        ("a: \0", "not valid YAML"),
    ],
)
def test_hostile_yaml_is_a_clear_error(text, problem):
    with pytest.raises(ConfigError, match=problem) as caught:
        config.parse(text, where="x.yaml")
    assert len(str(caught.value).splitlines()) <= 3


@pytest.mark.parametrize("value", [float("nan"), float("inf"), 10**400, True, "3"])
def test_a_number_is_finite(value):
    with pytest.raises(ConfigError, match="'minutes' must be a finite number"):
        config.make(Oven, {"degrees": 1, "minutes": value}, where="x")


def test_the_keys_of_a_mapping_are_texts():
    with pytest.raises(ConfigError, match="'rack' must be text or a mapping with names as keys or null"):
        config.make(Oven, {"degrees": 1, "rack": {1: "a"}}, where="x")


@pytest.mark.parametrize("text", ["- a\n", "3\n", "1: x\n"])
def test_only_a_mapping_from_names_is_a_config(tmp_path, text):
    path = tmp_path / "list.yaml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ConfigError, match="expected a mapping"):
        config.read(path)


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(ConfigError, match="cannot read the config"):
        config.read(tmp_path / "none.yaml")


def test_an_empty_file_is_an_empty_config(tmp_path):
    (tmp_path / "a.yaml").write_text("# nothing\n", encoding="utf-8")
    assert config.read(tmp_path / "a.yaml") == {}
