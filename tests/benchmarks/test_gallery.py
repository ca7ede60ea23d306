"""The gallery shows every mechanism, as it was measured and as its card says."""

from __future__ import annotations

import pytest

from benchmarks import gallery
from benchmarks.exhibit.page import cost_of, images, page
from benchmarks.planted.cases import CASES
from salience import attention

MEASURED, PLANTED = gallery.result("gallery"), gallery.result("mechanisms")


@pytest.mark.parametrize("name", attention.__all__)
def test_every_mechanism_is_shown(name: str) -> None:
    text = gallery.PAGE.read_text(encoding="utf-8")
    assert text.count(f"\n### {name}\n") == 1
    assert f"(images/gallery/{name}.svg)" in text
    assert len(cost_of(name, MEASURED)) >= 4


def test_the_page_is_up_to_date() -> None:
    assert gallery.PAGE.read_text(encoding="utf-8") == page(MEASURED, PLANTED), "run python -m benchmarks.gallery"


def test_the_pictures_are_up_to_date_and_small() -> None:
    drawn = images(MEASURED)
    assert {path.name for path in gallery.IMAGES.iterdir()} == set(drawn)
    for name, text in drawn.items():
        assert (gallery.IMAGES / name).read_text(encoding="utf-8") == text, f"{name}: run python -m benchmarks.gallery"
        assert len(text) < 12_000, name


def test_a_mechanism_below_the_bar_tells_why() -> None:
    rows = {row["what"]: row for row in PLANTED["rows"]}
    for case in CASES:
        row = rows[f"{case.name}, right answer and highest importance on a planted element"]
        assert row["value"] >= 95 or case.why


def test_a_look_holds_what_its_picture_needs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("benchmarks.planted.cases.train", lambda reader, *_, **__: reader.eval())
    look = gallery.look(next(case for case in CASES if case.name == "GAT"))
    assert len(look["sources"]) == len(look["received"]) == len(look["weights"]) == 10
    assert sum(look["planted"]) == 1
    assert [look["weights"][look["asked"]][s] > 0 for s in range(10)] == [
        [s, look["asked"]] in look["edges"] for s in range(10)
    ]
