"""A pipeline of several models is saved, loaded, copied and asked like any other."""

import json
from pathlib import Path

import pytest
import torch

from salience import tasks
from salience.core.errors import ConfigError, ModelFolderError, NotAvailable
from salience.model_folder import DESCRIPTION
from salience.pipeline import Pipeline
from tests.test_model_folder import describe, refused

TEXTS = ["good film", "bad plot", "good good plot", "bad"]
ROWS = [{"text": each} for each in TEXTS]


def make(*, seeds, task="Classification", targets=("yes", "no", "yes", "no")):
    made = Pipeline({"text": {"Text": {"min_count": 1}}}, task, model={"width": 7, "encoder": "Identity"})
    made.learn(ROWS, list(targets), seed=2, seeds=seeds)
    for number, each in enumerate((*made.members, made), start=1):
        if hasattr(each.task, "temperature"):
            each.task.temperature = 0.5 * number
    return made


@pytest.fixture
def folder(tmp_path):
    return make(seeds=3).save(tmp_path / "model")


@pytest.mark.parametrize(
    ("task", "targets"),
    [
        ("Classification", ("yes", "no", "yes", "no")),
        ("MultiLabel", (("a",), ("a", "b"), (), ("b",))),
        ("Regression", (1.0, 2.0, 4.0, -1.0)),
    ],
)
def test_an_ensemble_comes_back_as_it_was_saved(tmp_path, task, targets):
    made = make(seeds=3, task=task, targets=targets)
    loaded = Pipeline.load(made.save(tmp_path / "model"))
    assert loaded.predict(TEXTS) == made.predict(TEXTS)
    assert len(loaded.members) == 3
    for one, other in zip(loaded.members, made.members, strict=True):
        assert one.predict(TEXTS) == other.predict(TEXTS)
    assert Pipeline.load(loaded.save(tmp_path / "again")).predict(TEXTS) == made.predict(TEXTS)


def test_a_single_model_is_written_as_ever(tmp_path):
    made = make(seeds=1)
    description = json.loads((made.save(tmp_path / "model") / DESCRIPTION).read_text(encoding="utf-8"))
    assert made.members == ()
    assert description["format"] == 1
    assert "members" not in description
    assert Pipeline.load(tmp_path / "model").members == ()


def test_an_ensemble_is_written_in_a_format_that_older_versions_refuse(folder):
    assert json.loads((folder / DESCRIPTION).read_text(encoding="utf-8"))["format"] == 2


@pytest.mark.parametrize(
    ("change", "match"),
    [
        (lambda d: d.update(format=1), "expected format 2, got 1"),
        (lambda d: d.pop("members") and None, "expected format 1, got 2"),
        (lambda d: d.update(members=[]), "expected a list of two members or more"),
        (lambda d: d.update(members=d["members"][:1]), "expected a list of two members or more"),
        (lambda d: d.update(members=d["members"] * 10**5), "expected a list of two members or more"),
        (lambda d: d.update(members="abc"), "expected a list of two members or more"),
        (lambda d: d.update(members=d["members"][:2]), "the weights are of another model"),
        (lambda d: d.update(members=[*d["members"], d["members"][0]]), "the weights are of another model"),
        (lambda d: d["members"][1].pop("task") and None, "KeyError: 'task'"),
        (lambda d: d.update(members=[1, 2, 3]), "TypeError"),
    ],
)
def test_a_description_of_other_members_is_explained(folder, change, match):
    describe(folder, change)
    assert isinstance(refused(folder, match), ModelFolderError)


def test_members_share_modalities_and_have_tasks_of_their_own():
    made = make(seeds=2)
    assert made.members[0].modalities is made.modalities
    assert [each.task.temperature for each in made.members] == [0.5, 1.0]
    assert [each.members for each in made.members] == [(), ()]


def test_an_untrained_ensemble_has_as_many_members_and_other_weights():
    made = make(seeds=2)
    before = made.predict(TEXTS)
    untrained = made.untrained(seed=9)
    assert len(untrained.members) == 2
    assert not torch.equal(untrained.raw(untrained.encode(TEXTS)), made.raw(made.encode(TEXTS)))
    assert made.predict(TEXTS) == before


@pytest.mark.parametrize("seeds", [0, -1])
def test_at_least_one_seed_is_needed(seeds):
    with pytest.raises(ConfigError, match=f"trained with at least one seed, got {seeds}"):
        make(seeds=seeds)


def test_a_task_that_cannot_average_says_so(monkeypatch):
    monkeypatch.delattr(tasks.Classification, "average")
    with pytest.raises(NotAvailable, match="Classification cannot average the answers of several models"):
        make(seeds=2)
    assert make(seeds=1).predict(TEXTS[:1])[0].prediction in ("yes", "no")


def test_a_folder_that_was_written_before_there_were_members_still_loads():
    """The folder and the probability are those of the version before."""
    (answer,) = Pipeline.load(Path(__file__).with_name("model_of_format_1")).predict(["good film"])
    assert (answer.prediction, answer.probability) == ("no", pytest.approx(0.7676383852958679, rel=1e-6))
