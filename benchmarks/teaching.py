"""What teaching attention changes: agreement with people, faithfulness and accuracy, by the weight of the loss.

Data and split:
    hatexplain: two classes, 5,514 training posts (of the official 15,383), the official 1,922 and 1,924 validation and
        test posts. Plausibility on the 1,142 annotated test posts.
    movies: 1,600 training reviews less those that leak from validation, 200 and 199 validation and test reviews.
    toxic-spans: 7,939 training, 690 trial (validation) and 2,000 test posts; the class is whether anything is marked.

Protocol: small models from scratch, no vectors (`SETTINGS`), once per seed and weight; weight 0 is the same training
without the loss. The validation rows choose the epoch by accuracy; test rows are answered once per run. The importance
is `Received`. A unit is marked if half of its characters are. `token F1` marks as many units as people did; `top 5`
marks five, as HateXplain does. Means over seeds have Student's interval; what one seed reaches, and differences to
weight 0, have intervals over rows (2,000 bootstrap draws; rows count with their mean over seeds). Comprehensiveness and
sufficiency (of probabilities) and the eight tests of the trust report are measured on a random sample of all test rows:
256 of hatexplain, 128 of toxic-spans, 48 reviews; T7 on those of them that are annotated. In toxic-spans a unit is
predicted where its attention exceeds a multiple of an equal share, the multiple chosen on the trial posts, and if that
is better there, only in posts that are predicted toxic; the space between two predicted units is predicted too.

Film reviews are read up to 1,024 words. The published AUPRC fits reviews that end after about 425 words
(`benchmarks.eraser_random`), where fewer words are marked; so it is measured on the first 425 words as well.

Runs that are recorded already are not repeated.

    python -m benchmarks.teaching --data hatexplain --seeds 0 --weights 0 1
"""

from __future__ import annotations

import argparse
import itertools
import json
import re
import statistics
import tempfile
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.measure import RESULTS, Row, commit, timed, write
from benchmarks.rationales import READERS, Marked

WEIGHTS = (0.0, 0.1, 0.3, 1.0, 3.0, 10.0)
_POSTS = {
    "text": {},
    "model": {"width": 64, "encoder": "Convolution", "pool": "Additive", "dropout": 0.5},
    "train": {"batch_size": 32, "epochs": 6, "learning_rate": 2e-3, "weight_decay": 0.05, "patience": 0},
    "trust": 256,
}
SETTINGS: dict[str, dict[str, Any]] = {
    "hatexplain": {**_POSTS, "loss": "KL"},
    "movies": {
        "text": {"max_tokens": 1024},
        "model": {"width": 48, "encoder": "Convolution", "pool": "Additive", "dropout": 0.5},
        "train": {**_POSTS["train"], "batch_size": 16, "epochs": 8, "drop_units": 0.3},
        "trust": 48,
        "first_words": 425,
        "loss": "KL",
    },
    "toxic-spans": {**_POSTS, "trust": 128, "loss": "KL"},
}
PUBLISHED = {
    "hatexplain": "BiRNN-HateXplain, three classes, all training posts: token F1 0.506, IOU F1 0.222",
    "movies": "BERT + LSTM, attention: AUPRC 0.417, comprehensiveness 0.129; random: 0.259, 0.058, sufficiency 0.330",
    "toxic-spans": "best system of the task: character F1 0.7083",
}


def run(data: str, seed: int, weight: float, *, loss: str) -> dict[str, Any]:
    """Train once and measure on the test rows; the record is added to `results/runs/teaching-<data>.jsonl`."""
    from salience import Pipeline
    from salience.training import Side, TrainOptions, fit

    settings, sides = SETTINGS[data], READERS[data]()
    pipeline = Pipeline({"text": {"Text": settings["text"]}}, "Classification", model=settings["model"])
    train, validation = sides["train"], sides["validation"]
    pipeline.learn(train.rows(), train.labels, seed=seed)
    told: dict[str, Any] = {}

    def work() -> None:
        with tempfile.TemporaryDirectory() as folder:
            fitted = fit(
                pipeline,
                Side(pipeline.encode(train.rows()), train.labels, {"text": train.rationales}),
                Side(pipeline.encode(validation.rows()), validation.labels),
                options=TrainOptions(
                    **settings["train"], seed=seed, attention_loss={loss: {"weight": weight}} if weight else None
                ),
                folder=Path(folder),
            )
        told.update(validation=fitted.best.selected, epoch=fitted.best.number)

    took = timed(work)
    record = {
        **{"seed": seed, "weight": weight, "loss": loss, "settings": settings, "commit": commit()},
        **told,
        "core_seconds": round(took.cpu, 1),
        **measured(pipeline, sides, settings["trust"], seed=seed, first_words=settings.get("first_words")),
    }
    if data == "toxic-spans":
        record["characters"] = characters(pipeline, sides, seed=seed)
    path = _path(data)
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a", encoding="utf-8") as file:
        file.write(json.dumps(_rounded(record)) + "\n")
    return record


def measured(
    pipeline: Any, sides: dict[str, Marked], count: int, *, seed: int, first_words: int | None = None
) -> dict[str, Any]:
    """Accuracy and plausibility on all test rows; faithfulness and the eight tests on `count` of them.

    With `first_words` plausibility is measured a second time, on what stands in the first words of each text.
    """
    from salience.evaluation import measure_trust, task_scores
    from salience.evaluation.importance import Received
    from salience.evaluation.plausibility import average_precision, measure_plausibility, token_scores

    test = sides["test"]
    examples = pipeline.encode(test.rows())
    raw, target = pipeline.raw(examples), pipeline.task.encode(test.labels)
    scores = {name: _score(each) for name, each in task_scores(pipeline.task, raw, target).items()}
    units = [each["text"] for each in Received().scores(pipeline, examples)]
    marks = _marks(test, examples)
    found = measure_plausibility(units, marks, seed=seed)
    five = measure_plausibility(units, marks, k=5, seed=seed)
    kept = [(u, m.any(0)) for u, m in zip(units, marks, strict=True) if m is not None and m.any() and not m.all()]
    people = {
        **_agreement(found.importance, ""),
        "token F1, top 5": _score(five.importance.tokens.f1),
        "IOU F1, top 5, released": _score(five.importance.iou_released.f1),
        "IOU F1, top 5, merged": _score(five.importance.iou_merged.f1),
        **_agreement(found.permuted, ", random units"),
        **(_agreement(found.position_prior, ", position prior") if found.position_prior else {}),
    }
    if first_words is not None:
        stops = [_stop(text, first_words) for text in test.texts]
        counts = [int((e["text"].places[:, 0] < stop).sum()) for e, stop in zip(examples, stops, strict=True)]
        cut = measure_plausibility(
            [u[:n] for u, n in zip(units, counts, strict=True)],
            [None if m is None else m[:, :n] for m, n in zip(marks, counts, strict=True)],
            seed=seed,
        )
        people |= {f"AUPRC, first {first_words} words": _score(cut.importance.auprc)}
        people |= {f"AUPRC, first {first_words} words, random units": _score(cut.permuted.auprc)}
    told = measure_trust(pipeline, test.rows(), targets=test.labels, rationales=marks, count=count, seed=seed)
    effects = told.faithfulness.effects["probability"]
    return {
        "scores": scores,
        "plausibility": people,
        "annotated": found.num_rows,
        "rows": len(test.texts),
        "right": np.packbits((pipeline.task.choose(raw) == target).numpy()).tobytes().hex(),
        "average_precision": [round(float(average_precision(u, m)), 3) for u, m in kept],
        "token_f1": [round(float(token_scores(_largest(u, int(m.sum())), m)[2]), 3) for u, m in kept],
        "faithfulness": {
            f"{kind}, {name}": _score(getattr(effects[method], kind))
            for method, name in (("received", "attention"), ("random", "random order"))
            for kind in ("comprehensiveness", "sufficiency")
        },
        "trust": {
            f"T{number} {each.name}, {name}": _score(statistic)
            for number, each in enumerate(told.outcomes, start=1)
            for name, statistic in each.statistics.items()
        },
        "verdicts": {"all": told.verdict} | {each.name: each.verdict for each in told.outcomes},
        "trust_rows": told.num_rows,
    }


def characters(pipeline: Any, sides: dict[str, Marked], *, seed: int) -> dict[str, Any]:
    """Character F1 of the test posts, as the task scores it, with the threshold that is best on the trial posts."""
    from salience.evaluation.bootstrap import Bootstrap, mean

    grid = [0.25, 0.5, 0.75, 1.0, 1.25, 1.5, 2.0, 2.5, 3.0, 4.0, 6.0]
    held, test = (_Posts(pipeline, sides[side]) for side in ("validation", "test"))
    best = {
        gated: max(grid, key=lambda each, gated=gated: held.f1(held.chosen(each, gated=gated)).mean())
        for gated in (True, False)
    }
    gated = max(best, key=lambda each: held.f1(held.chosen(best[each], gated=each)).mean())
    selected = test.chosen(best[gated], gated=gated)
    generator = np.random.default_rng(seed)
    ways = {
        "attention": selected,
        "random units, as many": [generator.permutation(each) for each in selected],
        "every character": [np.ones(len(each), bool) for each in selected],
        "nothing": [np.zeros(len(each), bool) for each in selected],
    }
    each = {name: test.f1(way, whole=name == "every character") for name, way in ways.items()}
    return {
        "threshold": best[gated],
        "only posts predicted toxic": gated,
        "scores": {name: _score(Bootstrap(2000, seed).estimate(mean(f1), len(f1))) for name, f1 in each.items()},
    }


class _Posts:
    """Some posts with the attention of their units and the truth about their characters."""

    def __init__(self, pipeline: Any, side: Marked) -> None:
        from salience.evaluation.importance import Received

        examples = pipeline.encode(side.rows())
        self.texts = side.texts
        self.places = [each["text"].places for each in examples]
        self.units = [each["text"] for each in Received().scores(pipeline, examples)]
        self.toxic = [answer.prediction == "toxic" for answer in pipeline.answers(examples)]
        self.truth = [
            _filled(np.array(each.stretches[0], int).reshape(-1, 2), len(text))
            for each, text in zip(side.rationales, side.texts, strict=True)
            if each is not None
        ]

    def chosen(self, multiple: float, *, gated: bool) -> list[np.ndarray]:
        return [
            (units * len(units) > multiple) & (toxic or not gated)
            for units, toxic in zip(self.units, self.toxic, strict=True)
        ]

    def f1(self, selected: Sequence[np.ndarray], *, whole: bool = False) -> np.ndarray:
        """Of each post; 1 where neither people nor the model mark anything."""
        found = []
        for text, places, units, truth in zip(self.texts, self.places, selected, self.truth, strict=True):
            mine = np.ones(len(text), bool) if whole else _joined(places, units, text)
            total = mine.sum() + truth.sum()
            found.append(2 * (mine & truth).sum() / total if total else 1.0)
        return np.array(found)


def _joined(places: np.ndarray, units: np.ndarray, text: str) -> np.ndarray:
    """The characters of the selected units, and white space between two that are neighbours."""
    found = _filled(places[units], len(text))
    for (_, stop), (start, _), first, second in zip(places, places[1:], units, units[1:], strict=False):
        if first and second and text[stop:start].isspace():
            found[stop:start] = True
    return found


def _stop(text: str, words: int) -> int:
    """Where the first words end."""
    ends = [each.end() for each in itertools.islice(re.finditer(r"\S+", text), words)]
    return ends[-1] if ends else 0


def _filled(spans: np.ndarray, length: int) -> np.ndarray:
    found = np.zeros(length, bool)
    for start, stop in spans:
        found[start:stop] = True
    return found


def _marks(side: Marked, examples: Sequence[Any]) -> list[np.ndarray | None]:
    return [
        None if each is None else each.marks(example["text"].places)
        for each, example in zip(side.rationales, examples, strict=True)
    ]


def _agreement(found: Any, suffix: str) -> dict[str, Any]:
    named = {
        "average precision": found.average_precision,
        "AUPRC": found.auprc,
        "token F1": found.tokens.f1,
        "IOU F1, released": found.iou_released.f1,
        "IOU F1, merged": found.iou_merged.f1,
    }
    return {name + suffix: _score(each) for name, each in named.items()}


def _largest(units: np.ndarray, count: int) -> np.ndarray:
    chosen = np.zeros(len(units), bool)
    chosen[np.argsort(-units, kind="stable")[:count]] = True
    return chosen


def _score(score: Any) -> list[float | None]:
    return [score.value, score.low, score.high]


def records(data: str) -> list[dict[str, Any]]:
    """All runs so far with the present settings, the latest of each seed and weight."""
    path = _path(data)
    lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
    known = [each for each in map(json.loads, lines) if each["settings"] == SETTINGS[data]]
    return list({(each["loss"], each["weight"], each["seed"]): each for each in known}.values())


def _known(data: str, loss: str) -> list[dict[str, Any]]:
    """Those with this loss; without a weight, any loss is none."""
    return [each for each in records(data) if each["loss"] == loss or not each["weight"]]


def summarise(data: str, loss: str) -> list[Row]:
    """Every number at every weight, and the differences to weight 0 over the seeds that both have."""
    known = _known(data, loss)
    by_weight = {weight: [each for each in known if each["weight"] == weight] for weight in WEIGHTS}
    by_weight = {weight: runs for weight, runs in by_weight.items() if runs}
    rows = []
    for weight, runs in by_weight.items():
        for group in ("scores", "plausibility", "faithfulness", "trust", "characters"):
            numbers = [each.get(group, {}) for each in runs]
            numbers = [each["scores"] for each in numbers if each] if group == "characters" else numbers
            for name in numbers[0] if numbers else ():
                rows.append(over_seeds(f"weight {weight:g}, {name}", [each[name] for each in numbers if name in each]))
    plain = {each["seed"]: each for each in by_weight.get(0.0, [])}
    for weight, runs in by_weight.items():
        pairs = [(each, plain[each["seed"]]) for each in runs if weight and each["seed"] in plain]
        rows += _differences(weight, pairs) if pairs else []
    return rows


def verdicts(known: Sequence[dict[str, Any]]) -> dict[str, dict[str, str]]:
    """What the tests say, by weight: each verdict with the number of seeds that have it.

    The word for all together is read from the present table of sentences.
    """
    from salience.evaluation.trust.sentence import word_for

    found: dict[str, dict[str, Counter[str]]] = {}
    for record in sorted(known, key=lambda each: each["weight"]):
        of_weight = found.setdefault(f"{record['weight']:g}", {})
        for name, verdict in {**record["verdicts"], "all": word_for(record["verdicts"])}.items():
            of_weight.setdefault(name, Counter())[verdict] += 1
    return {
        weight: {
            name: ", ".join(f"{word} {count}" for word, count in each.most_common()) for name, each in tests.items()
        }
        for weight, tests in found.items()
    }


def over_seeds(what: str, values: Sequence[Sequence[float | None]]) -> Row:
    """Over seeds; the interval of a single seed is that over rows."""
    from scipy.stats import t

    known = [each for each in values if each[0] is not None]
    if not known:
        return Row(what, float("nan"), "", note="not defined")
    if len(known) == 1:
        return Row(what, *_given(known[0]), note="one seed, interval over rows")
    numbers = [float(each[0] or 0.0) for each in known]
    mean = statistics.fmean(numbers)
    half = float(t.ppf(0.975, len(numbers) - 1)) * statistics.stdev(numbers) / len(numbers) ** 0.5
    return Row(what, mean, "", mean - half, mean + half, note=f"mean over {len(numbers)} seeds")


def _given(score: Sequence[float | None]) -> tuple[float, str, float | None, float | None]:
    return float(score[0] or 0.0), "", score[1], score[2]


def _differences(weight: float, pairs: Sequence[tuple[dict[str, Any], dict[str, Any]]]) -> list[Row]:
    from salience.evaluation.bootstrap import Bootstrap, mean

    rows = []
    for name, key in (("average precision", "average_precision"), ("token F1", "token_f1"), ("accuracy", "right")):
        each = np.mean([_of_rows(taught, key) - _of_rows(plain, key) for taught, plain in pairs], axis=0)
        score = Bootstrap(2000).estimate(mean(each), len(each))
        what = f"weight {weight:g} less weight 0, {name}"
        rows.append(Row(what, score.value or 0.0, "", score.low, score.high, note=f"{len(pairs)} seeds, rows paired"))
    return rows


def _of_rows(record: dict[str, Any], key: str) -> np.ndarray:
    if key != "right":
        return np.array(record[key])
    bits = np.unpackbits(np.frombuffer(bytes.fromhex(record["right"]), dtype=np.uint8))
    return bits[: record["rows"]].astype(float)


def _rounded(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _rounded(each) for name, each in value.items()}
    if isinstance(value, list):
        return [_rounded(each) for each in value]
    return float(f"{value:.5g}") if isinstance(value, float) else value


def _path(data: str) -> Path:
    return RESULTS / "runs" / f"teaching-{data}.jsonl"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", choices=sorted(SETTINGS), required=True)
    parser.add_argument("--seeds", nargs="+", type=int, default=[0, 1, 2, 3, 4])
    parser.add_argument("--weights", nargs="+", type=float, default=list(WEIGHTS), choices=WEIGHTS)
    parser.add_argument("--loss", default="KL")
    arguments = parser.parse_args()
    data, loss = arguments.data, arguments.loss
    for seed in arguments.seeds:
        for weight in arguments.weights:
            if not any((each["seed"], each["weight"]) == (seed, weight) for each in _known(data, loss)):
                record = run(data, seed, weight, loss=loss)
                print(f"seed {seed}, weight {weight:g}: {record['core_seconds']:.0f} s of training", flush=True)
    known = _known(data, loss)
    write(
        f"teaching_{data}",
        summarise(data, loss),
        loss=loss,
        settings=SETTINGS[data],
        seeds={f"{weight:g}": sorted(each["seed"] for each in known if each["weight"] == weight) for weight in WEIGHTS},
        verdicts=verdicts(known),
        published=PUBLISHED[data],
    )


if __name__ == "__main__":
    main()
