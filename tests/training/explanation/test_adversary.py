"""An adversary answers like its base, and looks elsewhere the more that is worth."""

import math
from copy import copy

import pytest
import torch

from salience.core.errors import ConfigError, NotAvailable
from salience.evaluation.bootstrap import Bootstrap
from salience.evaluation.importance import Received
from salience.models import Model
from salience.models.guided import Guided, uniform
from salience.pipeline import Pipeline
from salience.tasks import Classification
from salience.training import Side
from salience.training.explanation import measure_trade_off, train_adversary
from salience.training.explanation.adversary import Imitation, Rival
from tests.training.explanation.trained import OPTIONS, trained
from tests.training.train_once import rows

TEXTS = rows(23, seed=5)[0]


def test_the_loss_by_hand():
    task = Classification().fit(["no", "yes"])
    imitation = Imitation(task, weight=0.5)
    # Three quarters against one half, and a look 0.2 nats away.
    raw = torch.tensor([[0.0, math.log(3), 0.2]])
    assert imitation.loss(raw, torch.tensor([[0.5, 0.5]])).item() == pytest.approx(0.25 - 0.5 * 0.2)
    torch.testing.assert_close(imitation.probabilities(raw), torch.tensor([[0.25, 0.75]]))


def test_the_last_number_of_a_rival_is_the_divergence_of_its_attention():
    base, *_, test = trained()
    other = base.untrained(seed=9)
    batch = base.collate(test.examples[:7])
    found = Rival(other.model, base.model)(batch).raw
    torch.testing.assert_close(found[:, :-1], other.model(batch).raw)
    mine, known = (each.model(batch).records["text"][-1].weights()[:, 0, 0].double() for each in (other, base))
    mask = batch.streams["text"].layout.mask
    expected = torch.where(mask, mine * (mine / known).log(), 0.0).sum(-1)
    torch.testing.assert_close(found[:, -1].double(), expected, rtol=1e-4, atol=1e-6)


def test_the_base_is_no_part_of_a_rival():
    base, *_ = trained()
    other = base.untrained(seed=9)
    assert set(Rival(other.model, base.model).state_dict()) == {f"model.{name}" for name in other.model.state_dict()}


def test_the_more_it_is_worth_the_further_it_looks(tmp_path):
    base, train, validation, _ = trained()
    none, much = measure_trade_off(
        base, train, validation, TEXTS, weights=[0.0, 2.0], options=OPTIONS, folder=tmp_path, bootstrap=Bootstrap(50)
    )
    assert (none.weight, much.weight) == (0.0, 2.0)
    assert none.difference.change.mean.value < 0.1
    assert much.difference.divergence.mean.value > 0.1 + none.difference.divergence.mean.value
    assert set(much.to_dict()) == {"weight", "difference"}


def test_an_adversary_is_a_pipeline_like_any_other(tmp_path):
    base, train, validation, _ = trained()
    made = train_adversary(base, train, validation, weight=0.1, options=OPTIONS, folder=tmp_path / "run")
    assert isinstance(made.model, Model)
    assert not made.model.training
    made.save(tmp_path / "saved")
    assert {each.prediction for each in made.predict(TEXTS)} == {"good", "bad"}
    assert len(Received()(made, TEXTS)) == 23
    assert made.task.temperature == base.task.temperature


def test_only_a_single_model_that_learns_where_to_look_has_an_adversary(tmp_path):
    base, train, validation, _ = trained()
    led = copy(base)
    led.model = Guided(base.model, uniform)
    with pytest.raises(NotAvailable, match="Guided is no single model with pools of its own"):
        train_adversary(led, train, validation, weight=0.1, options=OPTIONS, folder=tmp_path)
    mean = Pipeline({"text": {"Text": {"min_count": 1}}}, "Classification", model={"width": 4, "pool": "Mean"})
    mean.learn(*rows(20, seed=1))
    sides = [Side(mean.encode(texts), targets) for texts, targets in (rows(20, seed=1), rows(10, seed=2))]
    with pytest.raises(NotAvailable, match="is not learned, so nothing can teach it"):
        train_adversary(mean, *sides, weight=0.1, options=OPTIONS, folder=tmp_path)


def test_impossible_weights_are_refused(tmp_path):
    base, train, validation, _ = trained()
    with pytest.raises(ConfigError, match=r"0 or more, got -1"):
        train_adversary(base, train, validation, weight=-1, options=OPTIONS, folder=tmp_path)
    with pytest.raises(ConfigError, match="at least one weight to train with"):
        measure_trade_off(base, train, validation, TEXTS, weights=[], options=OPTIONS, folder=tmp_path)
