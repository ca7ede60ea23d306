"""Answering raw rows, as a stream: beside what the model alone takes for them.

Data: 1,280 IMDB training reviews. Model: that of the accuracy benchmark.

Protocol: one pass over all rows per turn, 5 turns each, in turns. `Pipeline.stream` gets raw texts and gives answers.
The bare model gets batches of 64 rows that are read, padded and in memory already, and gives raw numbers: once in the
order of the file, each batch padded to its longest row, and once sorted by length, which no loader of a stream could
do without having seen the end. The bar is for CPU time and the order of the file.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence

import torch

from benchmarks.measure import in_turns, median, ratio, timed, write
from benchmarks.reviews import reviews, untrained
from salience.core.batch import Batch
from salience.models import Model
from salience.pipeline import BATCH

ROWS, ROUNDS = 1280, 5


def forward(model: Model, batches: Sequence[Batch]) -> None:
    """What cannot be avoided."""
    with torch.inference_mode():
        for batch in batches:
            model(batch)


def main() -> None:
    texts, labels = reviews(ROWS)
    pipeline = untrained(texts, labels)
    pipeline.model.eval()
    examples = pipeline.encode(texts)
    in_order = [pipeline.collate(examples[start : start + BATCH]) for start in range(0, ROWS, BATCH)]
    by_length = [batch for _, batch in pipeline.batches(examples)]
    times = in_turns(
        {
            "stream": lambda: timed(lambda: deque(pipeline.stream(texts), maxlen=0)),
            "in order": lambda: timed(lambda: forward(pipeline.model, in_order)),
            "by length": lambda: timed(lambda: forward(pipeline.model, by_length)),
            "encode": lambda: timed(lambda: pipeline.encode(texts)),
        },
        rounds=ROUNDS,
    )
    note = f"{ROWS:,} rows a turn"
    what = "rows a second of Pipeline.stream, of the bare model's"
    write(
        "predict",
        [
            *ratio(f"{what} in the order of the file", times["in order"], times["stream"], bar=">= 0.9", note=note),
            *ratio(f"{what} sorted by length", times["by length"], times["stream"], note=note),
            median("answers a second of CPU time", [ROWS / each.cpu for each in times["stream"]], "rows/s"),
            *ratio("share of reading texts in Pipeline.stream", times["encode"], times["stream"], note=note),
        ],
    )


if __name__ == "__main__":
    main()
