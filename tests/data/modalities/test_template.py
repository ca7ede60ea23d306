"""The template of a modality: a filled-in copy keeps the whole contract."""

import doctest

import pytest

from salience.core import build
from salience.data import modalities
from salience.data.modality import Modality
from salience.pipeline import Pipeline
from tests.data.modalities import template, test_contract
from tests.data.modalities.cases import Case

# The contract, over the fixtures below; only what counts the rows of the table stays behind.
globals().update(
    {
        name: each
        for name, each in vars(test_contract).items()
        if name.startswith("test_") and name != "test_every_kind_has_a_row"
    }
)


@pytest.fixture(scope="module")
def case() -> Case:
    return template.filled_in()


@pytest.fixture(scope="module")
def modality(case: Case) -> Modality:
    return case.make().fit(case.training)


def test_nothing_is_left_to_fill_in():
    assert "fill" not in template.text().split('"""', 2)[2].lower()


def test_the_example_of_a_filled_in_copy_runs():
    result = doctest.testmod(template.load())
    assert (result.attempted, result.failed) == (3, 0)


def test_one_export_line_makes_it_known_by_its_name(monkeypatch: pytest.MonkeyPatch):
    made = template.load().Codes
    monkeypatch.setattr(modalities, "Codes", made, raising=False)
    monkeypatch.setattr(modalities, "__all__", [*modalities.__all__, "Codes"])
    assert isinstance(build.build("codes", modalities), made)
    pipeline = Pipeline({"basket": "Codes"}, "Classification", model={"width": 7})
    pipeline.learn([{"basket": "A12; b7"}, {"basket": "C3"}], ["often", "once"])
    (answer,) = pipeline.predict([{"basket": "b7; zz"}])
    assert answer.prediction in ("often", "once")
