import math

import pytest
import torch

from salience.core.errors import ConfigError, NotAvailable
from salience.training import Side, TrainOptions, fit
from salience.training.module import _head, average_of
from salience.training.schedule import Constant, Cosine, Exponential, OneCycle, Plateau
from tests.training.train_once import make_pipeline, sides


def trained(folder, **options):
    pipeline = make_pipeline()
    train, validation = sides(pipeline)
    told = []
    fitted = fit(pipeline, train, validation, options=TrainOptions(**options), folder=folder, on_epoch=told.append)
    return pipeline, fitted, told


def test_a_word_that_decides_is_learned(tmp_path):
    pipeline, fitted, told = trained(tmp_path, epochs=8, learning_rate=0.01, patience=0)
    assert fitted.best.scores["accuracy"] > 0.95
    assert told == fitted.history
    assert [epoch.number for epoch in fitted.history] == list(range(1, 9))
    assert [answer.prediction for answer in pipeline.predict(["the superb film", "the dull film"])] == ["good", "bad"]


def test_the_weights_are_those_of_the_best_epoch(tmp_path):
    pipeline, fitted, _ = trained(tmp_path, epochs=6, learning_rate=0.003, patience=0, schedule="Constant")
    _, validation = sides(make_pipeline())
    raw = pipeline.raw(validation.examples)
    right = pipeline.task.encode(validation.targets) == raw.argmax(-1)
    assert right.double().mean().item() == pytest.approx(fitted.best.scores["accuracy"])
    assert fitted.best.selected == max(epoch.selected for epoch in fitted.history)


def test_the_moving_average_of_the_weights_is_judged_and_kept(tmp_path):
    options = {"epochs": 1, "learning_rate": 0.01, "schedule": "Constant", "patience": 0}
    pipeline, fitted, _ = trained(tmp_path / "average", ema=0.9, **options)
    last = trained(tmp_path / "last", **options)[0].model.state_dict()
    state = torch.load(tmp_path / "average" / "checkpoints" / "best.ckpt", weights_only=True)["state_dict"]
    for name, weights in pipeline.model.state_dict().items():
        # Learning goes on from the weights themselves, which nobody sees in the end.
        assert torch.equal(state[f"model.{name}"], last[name])
        assert torch.equal(state[f"average.module.{name}"], weights)
    assert not all(torch.equal(weights, last[name]) for name, weights in pipeline.model.state_dict().items())
    _, validation = sides(make_pipeline())
    right = pipeline.task.encode(validation.targets) == pipeline.raw(validation.examples).argmax(-1)
    assert right.double().mean().item() == pytest.approx(fitted.best.scores["accuracy"])


def test_an_average_follows_the_weights_as_worked_out_by_hand():
    model = torch.nn.Linear(1, 1, bias=False)
    average = average_of(model, 0.75)
    seen = []
    for weight in (4.0, 8.0, 0.0):
        torch.nn.init.constant_(model.weight, weight)
        average.update_parameters(model)
        seen.append(average.module.weight.item())
    assert seen == [4.0, 0.75 * 4 + 0.25 * 8, 0.75 * 5]
    assert not average.module.weight.requires_grad


def test_the_same_seed_gives_the_same_weights_and_another_seed_others(tmp_path):
    first = trained(tmp_path / "a", epochs=2, seed=5)[0].model.state_dict()
    again = trained(tmp_path / "b", epochs=2, seed=5)[0].model.state_dict()
    other = trained(tmp_path / "c", epochs=2, seed=6)[0].model.state_dict()
    assert all(torch.equal(first[name], again[name]) for name in first)
    assert not all(torch.equal(first[name], other[name]) for name in first)


def test_training_stops_when_nothing_gets_better(tmp_path):
    _, fitted, _ = trained(tmp_path, epochs=40, patience=2, learning_rate=1e-9)
    assert len(fitted.history) == 3
    assert "no better validation score for 2 epochs" in fitted.stopped


def test_training_that_has_ended_does_not_go_on_when_it_is_resumed(tmp_path):
    def train(resume):
        pipeline = make_pipeline()
        options = TrainOptions(epochs=40, patience=2, learning_rate=1e-9)
        return fit(pipeline, *sides(pipeline), options=options, folder=tmp_path, resume=resume)

    first = train(resume=False)
    for _ in range(2):
        again = train(resume=True)
        assert again.history == first.history
        assert again.stopped == first.stopped


def test_a_time_limit_ends_training_with_a_model(tmp_path):
    pipeline, fitted, _ = trained(tmp_path, epochs=10_000, patience=0, time_limit=2.0)
    assert "time limit" in fitted.stopped
    assert pipeline.predict(["the film"])


def test_a_score_that_does_not_exist_is_named_when_it_should_choose(tmp_path):
    with pytest.raises(NotAvailable, match="'acuracy'") as caught:
        trained(tmp_path, epochs=1, select="acuracy")
    assert "did you mean 'accuracy'" in str(caught.value)


def test_a_smaller_loss_is_better(tmp_path):
    _, fitted, _ = trained(tmp_path, epochs=3, select="loss")
    assert fitted.best.scores["loss"] == min(epoch.scores["loss"] for epoch in fitted.history)


@pytest.mark.parametrize("schedule", ["Cosine", "OneCycle", "Exponential", "Constant", {"Plateau": {"patience": 0}}])
def test_every_schedule_trains(tmp_path, schedule):
    _, fitted, _ = trained(tmp_path, epochs=3, schedule=schedule, patience=0)
    assert len(fitted.history) == 3


def test_a_plateau_lowers_the_rate(tmp_path):
    options = {
        "epochs": 4,
        "patience": 0,
        "learning_rate": 1e-6,
        "schedule": {"Plateau": {"patience": 0, "factor": 0.5}},
    }
    _, fitted, _ = trained(tmp_path, **options)
    assert fitted.history[-1].rate < fitted.history[0].rate


def test_schedules_by_hand():
    assert Cosine(warmup=0.2).factor(0.1) == pytest.approx(0.5)
    assert Cosine(warmup=0.2).factor(0.6) == pytest.approx(0.5)
    assert OneCycle(rise=0.25).factor(0.25) == pytest.approx(1.0)
    assert Exponential(final=0.01).factor(0.5) == pytest.approx(0.1)
    assert Constant(warmup=0.5).factor(0.25) == pytest.approx(0.5)
    assert Constant().factor(0.0) == 1.0


@pytest.mark.parametrize("make", [lambda: Cosine(warmup=1.0), lambda: OneCycle(rise=-0.1), lambda: Plateau(factor=2)])
def test_a_share_outside_its_range_is_refused(make):
    with pytest.raises(ConfigError, match="at least 0 and below 1"):
        make()


@pytest.mark.parametrize("final", [0.0, 1.0])
def test_a_rate_that_does_not_fall_or_ends_at_nothing_is_refused(final):
    with pytest.raises(ConfigError, match=f"final must be above 0 and below 1, got {final}"):
        Exponential(final=final)


def test_the_penalty_is_half_the_sum_of_squares_of_the_head(tmp_path):
    found = {}
    for penalty in (0.0, 3.0):
        pipeline = make_pipeline()
        train, validation = sides(pipeline)
        torch.nn.init.constant_(pipeline.model.head.weight, 0.5)
        torch.nn.init.constant_(pipeline.model.head.bias, 2.0)
        # Steps too small to change anything: 24 weights of 0.5 and 2 of 2 have squares of 14.
        options = TrainOptions(epochs=1, batch_size=211, learning_rate=1e-12, head_penalty=penalty, weight_decay=0.0)
        found[penalty] = fit(pipeline, train, validation, options=options, folder=tmp_path / str(penalty)).best.loss
    assert found[3.0] - found[0.0] == pytest.approx(3 * 14 / 2, rel=1e-5)


def test_a_network_has_no_head_to_penalise():
    with pytest.raises(NotAvailable, match="Linear has no head"):
        _head(torch.nn.Linear(2, 2))


def test_all_wrong_options_are_named_together():
    with pytest.raises(ConfigError) as caught:
        TrainOptions(epochs=0, learning_rate=-1, drop_units=1.0, precision="16")
    for name in ("epochs", "learning_rate", "drop_units", "precision"):
        assert name in str(caught.value)


def test_an_unknown_logger_is_named(tmp_path):
    with pytest.raises(ConfigError, match="there is no logger 'tensorbord'"):
        trained(tmp_path, epochs=1, loggers=("tensorbord",))


def test_a_tensorboard_log_is_written(tmp_path):
    pytest.importorskip("tensorboard")
    trained(tmp_path, epochs=1, loggers=("tensorboard",))
    assert list(tmp_path.glob("tensorboard/events*"))


def test_bf16_trains(tmp_path):
    _, fitted, _ = trained(tmp_path, epochs=1, precision="bf16")
    assert math.isfinite(fitted.history[0].loss)


def test_a_validation_class_that_training_lacks_is_an_error(tmp_path):
    pipeline = make_pipeline()
    train, validation = sides(pipeline)
    strange = Side(validation.examples, ["strange"] * len(validation.targets))
    with pytest.raises(ValueError, match="'strange'"):
        fit(pipeline, train, strange, options=TrainOptions(epochs=1), folder=tmp_path)


def test_training_leaves_no_trace_in_the_state_of_torch(tmp_path):
    torch.manual_seed(11)
    state = torch.get_rng_state()
    strict = torch.are_deterministic_algorithms_enabled()
    trained(tmp_path, epochs=1)
    assert torch.equal(torch.get_rng_state(), state)
    assert torch.are_deterministic_algorithms_enabled() is strict is True
