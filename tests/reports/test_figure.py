"""Figures are written as PNG files and leave matplotlib as it was; a warning, such as a missing glyph, would fail."""

from __future__ import annotations

import struct
from dataclasses import replace

import matplotlib as mpl
import pytest

from salience.core.errors import NotAvailable
from salience.core.place import Column, Heat, Unit
from salience.reports import figure, lettering
from salience.reports.content import Confusion
from tests.reports import sample


def _size(path) -> tuple[int, int]:
    head = path.read_bytes()[:24]
    assert head[:8] == b"\x89PNG\r\n\x1a\n"
    return struct.unpack(">II", head[16:])


@pytest.mark.parametrize("make", [sample.english, sample.chinese])
@pytest.mark.parametrize("method", [sample.RECEIVED, sample.GRADIENT])
def test_the_importance_of_a_text_is_drawn(make, method, tmp_path):
    content = make()
    path = figure.importance(content.examples[0], method, content.proof, tmp_path / "figures" / "one.png")
    width, height = _size(path)
    assert width == 1024
    assert height > 500


def test_importance_without_any_font_for_it_is_drawn_with_places(tmp_path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(lettering, "_fonts", lambda: (lettering._default(),))
    lettering._font_with.cache_clear()
    content = sample.chinese()
    _size(figure.importance(content.examples[0], sample.RECEIVED, None, tmp_path / "one.png"))
    lettering._font_with.cache_clear()


def test_columns_whose_names_no_font_can_write_are_drawn_by_their_number(tmp_path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(lettering, "_fonts", lambda: (lettering._default(),))
    lettering._font_with.cache_clear()
    columns = (Heat(Unit("age", "30", Column("age")), 0.4), Heat(Unit("血压", "142", Column("血压")), 0.6))
    shown = replace(sample.english().examples[0], heats={sample.RECEIVED.name: columns})
    _size(figure.importance(shown, sample.RECEIVED, None, tmp_path / "one.png"))
    lettering._font_with.cache_clear()


def test_formulas_in_texts_are_not_typeset(tmp_path):
    cell = r"$\frac{ and $x^"
    heats = {sample.RECEIVED.name: sample.heats("review", cell, {"frac": 0.6, "x": 0.4})}
    shown = replace(sample.english().examples[0], cells={"review": cell}, prediction=cell, heats=heats)
    _size(figure.importance(shown, sample.RECEIVED, None, tmp_path / "one.png"))
    _size(figure.confusion(Confusion((r"$\frac{", "b$c$"), ((1, 2), (3, 4))), tmp_path / "two.png"))


def test_history_curves_reliability_and_confusion_are_drawn(tmp_path):
    content = sample.english()
    parameters = dict(mpl.rcParams)
    assert _size(figure.history(content.history, tmp_path / "history.png"))[0] == 1344
    assert _size(figure.curves(content.proof, tmp_path / "curves.png"))[0] == 1344
    assert _size(figure.reliability(content.calibration, tmp_path / "reliability.png"))[0] == 704
    _size(figure.confusion(sample.chinese().confusion, tmp_path / "confusion.png"))
    _size(figure.confusion(sample.tickets().confusion, tmp_path / "large.png"))
    assert dict(mpl.rcParams) == parameters


def test_a_history_without_validation_is_drawn(tmp_path):
    told = sample.english().history
    silent = replace(told, epochs=tuple(replace(each, validation=None, best=False) for each in told.epochs[:1]))
    _size(figure.history(silent, tmp_path / "history.png"))


def test_an_importance_that_was_not_measured_or_is_zero_is_not_available(tmp_path):
    with pytest.raises(NotAvailable, match="there is no importance by 'leave-one-out'"):
        figure.importance(sample.chinese().examples[0], sample.LEFT_OUT, None, tmp_path / "one.png")
    first = sample.english().examples[0]
    flat = tuple(replace(heat, score=0.0) for heat in first.heats[sample.RECEIVED.name])
    with pytest.raises(NotAvailable, match="no unit has any importance by 'received attention'") as caught:
        figure.importance(
            replace(first, heats={sample.RECEIVED.name: flat}), sample.RECEIVED, None, tmp_path / "one.png"
        )
    assert caught.value.where == "row 1042"
    assert not (tmp_path / "one.png").exists()
