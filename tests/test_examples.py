"""Every example runs, with settings so small that it takes seconds, and does what it says."""

from __future__ import annotations

import csv
import math
import sys
from pathlib import Path

import pytest

from examples import (
    csv_to_report,
    custom_mechanism,
    faithfulness,
    grid_search,
    huggingface,
    market,
    reviews,
    sales,
    shop,
    stocks,
)
from salience.reports import page
from salience.run import publish
from tests import documents


def read(path: Path) -> list[dict[str, str]]:
    """The rows of a CSV file."""
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_every_example_has_a_test() -> None:
    names = {path.stem for path in (documents.ROOT / "examples").glob("*.py")}
    assert names == {
        "csv_to_report",
        "custom_mechanism",
        "faithfulness",
        "grid_search",
        "huggingface",
        "market",
        "reviews",
        "sales",
        "shop",
        "stocks",
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


def test_offers_sell_where_they_are_cheap_and_rated_high(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "offers.csv"
    monkeypatch.setattr(sys, "argv", ["shop.py", str(path), "--searches", "30", "--seed", "2"])
    shop.main()
    rows = read(path)
    assert rows == shop.offers(searches=30, seed=2) != shop.offers(searches=30)
    for name, sign in (("price to mean", -1), ("rating", 1)):
        better = [sign * float(row[name]) for row in rows]
        middle = sorted(better)[len(rows) // 2]
        sold = {
            kind: [float(row["sold"]) for row, each in zip(rows, better, strict=True) if (each > middle) == kind]
            for kind in (True, False)
        }
        assert sum(sold[True]) / len(sold[True]) > sum(sold[False]) / len(sold[False]), name


def test_a_made_up_market_takes_back_what_a_stock_gained_of_its_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "prices.csv"
    monkeypatch.setattr(sys, "argv", ["market.py", str(path), "--stocks", "7", "--days", "200", "--seed", "2"])
    market.main()
    assert read(path) == market.prices(stocks=7, days=200, seed=2) != market.prices(stocks=7, days=200)
    table = stocks.read(str(path))
    assert sorted(table["date"].unique())[:6] == [f"2020-01-{day:02}" for day in (6, 7, 8, 9, 10, 13)]
    assert table[["return", "next return"]].corr().iloc[0, 1] == pytest.approx(-0.4, abs=0.1)
    still = tmp_path / "still.csv"
    monkeypatch.setattr(sys, "argv", ["market.py", str(still), "--stocks", "7", "--days", "200", "--reversal", "0"])
    market.main()
    assert stocks.read(str(still))[["return", "next return"]].corr().iloc[0, 1] == pytest.approx(0, abs=0.1)


def test_prices_become_targets_of_the_next_day(tmp_path: Path) -> None:
    path = tmp_path / "prices.csv"
    path.write_text("date,stock,close\n2020-01-07,B,100\n2020-01-06,B,50\n2020-01-06,A,10\n2020-01-07,A,5\n")
    table = stocks.read(str(path))
    assert table["stock"].tolist() == ["A", "A", "B", "B"]
    assert table["next return"].tolist()[::2] == pytest.approx([math.log(0.5), math.log(2)])
    assert table["next"].tolist() == ["down", None, "up", None]


@pytest.mark.parametrize(
    ("project", "beside"),
    [
        ("price", ["naive", "drift"]),
        ("movement", ["majority class", "yesterday's losers gain"]),
        ("ranking", ["mean, which is a random order", "yesterday's losers gain"]),
    ],
)
def test_each_project_with_stocks_tells_what_it_is_worth(
    project: str,
    beside: list[str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(publish, "draw", lambda made, folder: page.write(made, folder.report))
    path = tmp_path / "prices.csv"
    monkeypatch.setattr(sys, "argv", ["market.py", str(path), "--stocks", "5", "--days", "140"])
    market.main()
    words = ["stocks.py", project, str(path), "--epochs", "1", "--out", str(tmp_path / "runs")]
    monkeypatch.setattr(sys, "argv", words)
    stocks.main()
    said = capsys.readouterr().out
    for name in ("model", *beside):
        assert f"{name}: " in said
    assert Path(said.rpartition("report: ")[2].strip()).is_file()


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
