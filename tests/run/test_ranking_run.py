"""A ranking from rows to a report, to new rows and to the trust report."""

import json
import re

import numpy as np
import pandas as pd
import pytest

import salience
from examples.shop import offers
from salience.cli import main
from salience.core.errors import ConfigError, DataError

TASK = {"Ranking": {"list": "search"}}
SMALL = {
    "width": 16,
    "dropout": 0.0,
    "encoder": {"Transformer": {"layers": 1, "attention": {"MultiHead": {"heads": 2}}, "positions": None}},
}
FAST = {"epochs": 15, "learning_rate": 0.01, "patience": 0}
SPLIT = {"ByGroup": {"column": "search", "fractions": [0.7, 0.1, 0.2]}}


@pytest.fixture(scope="module")
def table():
    return pd.DataFrame(offers(searches=120))


@pytest.fixture(scope="module")
def run(table, tmp_path_factory):
    folder = tmp_path_factory.mktemp("ranking")
    table.to_csv(folder / "offers.csv", index=False)
    return salience.fit(
        folder / "offers.csv", target="sold", task=TASK, split=SPLIT, model=SMALL, train=FAST, explain=16, out=folder
    )


def test_a_planted_order_is_learned_and_better_than_a_random_one(run):
    test, baselines = run.metrics["test"], run.metrics["baselines"]
    constant = baselines["mean, which is a random order"]
    assert list(test) == ["ndcg", "mrr", "top_precision", "first_gain", "spearman", "rmse"]
    assert test["mrr"]["low"] > constant["mrr"]["value"]
    assert test["spearman"]["low"] > 0 == constant["spearman"]["value"]
    assert "gradient-boosted trees" in baselines
    assert test["ndcg"]["low"] < test["ndcg"]["value"] < test["ndcg"]["high"]


def test_lists_are_divided_whole_and_are_no_input(run, table):
    assert "search" not in run.pipeline.columns
    answers = pd.read_csv(run.folder / "predictions.csv")
    shown = answers["list"].unique()
    assert len(answers) == table["search"].isin(shown).sum()
    first = answers[answers["list"] == shown[0]]
    expected = first["prediction"].rank(ascending=False, method="min").astype(int)
    assert first["rank"].tolist() == expected.tolist()
    assert "reciprocal rank of the first" in (run.folder / "report.html").read_text(encoding="utf-8")


def test_answers_have_ranks_within_the_lists_of_the_rows_that_are_given(run, table):
    two = table[table["search"].isin(["s1", "s2"])]
    told = run.predict(two)
    for _, rows in two.assign(prediction=told.prediction, rank=told.rank).groupby("search"):
        assert rows["rank"].tolist() == rows["prediction"].rank(ascending=False, method="min").tolist()
    assert "rank 1" in repr(told) or "rank" in repr(told[:1])
    # Rows that name no list are one.
    together = run.predict(two.drop(columns="search"))
    assert sorted(together.rank)[0] == 1
    assert max(together.rank) > max(told.rank)
    assert run.pipeline.predict(two.to_dict("records"))[0].rank == told.rank[0]


def test_the_command_line_ranks_a_whole_file(run, tmp_path, capsys):
    later = pd.DataFrame(offers(searches=5, seed=9))
    later.to_csv(tmp_path / "later.csv", index=False)
    main(["predict", str(run.folder), str(tmp_path / "later.csv"), "--out", str(tmp_path / "answers.csv"), "--quiet"])
    answers = pd.read_csv(tmp_path / "answers.csv")
    assert answers["rank"].tolist() == run.predict(later).rank
    assert (answers.groupby(later["search"])["rank"].min() == 1).all()
    capsys.readouterr()
    main(["explain", str(run.folder), str(tmp_path / "later.csv"), "--rows", "0"])
    assert capsys.readouterr().out.count(", rank 1\n") == 5


def test_rows_of_a_file_that_are_explained_alone_keep_their_ranks(run, tmp_path, capsys):
    later = pd.DataFrame(offers(searches=1, seed=9))
    later.to_csv(tmp_path / "later.csv", index=False)
    main(["explain", str(run.folder), str(tmp_path / "later.csv"), "--rows", "2"])
    told = [int(rank) for rank in re.findall(r", rank (\d+)\n", capsys.readouterr().out)]
    assert told == run.predict(later).rank[:2]
    assert told != run.predict(later[:2]).rank


def test_other_rows_are_judged_list_by_list(run, tmp_path, capsys):
    later = pd.DataFrame(offers(searches=20, seed=9))
    found = run.evaluate(later)
    assert found["spearman"].low > 0
    later.to_csv(tmp_path / "later.csv", index=False)
    main(["evaluate", str(run.folder), str(tmp_path / "later.csv"), "--json", "--rows", "0"])
    assert json.loads(capsys.readouterr().out)["scores"]["mrr"]["value"] == pytest.approx(found["mrr"].value)


def test_importance_and_trust_are_measured_like_those_of_a_number(run):
    explained = run.explain(pd.DataFrame(offers(searches=2, seed=3)), method="integrated_gradients")
    assert {unit.column for unit in explained.units[0]} == {"price", "price to mean", "rating", "days"}
    assert run.trust(count=24).sentence


def test_a_saved_ranking_says_the_same(run):
    rows = pd.DataFrame(offers(searches=2, seed=3))
    assert salience.load(run.folder).predict(rows).prediction == run.predict(rows).prediction


def test_several_seeds_rank_together(table, tmp_path):
    train = {**FAST, "epochs": 1}
    run = salience.fit(
        table, target="sold", task=TASK, split=SPLIT, model=SMALL, train=train, seeds=2, explain=0, out=tmp_path
    )
    assert len(run.metrics["members"]) == 2


def test_by_default_lists_are_whole(table, tmp_path):
    train = {**FAST, "epochs": 1}
    run = salience.fit(table, target="sold", task=TASK, model=SMALL, train=train, explain=0, out=tmp_path)
    assert np.isfinite(run.metrics["test"]["ndcg"]["value"])


def test_a_list_on_two_sides_is_an_error(table, tmp_path):
    with pytest.raises(DataError, match=r"the list 's\d+' has rows on the train side and on the"):
        salience.fit(table, target="sold", task=TASK, split="Stratified", model=SMALL, train=FAST, out=tmp_path)


def test_a_row_without_a_list_is_located(table, tmp_path):
    table = table.copy()
    table.loc[3, "search"] = None
    with pytest.raises(DataError, match="belongs to no list"):
        salience.fit(table, target="sold", task=TASK, model=SMALL, train=FAST, out=tmp_path)


def test_a_ranking_needs_lists(table, tmp_path):
    with pytest.raises(ConfigError, match="Ranking needs list"):
        salience.fit(table, target="sold", task="Ranking", out=tmp_path)
    with pytest.raises(DataError, match="serch"):
        salience.fit(table, target="sold", task={"Ranking": {"list": "serch"}}, out=tmp_path)
