"""The trust report of a run: on its own rows, on others, and in its page."""

import json

import pandas as pd
import pytest
from markupsafe import escape

import salience
from salience.core.errors import ConfigError, DataError
from salience.reports import content as show
from salience.reports import page, stored, terminal
from salience.run.folder import RunFolder
from salience.run.publish import read_content
from salience.run.trust import to_json, trust
from salience.run.trust_content import TITLES
from salience.run.trust_content import trust as shown_trust
from tests.run.conftest import MODEL, TRAIN


@pytest.fixture(scope="module")
def found(sentiment):
    return sentiment.run.trust(count=12)


def test_a_run_is_measured_on_its_own_test_rows(sentiment, found):
    folder = RunFolder(sentiment.run.folder)
    rows = len(pd.read_csv(folder.path / "predictions.csv"))
    assert found.num_rows == min(12, rows)
    assert found.seed == 0
    assert trust(folder, sentiment.run.pipeline, count=12).to_dict() == found.to_dict()


def test_other_rows_and_groups_may_be_given(sentiment):
    frame = sentiment.frame[["text", "label"]].head(30).assign(day=[f"day {i // 6}" for i in range(30)])
    other = sentiment.run.trust(frame, count=12, seed=7, group="day")
    assert (other.num_rows, other.seed) == (12, 7)
    assert other.num_groups <= 5
    with pytest.raises(DataError, match="there is no column 'dya'"):
        sentiment.run.trust(frame, count=12, group="dya")


def test_what_is_kept_names_the_versions(found):
    loaded = json.loads(json.dumps(to_json(found), allow_nan=False))
    assert {"salience", "torch", "python"} <= set(loaded["environment"])


def test_rows_that_were_given_in_python_have_to_be_given_again(sentiment, tmp_path):
    frame = sentiment.frame[["text", "label"]].head(60)
    run = salience.fit(frame, target="label", model=MODEL, train={**TRAIN, "epochs": 1}, explain=0, out=tmp_path)
    with pytest.raises(ConfigError, match="the run was made from rows in Python"):
        run.trust()


def test_data_that_changed_are_refused(sentiment, tmp_path):
    data = tmp_path / "reviews.csv"
    frame = sentiment.frame[["text", "label"]].head(60)
    frame.to_csv(data, index=False)
    run = salience.fit(data, target="label", model=MODEL, train={**TRAIN, "epochs": 1}, explain=0, out=tmp_path)
    frame.tail(50).to_csv(data, index=False)
    with pytest.raises(ConfigError, match="the data has changed since the run began"):
        run.trust()


def test_page_and_terminal_show_every_test(sentiment, found):
    import dataclasses

    shown = shown_trust(found)
    assert [test.title for test in shown.tests] == [TITLES[each.name] for each in found.outcomes]
    made = dataclasses.replace(read_content(RunFolder(sentiment.run.folder)), trust=shown)
    assert stored.from_json(json.loads(json.dumps(stored.to_json(made)))) == made
    html, text = page.html(made), terminal.trust_block(shown).plain
    assert 'href="#trust"' in html
    assert text.startswith(found.sentence)
    for test in shown.tests:
        assert test.title in text
        assert str(escape(test.question)) in html


def test_a_page_without_the_report_has_no_such_section(sentiment):
    assert 'id="trust"' not in page.html(read_content(RunFolder(sentiment.run.folder)))


def test_shares_are_shown_as_a_table(sentiment, found):
    shown = shown_trust(found)
    honest = next(test for test in shown.tests if test.title == "Honest numbers")
    assert isinstance(honest.shares[0], show.ShareBin)
    assert sum(each.count for each in honest.shares) > 100
