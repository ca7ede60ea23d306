"""Training that starts from a finished run."""

import pandas as pd
import pytest
import torch

import salience
from salience.core.errors import ConfigError, DataError, ModelFolderError
from salience.data.synthetic import planted_sentiment

STILL = {"epochs": 1, "learning_rate": 1e-12}
OPTIONS = {"explain": 0}


@pytest.fixture(scope="module")
def frame():
    return planted_sentiment(rows=131, seed=3)[["text", "label"]]


@pytest.fixture(scope="module")
def first(frame, tmp_path_factory, without_figures):
    model = {"width": 7, "encoder": "Identity"}
    out = tmp_path_factory.mktemp("first")
    train = {"epochs": 4, "learning_rate": 0.03}
    task = {"Classification": {"balanced": True}}
    return salience.fit(frame, target="label", task=task, model=model, train=train, out=out, **OPTIONS)


def weights(run):
    return torch.cat([each.flatten() for each in run.pipeline.model.state_dict().values()])


def test_a_step_of_no_length_leaves_the_weights_of_the_run_it_starts_from(first, frame, tmp_path):
    again = salience.fit(frame, start=first.folder, train=STILL, out=tmp_path, **OPTIONS)
    torch.testing.assert_close(weights(again), weights(first))
    assert again.pipeline.config["task"] == {"Classification": {"balanced": True}}
    assert "started from" in (again.folder / "report.html").read_text(encoding="utf-8")


def test_more_epochs_go_on_from_there(first, frame, tmp_path):
    train = {"epochs": 2, "learning_rate": 0.01, "adversarial": {"epsilon": 0.1}}
    again = salience.fit(frame, start=first.folder, train=train, out=tmp_path, **OPTIONS)
    before, after = (pd.read_csv(run.folder / "history.csv")["loss"] for run in (first, again))
    assert after[0] < before[0]
    assert not torch.equal(weights(again), weights(first))


def test_other_rows_are_read_with_the_words_and_labels_of_the_run(first, tmp_path):
    rows = [{"text": f"unheard word{n} of dunes", "label": ("positive", "negative")[n % 2]} for n in range(60)]
    again = salience.fit(rows, start=first.folder, train=STILL, out=tmp_path, **OPTIONS)
    assert again.pipeline.task.labels == first.pipeline.task.labels
    torch.testing.assert_close(weights(again), weights(first))


def test_a_label_that_the_run_does_not_know_is_named(first, tmp_path):
    rows = [{"text": f"text {n} here", "label": ("positive", "mixed")[n % 2]} for n in range(40)]
    with pytest.raises(DataError, match="'mixed'"):
        salience.fit(rows, start=first.folder, train=STILL, out=tmp_path, **OPTIONS)


@pytest.mark.parametrize("given", [{"model": {"width": 9}}, {"task": "Classification"}, {"inputs": ["text"]}])
def test_what_the_run_decides_cannot_be_another(first, frame, tmp_path, given):
    with pytest.raises(ConfigError, match="of the run it starts from"):
        salience.fit(frame, start=first.folder, out=tmp_path, **given)


def test_several_models_do_not_start_from_one(first, frame, tmp_path):
    with pytest.raises(ConfigError, match="holds 1 model, and seeds is 2"):
        salience.fit(frame, start=first.folder, seeds=2, out=tmp_path)


def test_a_folder_that_is_no_run_is_refused(frame, tmp_path):
    with pytest.raises(ModelFolderError, match="folder of a run"):
        salience.fit(frame, start=tmp_path, out=tmp_path)
