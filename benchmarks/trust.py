"""The trust report on models whose attention is known: right sentences, cost, false alarms and memory.

Texts or tables with planted evidence, four models each (`tests.evaluation.trust.anchors`), 600 training rows and 256
others per seed. What is done is kept in `results/runs/trust_KIND.jsonl`, and an interrupted run goes on from there.
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import resource
import subprocess
import sys
from collections.abc import Sequence
from typing import Any

import numpy as np

from benchmarks.measure import RESULTS, Row, stopwatch, write
from salience.core.seed import derive
from salience.evaluation import Bootstrap, measure_trust
from salience.evaluation.competition import Competition
from salience.evaluation.faithfulness import judged
from salience.evaluation.importance import RandomOrder, Shapley
from salience.evaluation.importance.importance import Importance, Scores
from salience.evaluation.sample import Sample, draw
from salience.evaluation.trust import outcome
from salience.evaluation.trust.honest import judge_shares, measure_shares
from salience.evaluation.trust.right_parts import right_parts
from salience.evaluation.trust.trial import Trial
from salience.evaluation.trust.trust import competition
from tests.evaluation.trust.anchors import DATA, WORDS, Anchor, anchor

ROWS, RESAMPLES, POOL, RESAMPLE = 256, 100, 512, 256
#: Rows whose memory is measured. All of them are held in each case.
COUNTS = (64, 256, 1024)


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


def anchors(data: str, seeds: Sequence[int]) -> tuple[list[Row], list[dict[str, Any]]]:
    """The sentence of each model and seed, and what it cost."""
    kept = RESULTS / "runs" / f"trust_{data}.jsonl"
    found = [json.loads(line) for line in kept.read_text("utf-8").splitlines()] if kept.exists() else []
    known = {(each["kind"], each["seed"]) for each in found}
    for seed in seeds:
        for kind in WORDS:
            if (kind, seed) in known:
                continue
            found.append(_judged(kind, data, seed))
            with kept.open("a", encoding="utf-8") as file:
                file.write(json.dumps(found[-1]) + "\n")
            print(found[-1], flush=True)
    seconds = [each["cpu"] for each in found]
    rows = [
        Row("right overall sentences", sum(each["right"] for each in found), f"of {len(found)}", bar="all"),
        Row("all tests, 256 rows, cpu time", float(np.median(seconds)), "s", min(seconds), max(seconds), bar="<= 60"),
    ]
    return rows, found


def _judged(kind: str, data: str, seed: int) -> dict[str, Any]:
    made = anchor(kind, data=data, seed=seed, rows=ROWS)
    stop = stopwatch()
    trust = measure_trust(made.pipeline, made.rows, targets=made.targets, seed=seed)
    time = stop()
    return {
        "kind": kind,
        "seed": seed,
        "right": trust.verdict == WORDS[kind],
        "verdict": trust.verdict,
        "sentence": trust.sentence,
        "cpu": round(time.cpu, 2),
        "wall": round(time.wall, 2),
        **{each.name: each.verdict for each in trust.outcomes},
        "skill": trust.of("right_parts").statistics["skill"].to_dict(),
        "honesty": trust.of("honest").statistics["skill"].to_dict(),
    }


def alarms() -> list[Row]:
    """How often T2 and T3 are wrong about shares that are exact, and about shares that are random.

    On a bag of words, where Shapley values are easily right, and on a recurrent model, where they are not.
    """
    rows = []
    for kind in ("honest", "supervised"):
        made = anchor(kind, rows=POOL)
        for name, method, wrong in _SHARES:
            counts = _wrong(made, method, wrong)
            print(kind, name, counts, flush=True)
            rows += [
                Row(f"{test} wrong about {name} shares, {kind} model", count / RESAMPLES, _UNIT, bar="< 0.05")
                for test, count in counts.items()
            ]
    return rows


_UNIT = f"of {RESAMPLES} resamples"
_SHARES = (("exact", ExactShare(), ("fail", "misleading")), ("random", RandomShare(), ("pass",)))


def _wrong(made: Anchor, method: Importance, wrong: Sequence[str]) -> dict[str, int]:
    """In how many resamples each test gives a wrong verdict on a method."""
    sample = draw(made.pipeline, made.rows, count=POOL, seed=0)
    raw, scores = made.pipeline.raw(sample.rows), method.scores(made.pipeline, sample.rows)
    trial = Trial(made.pipeline, method, sample.rows, raw, scores, None, Bootstrap(1000, 0), 0)
    walks = list(trial.shapley.walks(made.pipeline, sample.rows))
    found, shares = competition(trial, walks), measure_shares(trial, walks)
    counts = {"T2": 0, "T3": 0}
    for number in range(RESAMPLES):
        index = np.random.default_rng(derive(number, method.name)).permutation(len(sample.rows))[:RESAMPLE]
        part, small = _part(trial, index, number), _some(found, index)
        inner = Sample(part.rows, list(range(len(index))), 0)
        told = judged(made.pipeline, method.name, small, inner, None, part.bootstrap)
        outcomes = outcome.judged(
            [right_parts(part, small, told, None), judge_shares([shares[i] for i in index], part)],
            count=len(index),
        )
        for test, each in zip(counts, outcomes, strict=True):
            counts[test] += each.verdict in wrong
    return counts


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


def memory() -> list[Row]:
    """The memory of the eight tests at its highest, for growing numbers of rows, each in a process of its own.

    All processes hold the same 1,024 rows, and measure so many of them.
    """
    rows = []
    for count in COUNTS:
        said = subprocess.run(
            [sys.executable, "-m", "benchmarks.trust", "--memory-of", str(count)],
            capture_output=True,
            text=True,
            check=True,
        )
        before, after = (float(each) for each in said.stdout.split())
        rows.append(Row(f"memory at its highest, {count:,} rows", after, "MB", note=f"{before:.0f} MB before"))
        print(rows[-1], flush=True)
    first, last = rows[0].value, rows[-1].value
    return [*rows, Row(f"memory with {COUNTS[-1]:,} rows over that with {COUNTS[0]}", last / first, "x", bar="< 1.10")]


def _memory_of(count: int) -> None:
    made = anchor("honest", rows=COUNTS[-1])
    before = _peak()
    measure_trust(made.pipeline, made.rows[:count], targets=made.targets[:count], count=count)
    print(before, _peak())


def _peak() -> float:
    """The highest memory of this process so far, in MB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--kind", choices=DATA, default="text")
    options.add_argument("--seeds", type=int, default=5)
    options.add_argument("--memory-of", type=int, help="measure the memory that so many rows take, and nothing else")
    chosen = options.parse_args()
    if chosen.memory_of:
        _memory_of(chosen.memory_of)
        return
    rows, found = anchors(chosen.kind, range(chosen.seeds))
    if chosen.kind == "text":
        write("trust", [*rows, *alarms(), *memory()], anchors=found)
    else:
        write(f"trust_{chosen.kind}", rows, anchors=found)


if __name__ == "__main__":
    main()
