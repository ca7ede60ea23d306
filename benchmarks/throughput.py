"""Training speed: our loop beside a bare PyTorch loop, and batches of similar length beside padding to the maximum.

Data: 1,280 IMDB training reviews. Model and options: those of the accuracy benchmark.

Protocol: one pass over the rows per turn, 5 turns each; a turn is timed from its first step to the end of its last.
Both loops step a fresh copy of one model over the same prepared batches, with the same loss, clipping, fused AdamW and
schedule; ours is the Lightning loop of `training.fit` with its callbacks. For padding, the bare loop runs over the same
rows in the same batches, padded to the longest of each as the loader does, or all to the most words that the model
reads. The bars are for CPU time.
"""

from __future__ import annotations

import copy
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import torch
from lightning.pytorch import Callback
from torch.nn.functional import pad
from torch.nn.utils import clip_grad_norm_

from benchmarks.measure import Time, in_turns, ratio, stopwatch, timed, write
from benchmarks.reviews import reviews, untrained
from benchmarks.text_accuracy import SETTINGS
from salience.core.batch import Batch, Layout, Stream
from salience.data.loader import Loader
from salience.pipeline import Pipeline
from salience.training import Side, TrainOptions
from salience.training.fit import _trainer, quiet
from salience.training.module import Training
from salience.training.schedule import Cosine

ROWS, ROUNDS = 1280, 5
LONGEST = SETTINGS["imdb"]["inputs"]["text"]["Text"]["max_tokens"]
OPTIONS = TrainOptions(**{**SETTINGS["imdb"]["train"], "epochs": 1})


@dataclass(frozen=True)
class Batches:
    """A loader whose batches are there already; Lightning would take a list for several loaders."""

    made: Sequence[Batch]

    def __len__(self) -> int:
        return len(self.made)

    def __iter__(self) -> Iterator[Batch]:
        return iter(self.made)


class Prepared(Training):
    """Our training over batches that are there already."""

    batches = Batches(())

    def train_dataloader(self) -> Batches:  # type: ignore[override]
        return self.batches

    def on_train_epoch_end(self) -> None:
        """Validation is no part of a step; the callbacks only need some score."""
        self.log("validation", 0.0)


class Stopwatch(Callback):
    """Times the steps of an epoch, without what comes before and after them."""

    def on_train_epoch_start(self, *_: object) -> None:
        self._stop = stopwatch()

    def on_train_epoch_end(self, *_: object) -> None:
        self.time = self._stop()


def ours(pipeline: Pipeline, side: Side, batches: Sequence[Batch]) -> Time:
    """The steps as `training.fit` makes them."""
    training = Prepared(_copy(pipeline), side, side, OPTIONS)
    training.batches = Batches(batches)
    watch = Stopwatch()
    with tempfile.TemporaryDirectory() as folder, quiet():
        trainer = _trainer(OPTIONS, Path(folder))
        # What is written after the last step is not measured, and would only keep the disk busy.
        trainer.save_checkpoint = lambda *_, **__: None
        trainer.callbacks.append(watch)
        trainer.fit(training)
    return watch.time


def bare(pipeline: Pipeline, batches: Sequence[Batch]) -> Time:
    """The same steps, written out."""
    model, loss = _copy(pipeline).model.train(), pipeline.task.loss
    optimizer = torch.optim.AdamW(
        model.parameters(), lr=OPTIONS.learning_rate, weight_decay=OPTIONS.weight_decay, fused=True
    )
    scheduler = Cosine().over(optimizer, len(batches))["scheduler"]

    def steps() -> None:
        for batch in batches:
            optimizer.zero_grad()
            loss(model(batch).raw, batch.target).backward()
            clip_grad_norm_(model.parameters(), OPTIONS.clip)
            optimizer.step()
            scheduler.step()

    return timed(steps)


def widened(batch: Batch, padding: int) -> Batch:
    """The same batch, padded to the most words a row can have."""
    (column, stream), *_ = batch.streams.items()
    more, layout = (0, LONGEST - stream.layout.size), stream.layout
    assert layout.groups is not None
    wide = Layout(layout.lengths, LONGEST, pad(layout.groups, more, value=-1))
    return replace(batch, streams={column: Stream(pad(stream.values, more, value=padding), wide)})


def main() -> None:
    texts, labels = reviews(ROWS)
    pipeline = untrained(texts, labels)
    side = Side(pipeline.encode(texts), labels)
    target = pipeline.task.encode(labels)
    batches = list(Loader(side.examples, pipeline.modalities, target, batch_size=OPTIONS.batch_size, shuffle=True))
    wide = [widened(batch, padding=0) for batch in batches]
    works: dict[str, Callable[[], Time]] = {
        "bare": lambda: bare(pipeline, batches),
        "ours": lambda: ours(pipeline, side, batches),
        "wide": lambda: bare(pipeline, wide),
    }
    times = in_turns(works, rounds=ROUNDS)
    note = f"{len(batches)} steps of {OPTIONS.batch_size} rows a turn"
    write(
        "throughput",
        [
            *ratio(
                "rows a second of our loop, of a bare loop's", times["bare"], times["ours"], bar=">= 0.95", note=note
            ),
            *ratio(
                f"rows a second with batches of similar length, of those padded to {LONGEST}",
                times["wide"],
                times["bare"],
                bar=">= 1.5",
                note=note,
            ),
        ],
    )


def _copy(pipeline: Pipeline) -> Pipeline:
    """The pipeline with weights of its own."""
    twin = copy.copy(pipeline)
    twin.model = copy.deepcopy(pipeline.model)
    return twin


if __name__ == "__main__":
    main()
