"""What an explanation costs: every importance method beside the prediction of the same rows.

Data: 64 IMDB training reviews, cut to 20, 100 and 400 words. Model: that of the accuracy benchmark, which is as fast
untrained as trained.

Protocol: predictions and explanations of all rows from raw text (answers; units with their numbers), in turns, 5 turns
each; leave one out with at most 64 parts a row runs on 8 rows, beside the prediction of these. The bar is for CPU
time.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from benchmarks.measure import Row, Time, in_turns, ratio, timed, write
from benchmarks.reviews import reviews, untrained
from salience.evaluation.importance import GradientXInput, IntegratedGradients, LeaveOneOut, Received, Rollout

ROWS, FEW, ROUNDS = 64, 8, 5
METHODS = (Received(), Rollout(), GradientXInput(), IntegratedGradients(steps=16))
LENGTHS = (20, 100, 400)


def main() -> None:
    texts, labels = reviews(1280)
    pipeline = untrained(texts, labels)
    long = [text for text in texts if len(text.split()) >= max(LENGTHS)][:ROWS]
    rows: list[Row] = []
    for length in LENGTHS:
        cut = [" ".join(text.split()[:length]) for text in long]
        works: dict[str, Callable[[], Time]] = {
            each.name: partial(timed, partial(each, pipeline, cut)) for each in METHODS
        }
        works["prediction"] = partial(timed, partial(pipeline.predict, cut))
        works["prediction of few"] = partial(timed, partial(pipeline.predict, cut[:FEW]))
        works["leave_one_out"] = partial(timed, partial(LeaveOneOut(parts=64), pipeline, cut[:FEW]))
        times = in_turns(works, rounds=ROUNDS)
        for name in (*(each.name for each in METHODS), "leave_one_out"):
            base = times["prediction of few" if name == "leave_one_out" else "prediction"]
            bar = "<= 2" if name == "received" else None
            rows += ratio(f"{name} to prediction, {length} words", times[name], base, bar=bar)
    write("explain", rows)


if __name__ == "__main__":
    main()
