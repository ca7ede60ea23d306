"""The trust report on models whose attention is known: right sentences, cost, and false alarms."""

from __future__ import annotations

import argparse
import dataclasses
import resource
from collections.abc import Sequence
from typing import Any

import numpy as np

from benchmarks.measure import Row, stopwatch, write
from salience.core.seed import derive
from salience.evaluation import Bootstrap, measure_trust
from salience.evaluation.competition import Competition, compete
from salience.evaluation.faithfulness import COMPETITORS, judged
from salience.evaluation.importance import RandomOrder, Shapley
from salience.evaluation.importance.importance import Importance, Scores
from salience.evaluation.sample import Sample, draw
from salience.evaluation.trust import outcome
from salience.evaluation.trust.honest import judge_shares, measure_shares
from salience.evaluation.trust.right_parts import right_parts
from salience.evaluation.trust.trial import Trial
from tests.evaluation.trust.anchors import WORDS, anchor

ROWS, RESAMPLES, POOL, RESAMPLE = 256, 100, 512, 256


@dataclasses.dataclass(frozen=True)
class ExactShare(Importance):
    """The absolute Shapley share of each unit, by orders of its own: what attention would say if it were true."""

    def scores(self, pipeline: Any, rows: Sequence[Any]) -> list[Scores]:
        return [_shares(each) for each in Shapley(orders=40, seed=987).scores(pipeline, rows)]


@dataclasses.dataclass(frozen=True)
class RandomShare(Importance):
    """Random shares."""

    def scores(self, pipeline: Any, rows: Sequence[Any]) -> list[Scores]:
        return [_shares(each) for each in RandomOrder(seed=654).scores(pipeline, rows)]


def _shares(scores: Scores) -> Scores:
    total = sum(np.abs(each).sum() for each in scores.values())
    return {name: np.abs(each) / total for name, each in scores.items()}


def anchors(seeds: Sequence[int]) -> tuple[list[Row], list[dict[str, Any]]]:
    """The sentence of each model and seed, what it cost, and the memory at its highest."""
    found, seconds, right = [], [], 0
    for seed in seeds:
        for kind, word in WORDS.items():
            made = anchor(kind, seed=seed, rows=ROWS)
            stop = stopwatch()
            trust = measure_trust(made.pipeline, made.rows, targets=made.targets, seed=seed)
            time = stop()
            seconds.append(time.cpu)
            right += trust.verdict == word
            verdicts = {each.name: each.verdict for each in trust.outcomes}
            found.append(
                {"kind": kind, "seed": seed, "sentence": trust.sentence, "cpu": time.cpu, "wall": time.wall, **verdicts}
            )
            print(kind, seed, trust.verdict, f"{time.cpu:.1f} s", verdicts, flush=True)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    rows = [
        Row("right overall sentences", right, f"of {len(found)}", bar="all"),
        Row("all tests, 256 rows, cpu time", float(np.median(seconds)), "s", min(seconds), max(seconds), bar="<= 60"),
        Row("memory at its highest", peak, "MB"),
    ]
    return rows, found


def alarms() -> list[Row]:
    """How often the tests are wrong about shares that are exact, and about shares that are random."""
    made = anchor("honest", rows=POOL)
    rows = []
    for name, method, wrong in (("exact", ExactShare(), ("fail", "misleading")), ("random", RandomShare(), ("pass",))):
        sample = draw(made.pipeline, made.rows, count=POOL, seed=0)
        methods = [*COMPETITORS, method]
        competitors = [each.name for each in COMPETITORS]
        found = compete(made.pipeline, sample.rows, methods, competitors=competitors, seed=0)
        scores = method.scores(made.pipeline, sample.rows)
        trial = Trial(made.pipeline, method, sample.rows, found.erased.raw, scores, None, Bootstrap(1000, 0), 0)
        shares = measure_shares(trial)
        counts = {"T2": 0, "T3": 0}
        for number in range(RESAMPLES):
            index = np.random.default_rng(derive(number, name)).permutation(len(sample.rows))[:RESAMPLE]
            part, small = _part(trial, index, number), _some(found, index)
            inner = Sample(part.rows, list(range(len(index))), 0)
            told = judged(made.pipeline, method.name, small, inner, None, part.bootstrap)
            outcomes = outcome.judged(
                [right_parts(part, small, told, None), judge_shares([shares[i] for i in index], part)],
                count=len(index),
            )
            for test, each in zip(counts, outcomes, strict=True):
                counts[test] += each.verdict in wrong
        rows += [
            Row(f"{test} wrong about {name} shares", count / RESAMPLES, "of 100 resamples", bar="< 0.05")
            for test, count in counts.items()
        ]
        print(name, counts, flush=True)
    return rows


def _part(trial: Trial, index: np.ndarray, seed: int) -> Trial:
    return dataclasses.replace(
        trial,
        rows=[trial.rows[i] for i in index],
        raw=trial.raw[index],
        scores=[trial.scores[i] for i in index],
        bootstrap=Bootstrap(1000, seed),
    )


def _some(found: Competition, index: np.ndarray) -> Competition:
    erased = found.erased
    cut = {each.name: getattr(erased, each.name)[index] for each in dataclasses.fields(erased)}
    return dataclasses.replace(found, erased=dataclasses.replace(erased, **cut))


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--seeds", type=int, default=5)
    options.add_argument("--no-alarms", action="store_true")
    chosen = options.parse_args()
    rows, found = anchors(range(chosen.seeds))
    if not chosen.no_alarms:
        rows += alarms()
    write("trust", rows, anchors=found)


if __name__ == "__main__":
    main()
