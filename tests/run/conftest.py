"""Small real runs, made once: one with everything, and one of each other kind of data without its figures."""

import dataclasses

import pandas as pd
import pytest

import salience
from salience.data.synthetic import POSITIVE, planted_chinese, planted_regression, planted_sentiment
from salience.reports import page
from salience.run import Run, publish

MODEL = {"width": 12, "encoder": "Identity", "dropout": 0.2}
TRAIN = {"epochs": 8, "learning_rate": 0.03, "batch_size": 16, "patience": 0}


@dataclasses.dataclass(frozen=True)
class Made:
    """A run with the table that it was made from."""

    run: Run
    frame: pd.DataFrame
    inputs: tuple[str, ...]
    target: str


@pytest.fixture(scope="session")
def sentiment(tmp_path_factory):
    """A run from a CSV file, with every file that a run leaves."""
    frame = planted_sentiment(rows=271, seed=3)
    data = tmp_path_factory.mktemp("data") / "reviews.csv"
    frame[["text", "label"]].to_csv(data, index=False)
    out = tmp_path_factory.mktemp("out")
    run = salience.fit(data, target="label", model=MODEL, train=TRAIN, explain=19, out=out)
    return Made(run, frame, ("text",), "label")


@pytest.fixture(scope="session")
def without_figures():
    """Drawing figures takes most of the time of a small run; the page is written all the same."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(publish, "draw", lambda made, folder: page.write(made, folder.report))
        yield


def _regression():
    return planted_regression(rows=131, seed=1), ("text",), "score"


def _two_columns():
    chinese, english = planted_chinese(rows=131, seed=1), planted_sentiment(rows=131, seed=2)
    return chinese.assign(title=english["text"]).rename(columns={"text": "正文"}), ("title", "正文"), "label"


def _multi_label():
    frame = planted_sentiment(rows=131, seed=4)
    labels = [
        [
            name
            for name, words in (("praise", POSITIVE[:4]), ("joy", POSITIVE[4:]))
            if any(each in text for each in words)
        ]
        for text in frame["text"]
    ]
    return frame.assign(labels=labels), ("text",), "labels"


KINDS = {"regression": _regression, "two columns": _two_columns, "multi-label": _multi_label}


@pytest.fixture(scope="session", params=["sentiment", *KINDS])
def made(request, tmp_path_factory):
    """A run of each kind."""
    if request.param == "sentiment":
        return request.getfixturevalue("sentiment")
    request.getfixturevalue("without_figures")
    frame, inputs, target = KINDS[request.param]()
    out = tmp_path_factory.mktemp("out")
    train = {**TRAIN, "epochs": 2}
    run = salience.fit(frame, target=target, inputs=inputs, model=MODEL, train=train, explain=0, out=out)
    return Made(run, frame, inputs, target)
