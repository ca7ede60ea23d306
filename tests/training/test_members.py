"""Members are trained one after another, each as if it were alone, and a killed run goes on with the one it was at."""

import pytest
import torch

from salience.core.errors import ConfigError
from salience.training import TrainOptions, fit, fit_members
from salience.training.members import options_of_members
from tests.training.train_once import make_pipeline, rows

OPTIONS = TrainOptions(epochs=2, seed=3, learning_rate=0.02, patience=0)


def sides(pipeline, *, seed=3, seeds=1):
    from salience.training import Side

    parts = [rows(61, seed=1), rows(29, seed=2)]
    pipeline.learn(*parts[0], seed=seed, seeds=seeds)
    return [Side(pipeline.encode(texts), targets) for texts, targets in parts]


def weights(pipeline):
    return {name: each.clone() for name, each in pipeline.model.state_dict().items()}


def same(one, other):
    return one.keys() == other.keys() and all(torch.equal(one[name], other[name]) for name in one)


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    pipeline = make_pipeline()
    parts = sides(pipeline, seeds=3)
    folder = tmp_path_factory.mktemp("three")
    fitted = fit_members(pipeline, *parts, options=OPTIONS, folder=folder)
    return pipeline, parts, fitted, folder


def test_each_member_is_the_model_that_its_seed_alone_would_give(trained, tmp_path):
    pipeline, _, fitted, _ = trained
    alone = make_pipeline()
    parts = sides(alone, seed=5)
    told = fit(alone, *parts, options=TrainOptions(**{**vars(OPTIONS), "seed": 5}), folder=tmp_path)
    assert same(weights(pipeline.members[2]), weights(alone))
    assert fitted[2].best.scores == told.best.scores
    assert pipeline.members[2].task.temperature == alone.task.temperature
    assert not same(weights(pipeline.members[1]), weights(alone))


def test_a_pipeline_without_members_is_trained_as_ever(tmp_path):
    one, other = make_pipeline(), make_pipeline()
    (told,) = fit_members(one, *sides(one), options=OPTIONS, folder=tmp_path / "one")
    assert told.best.scores == fit(other, *sides(other), options=OPTIONS, folder=tmp_path / "other").best.scores
    assert same(weights(one), weights(other))
    assert [each.name for each in (tmp_path / "one").iterdir()] == ["checkpoints"]


def test_probabilities_are_averaged_and_then_calibrated_on_the_validation_rows(trained):
    pipeline, (_, validation), _, _ = trained
    raw = pipeline.raw(validation.examples)
    alone = [member.raw(validation.examples).softmax(-1) for member in pipeline.members]
    torch.testing.assert_close(raw.softmax(-1), (alone[0] + alone[1] + alone[2]) / 3)
    # No other temperature has a smaller loss on these rows.
    target = pipeline.task.encode(validation.targets)
    losses = [
        torch.nn.functional.cross_entropy(raw.double() / (pipeline.task.temperature * f), target) for f in (0.9, 1, 1.1)
    ]
    assert losses[1] == min(losses)


def test_members_share_what_was_learned_from_the_rows(trained):
    pipeline = trained[0]
    assert all(member.modalities is pipeline.modalities for member in pipeline.members)
    assert all(member.task.labels == pipeline.task.labels for member in pipeline.members)


def test_a_run_that_was_stopped_goes_on_with_the_member_it_was_at(trained, tmp_path):
    begun, seen = [], []

    def stop(epoch):
        seen.append(epoch.number)
        if len(seen) == 4:
            # In the last epoch of the second member, before its checkpoint is written.
            raise KeyboardInterrupt

    pipeline = make_pipeline()
    parts = sides(pipeline, seeds=3)
    with pytest.raises(KeyboardInterrupt):
        fit_members(pipeline, *parts, options=OPTIONS, folder=tmp_path, on_epoch=stop)
    assert not (tmp_path / "members" / "3").exists()

    again = make_pipeline()
    parts = sides(again, seeds=3)
    seen.clear()
    fitted = fit_members(
        again,
        *parts,
        options=OPTIONS,
        folder=tmp_path,
        resume=True,
        on_member=lambda number, own: begun.append((number, own.seed)),
        on_epoch=lambda epoch: seen.append((begun[-1][0], epoch.number)),
    )
    assert begun == [(1, 3), (2, 4), (3, 5)]
    assert seen == [(2, 2), (3, 1), (3, 2)]
    assert [len(each.history) for each in fitted] == [2, 2, 2]
    assert same(weights(again), weights(trained[0]))
    assert again.task.state() == trained[0].task.state()


def test_seeds_follow_each_other_and_time_is_divided():
    every = options_of_members(TrainOptions(seed=7, time_limit=60.0), 4)
    assert [each.seed for each in every] == [7, 8, 9, 10]
    assert [each.time_limit for each in every] == [15.0] * 4
    assert options_of_members(TrainOptions(), 2)[0].time_limit is None


def test_a_seed_that_is_too_large_for_the_last_member_is_refused():
    with pytest.raises(ConfigError, match="seed must be at least 0 and below"):
        options_of_members(TrainOptions(seed=2**32 - 2), 3)
