"""A run on a table, with and without texts: from rows to a report, to new rows, and to the trust report."""

import warnings

import numpy as np
import pandas as pd
import pytest

import salience
from salience.cli import main
from salience.core.errors import DataError
from salience.core.place import Column
from salience.evaluation.baselines import baselines
from salience.evaluation.table_baselines import features

FAST = {"epochs": 2, "batch_size": 16}
SMALL = {
    "width": 8,
    "encoder": {"Transformer": {"layers": 1, "attention": {"MultiHead": {"heads": 2}}, "positions": None}},
}


def rows(count: int = 90, *, seed: int = 0) -> list[dict[str, object]]:
    """People of whom the older cooks say yes, with a text that says nothing."""
    chance = np.random.default_rng(seed)
    made = []
    for number in range(count):
        age, job = int(chance.integers(18, 80)), str(chance.choice(["cook", "vet", "smith"]))
        made.append(
            {
                "id": f"p{number}",
                "age": None if number % 17 == 3 else age,
                "job": job,
                "member": str(chance.choice(["yes", "no"])),
                "since": f"20{chance.integers(10, 24)}-0{chance.integers(1, 10)}-1{chance.integers(0, 10)}",
                "height": float(chance.normal(170, 10)),
                "said": " ".join(chance.choice(["fine", "day", "rain", "sun", "today", "cold"], 7)),
                "label": "yes" if age > 50 or job == "cook" else "no",
            }
        )
    return made


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    folder = tmp_path_factory.mktemp("table")
    path = folder / "people.csv"
    pd.DataFrame(rows()).drop(columns="said").to_csv(path, index=False)
    return salience.fit(path, target="label", model=SMALL, train=FAST, explain=16, out=folder / "runs")


@pytest.fixture(scope="module")
def mixed(tmp_path_factory):
    out = tmp_path_factory.mktemp("mixed")
    return salience.fit(rows(), target="label", model={"width": 8}, train=FAST, explain=0, out=out)


def test_all_that_is_no_text_is_read_as_one_table(run):
    assert run.pipeline.inputs == ["table"]
    assert run.pipeline.columns == ["age", "job", "member", "since", "height"]
    config = (run.folder / "config.yaml").read_text()
    assert "age: numeric" in config
    assert "since: date" in config


def test_trees_and_a_linear_model_stand_beside_the_model(run):
    assert set(run.metrics["baselines"]) == {"majority class", "gradient-boosted trees", "linear model"}
    assert run.metrics["baselines"]["linear model"]["accuracy"]["value"] > 0.6


def test_importance_is_told_per_column_in_a_tidy_table(run):
    frame = pd.read_parquet(run.folder / "importance.parquet")
    assert list(frame.columns) == ["row", "column", "name", "text", "score", "prediction", "probability", "method"]
    assert set(frame["column"]) == {"age", "job", "member", "since", "height"}
    assert frame.groupby("row").score.sum().round(6).eq(1).all()


def test_the_report_draws_columns_and_their_mean_importance(run):
    page = (run.folder / "report.html").read_text()
    assert "Columns of the table" in page
    assert "row-columns" in page
    assert "from 5 columns with accuracy" in page
    assert "gradient-boosted trees" in page


def test_new_rows_may_lack_values_and_bring_unseen_ones(run):
    found = run.predict(
        [
            {"age": "61", "job": "king", "member": None, "since": "31.12.2030", "height": float("nan"), "more": [1]},
            {"age": None, "job": None, "member": "", "since": None, "height": None},
        ]
    )
    assert [unit.text for unit in found.units[0]] == ["61", "king", "", "31.12.2030", ""]
    assert all(isinstance(unit.place, Column) for unit in found.units[1])
    assert "row-columns" in found._repr_html_()


@pytest.mark.parametrize(
    ("change", "problem", "place"),
    [
        ({"age": "old"}, "expected a finite number, got 'old'", "the input, row 2, column 'age'"),
        ({"height": float("inf")}, "expected a finite number, got inf", "the input, row 2, column 'height'"),
        ({"since": "someday"}, "expected a date, got 'someday'", "the input, row 2, column 'since'"),
        ({"job": ["cook"]}, "expected one value, got", "the input, row 2, column 'job'"),
    ],
)
def test_a_cell_that_cannot_be_read_is_located(run, change, problem, place):
    row = rows(1)[0]
    with pytest.raises(DataError, match=problem) as caught:
        run.predict([row, {**row, **change}])
    assert caught.value.where == place


def test_a_missing_column_is_an_error_that_names_it(run):
    row = {name: cell for name, cell in rows(1)[0].items() if name != "height"}
    with pytest.raises(DataError, match="the column 'height' is missing"):
        run.predict([row])


def test_texts_and_a_table_are_read_together(mixed):
    assert mixed.pipeline.inputs == ["said", "table"]
    assert [type(each).__name__ for each in mixed.pipeline.model.encoders] == ["Convolution", "FeedForward"]
    (found,) = mixed.predict(rows(1, seed=5)).heats
    assert {type(heat.unit.place).__name__ for heat in found} == {"Span", "Column"}
    assert sum(heat.score for heat in found if isinstance(heat.unit.place, Column)) == pytest.approx(0.5)
    assert {"TF-IDF", "gradient-boosted trees"} <= set(mixed.metrics["baselines"])
    assert salience.load(mixed.folder).predict(rows(3)).prediction == mixed.predict(rows(3)).prediction


@pytest.mark.slow
def test_the_trust_report_judges_a_table(run, capsys):
    assert main(["trust", str(run.folder), "--rows", "9"]) == 0
    told = capsys.readouterr().out
    assert "T1" in told or "right" in told.lower()
    found = run.trust(count=9).to_dict()
    assert found["second_operators"] == {"table": "Table.blank"}


def test_rows_evaluate_and_compare(run, tmp_path):
    assert (
        0
        <= run.evaluate([{key: each[key] for key in each if key != "said"} for each in rows(31, seed=3)])[
            "accuracy"
        ].value
        <= 1
    )
    found = salience.compare(run, run, rows(31, seed=3), count=8)
    assert "0 % of the rows otherwise" in found.sentence or found.sentence


def test_a_regression_has_the_same_baselines(tmp_path):
    made = [
        {**{key: each[key] for key in ("age", "job", "height")}, "y": float(each["height"]) * 2 + n % 3 / 7}
        for n, each in enumerate(rows())
    ]
    run = salience.fit(made, target="y", model=SMALL, train=FAST, explain=0, out=tmp_path)
    assert run.metrics["baselines"]["linear model"]["r2"]["value"] > 0.9
    assert set(run.metrics["baselines"]) == {"mean", "gradient-boosted trees", "linear model"}


def test_the_features_of_the_baselines_by_hand():
    table = salience.data.modalities.Table({"age": "numeric", "job": "categorical"}, numbers="standard")
    train = [{"age": 1, "job": "a"}, {"age": 3, "job": "b"}, {"age": None, "job": "a"}, {"age": None, "job": "b"}]
    found = features([table.fit(train)], train, [{"age": 5, "job": "c", "other": 1}])
    np.testing.assert_allclose(found.seen, [[-1, 2], [1, 3], [np.nan, 2], [np.nan, 3]])
    np.testing.assert_allclose(found.unseen, [[3, 1]])
    assert found.names.tolist() == [False, True]


def test_several_labels_have_trees_and_a_linear_model_for_each():
    from salience.data.modalities import Table
    from salience.tasks import MultiLabel

    train = [{"age": n, "job": "ab"[n % 2]} for n in range(60)]
    targets = [tuple(label for label, has in (("old", n > 30), ("b", n % 2)) if has) for n in range(60)]
    task, table = MultiLabel().fit(targets), Table({"age": "numeric", "job": "categorical"}).fit(train)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found = baselines(train, targets, train[::3], targets[::3], task=task, draws=0, tables=[table])
    assert found["gradient-boosted trees"]["micro_f1"].value > 0.8
    assert found["linear model"]["micro_f1"].value > 0.8
