"""Train the members of an ensemble one after another, on the same rows, each with a seed of its own."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from salience.pipeline import Pipeline
from salience.training.fit import Fitted, fit
from salience.training.module import Epoch, Side
from salience.training.options import TrainOptions

#: Where the members lie in the folder of a run, by their number.
MEMBERS = "members"


def fit_members(
    pipeline: Pipeline,
    train: Side,
    validation: Side,
    *,
    options: TrainOptions,
    folder: Path,
    resume: bool = False,
    on_member: Callable[[int, TrainOptions], None] | None = None,
    on_epoch: Callable[[Epoch], None] | None = None,
) -> list[Fitted]:
    """Train every member in place, as `fit` trains a single model, and then calibrate what they say together.

    The seeds are that of `options` and those after it; the time limit is divided equally. With `resume` members that
    are done are read, the one that was interrupted goes on from its last whole epoch, and the others follow. A pipeline
    without members is trained by `fit` alone.

    Args:
        on_member: told the number of each member, counted from 1, and its options, before it is trained.

    Raises:
        ConfigError: the seed of the last member is too large.
        NotAvailable: a logger or a precision that this machine cannot give.
        ModelFolderError: a checkpoint is damaged, or of another run.
    """
    if not pipeline.members:
        return [fit(pipeline, train, validation, options=options, folder=folder, resume=resume, on_epoch=on_epoch)]
    every = options_of_members(options, len(pipeline.members))
    fitted = []
    for number, (member, own) in enumerate(zip(pipeline.members, every, strict=True), start=1):
        if on_member:
            on_member(number, own)
        place = folder / MEMBERS / str(number)
        place.mkdir(parents=True, exist_ok=True)
        fitted.append(fit(member, train, validation, options=own, folder=place, resume=resume, on_epoch=on_epoch))
    task = pipeline.task
    task.calibrate(pipeline.raw(validation.examples), task.encode(validation.targets))
    pipeline.model.eval()
    return fitted


def options_of_members(options: TrainOptions, count: int) -> list[TrainOptions]:
    """The options of each member: seeds that follow each other, and equal shares of the time."""
    limit = options.time_limit and options.time_limit / count
    return [replace(options, seed=options.seed + number, time_limit=limit) for number in range(count)]
