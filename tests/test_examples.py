"""Every example runs, with settings so small that it takes seconds, and does what it says."""

from __future__ import annotations

import csv
import sys
from pathlib import Path

import pytest

from examples import csv_to_report, custom_mechanism, faithfulness, grid_search, huggingface, reviews, sales
from tests import documents


def test_every_example_has_a_test() -> None:
    names = {path.stem for path in (documents.ROOT / "examples").glob("*.py")}
    assert names == {
        "csv_to_report",
        "custom_mechanism",
        "faithfulness",
        "grid_search",
        "huggingface",
        "reviews",
        "sales",
    }


@pytest.mark.parametrize("language", reviews.LANGUAGES)
def test_reviews_say_what_their_label_says(language: str) -> None:
    parts = reviews.LANGUAGES[language]
    made = reviews.reviews(rows=200, language=language)
    for row in made:
        praise, blame = (sum(row["text"].count(word) for word in words) for words in (parts.praise, parts.blame))
        assert row["label"] == parts.labels[praise > blame], row
    assert 70 < sum(row["label"] == parts.labels[0] for row in made) < 130
    assert made == reviews.reviews(rows=200, language=language)
    assert made != reviews.reviews(rows=200, language=language, seed=1)


def test_reviews_are_written_as_a_table(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "reviews.csv"
    monkeypatch.setattr(sys, "argv", ["reviews.py", str(path), "--rows", "7", "--language", "zh", "--seed", "3"])
    reviews.main()
    with path.open(encoding="utf-8", newline="") as file:
        assert list(csv.DictReader(file)) == reviews.reviews(rows=7, language="zh", seed=3)


def test_sales_follow_the_week_before_and_fall_with_the_price(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "sales.csv"
    monkeypatch.setattr(sys, "argv", ["sales.py", str(path), "--days", "28", "--seed", "2"])
    sales.main()
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert rows == sales.sales(days=28, seed=2) != sales.sales(days=28)
    sold = {kind: [float(row["sold"]) for row in rows if (row["price"] == "2") == kind] for kind in (True, False)}
    assert sum(sold[True]) / len(sold[True]) > sum(sold[False]) / len(sold[False])


def test_a_csv_file_becomes_a_report(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    documents.make_small(monkeypatch)
    path = tmp_path / "reviews.csv"
    reviews.write(str(path), reviews.reviews(rows=160))
    words = ["csv_to_report.py", str(path), "--target", "label", "--epochs", "1", "--out", str(tmp_path / "runs")]
    monkeypatch.setattr(sys, "argv", words)
    csv_to_report.main()
    said = capsys.readouterr().out
    assert "95 % interval" in said
    assert said.count("because of: ") == 2
    assert Path(said.rpartition("report: ")[2].strip()).is_file()


def test_a_grid_search_tries_every_setting(capsys: pytest.CaptureFixture[str]) -> None:
    results = grid_search.search(rows=60, epochs=1, folds=2)
    assert len(results) == 4
    assert results["mean_test_score"].between(0, 1).all()
    assert "superb" in capsys.readouterr().out


@pytest.mark.slow
def test_a_mechanism_of_ones_own_is_trained_saved_and_loaded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "path", list(sys.path))
    trained = custom_mechanism.run(rows=1000, epochs=8, out=str(tmp_path))
    assert trained.metrics["test"]["accuracy"]["value"] > 0.9
    words = trained.predict(["the film was lovely but dreadful"]).to_frame().set_index("text")["score"]
    assert set(words.nlargest(2).index) == {"lovely", "dreadful"}
    assert capsys.readouterr().out.splitlines()[-1] in ("negative", "positive")


@pytest.mark.slow
def test_methods_that_find_the_planted_words_are_judged_better_than_chance(tmp_path: Path) -> None:
    found = faithfulness.compare(rows=600, epochs=8, count=48, out=str(tmp_path)).set_index("method")
    assert len(found) == len(faithfulness.METHODS)
    shares = found["on planted words"]
    assert shares["random_order"] < 0.3 < shares["integrated_gradients"]
    assert shares["random_order"] < shares["received"]
    assert found["verdict"]["leave_one_out"] == "pass"


def test_a_hugging_face_model_tells_where_it_looks(capsys: pytest.CaptureFixture[str]) -> None:
    huggingface.main()
    assert "superb" in capsys.readouterr().out
    found = huggingface.look()
    for name in ("received, last layer", "rollout"):
        for shares in found[name]:
            assert sum(share for _, share in shares) == pytest.approx(1)
    for texts in found.values():
        assert [word for word, _ in texts[1]] == ["[CLS]", "superb", "breakfast", "!", "[SEP]", "[PAD]"]
        assert texts[1][-1][1] == 0
