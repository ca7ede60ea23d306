import pytest
import torch

from salience.core.errors import ConfigError
from salience.evaluation.bootstrap import Bootstrap
from salience.models.guided import Guided, follow, uniform
from salience.training.explanation import compare_guides, reading_words_alone, train_guided
from tests.training.explanation.trained import OPTIONS, trained


def test_a_model_learns_under_a_guide_and_the_first_one_stays_as_it_was(tmp_path):
    base, train, validation, test = trained()
    before = {name: each.clone() for name, each in base.model.state_dict().items()}
    made = train_guided(base, uniform, train, validation, options=OPTIONS, folder=tmp_path)
    assert isinstance(made.model, Guided)
    right = made.task.encode(test.targets) == made.raw(test.examples).argmax(-1)
    assert right.double().mean() > 0.9
    assert all(torch.equal(each, before[name]) for name, each in base.model.state_dict().items())
    assert made.task is not base.task


def test_guides_are_compared_with_the_first_on_the_same_rows(tmp_path):
    base, train, validation, test = trained()
    guides = {"last": last, "uniform": uniform, "base": follow(base.model), "learned": None}
    found = compare_guides(
        reading_words_alone(base),
        guides,
        train,
        validation,
        test,
        options=OPTIONS,
        folder=tmp_path,
        bootstrap=Bootstrap(200),
    )
    assert (found.reference, found.num_rows, list(found.changes)) == ("last", 61, ["uniform", "base", "learned"])
    # Whoever sees the last word alone cannot tell, and the word that decides is there for all others.
    assert {name: each["accuracy"].verdict for name, each in found.changes.items()} == dict.fromkeys(
        found.changes, "better"
    )
    assert found.to_dict()["changes"]["base"]["accuracy"]["first"]["value"] < 0.8


def last(batch, layouts):
    """All the weight on the last position."""
    return [(torch.arange(each.size) == each.lengths[:, None] - 1).float()[:, None] for each in layouts]


def test_words_are_read_alone_with_everything_else_as_it_was():
    base, *_ = trained("Recurrent")
    alone = reading_words_alone(base)
    assert type(alone.model.encoders[0]).__name__ == "FeedForward"
    assert type(base.model.encoders[0]).__name__ == "Recurrent"
    assert base.config["model"]["encoder"] == "Recurrent"
    assert alone.modalities is base.modalities


def test_there_must_be_something_to_compare(tmp_path):
    base, *sides = trained()
    with pytest.raises(ConfigError, match="at least two guides to compare, got 1"):
        compare_guides(base, {"uniform": uniform}, *sides, options=OPTIONS, folder=tmp_path)
