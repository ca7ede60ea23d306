from types import ModuleType

import pytest

from salience.core.build import build, check_options, foreign_classes
from salience.core.errors import ConfigError


class Kettle:
    def __init__(self, width: int, *, litres: float, colour: str = "red") -> None:
        self.width, self.litres, self.colour = width, litres, colour


room = ModuleType("room")
room.__all__ = ["Kettle", "number"]
room.Kettle = Kettle
room.number = 3


def test_a_name_with_options_becomes_an_object():
    made = build({"Kettle": {"litres": 1.5}}, room, 7)
    assert (made.width, made.litres, made.colour) == (7, 1.5, "red")


def test_names_are_found_whatever_their_capitals():
    assert build({"kettle": {"litres": 2}}, room, 7).litres == 2


def test_a_wrong_name_names_the_nearest():
    with pytest.raises(ConfigError, match="did you mean 'Kettle'"):
        build("Ketle", room)


def test_what_is_no_class_is_not_offered():
    with pytest.raises(ConfigError, match="there is no 'number'"):
        build("number", room)


def test_all_wrong_options_are_reported_together():
    with pytest.raises(ConfigError) as caught:
        check_options(Kettle, {"liters": 1, "color": "blue"}, skip=1)
    assert "'liters' (did you mean 'litres'" in str(caught.value)
    assert "'color' (did you mean 'colour'" in str(caught.value)


def test_a_missing_option_is_named():
    with pytest.raises(ConfigError, match=r"(?s)Kettle needs litres.*write Kettle: \{litres: \.\.\.\}"):
        build("Kettle", room, 7)


def test_options_of_a_wrong_type_are_reported_together():
    with pytest.raises(ConfigError) as caught:
        check_options(Kettle, {"litres": "two", "colour": 3}, skip=1)
    assert "'litres' of Kettle must be a finite number, got 'two'" in str(caught.value)
    assert "'colour' of Kettle must be text, got 3" in str(caught.value)


@pytest.mark.parametrize("wrong", [3, {"A": 1, "B": 2}, {"Kettle": 3}, []])
def test_anything_but_a_name_with_options_is_refused(wrong):
    with pytest.raises(ConfigError, match="expected a name"):
        build(wrong, room)


def test_a_class_of_a_third_party_is_imported_by_its_module():
    assert build({"fractions:Fraction": {"numerator": 3}}, room) == 3


@pytest.mark.parametrize("name", ["fractions:Fraction", "this:Zen", "evil-name:X", "evil:a:b", "é.evil:X", "evil:X\n"])
def test_no_class_of_a_third_party_is_imported_where_that_is_forbidden(name, monkeypatch):
    monkeypatch.setattr("importlib.import_module", lambda module: pytest.fail(f"{module} was imported"))
    with pytest.raises(ConfigError, match="importing it runs its code"), foreign_classes(allowed=False):
        build(name, room)


def test_what_was_forbidden_outside_stays_forbidden_inside():
    with foreign_classes(allowed=False), foreign_classes(allowed=True), pytest.raises(ConfigError, match="third party"):
        build("fractions:Fraction", room)
    assert build({"fractions:Fraction": {"numerator": 3}}, room) == 3


@pytest.mark.parametrize(
    "wrong", [".x:Y", ":Y", "..:Z", "nowhere_at_all:X", "collections:Nothing", "collections:namedtuple"]
)
def test_a_foreign_name_that_leads_nowhere_is_explained(wrong):
    with pytest.raises(ConfigError, match=r"cannot import|not a class"):
        build(wrong, room)


def test_what_a_layer_of_another_library_refuses_is_an_error_about_the_options():
    from torch import nn

    layers = ModuleType("layers")
    layers.__all__ = ["Dropout"]
    layers.Dropout = nn.Dropout
    with pytest.raises(ConfigError, match="Dropout cannot be made with these options: dropout probability") as caught:
        build({"Dropout": {"p": 3.0}}, layers)
    assert caught.value.where == "Dropout"
