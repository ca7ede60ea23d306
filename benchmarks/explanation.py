"""Is attention explanation? The experiments of Jain and Wallace 2019 and of Wiegreffe and Pinter 2019, on their data.

Data and split, cut as by Jain and Wallace (lower case, no punctuation):
    sst2: 6,920 train, 872 validation and 1,821 test sentences as published, those with more than 5 words.
    imdb: reviews of 7 to 399 words. 5,000 train and 1,000 validation reviews out of the published training reviews, 400
        test reviews out of the published test reviews, by a hash of the text.

Model: words, a bidirectional LSTM (128 a side), additive attention (128 hidden), a linear head; no dropout. Trained
with balanced classes, batches of 32, a constant rate of 0.001, weight decay 1e-5, the epoch with the best AUROC on the
validation rows. Probabilities are not calibrated. The adversary of Wiegreffe and Pinter keeps the epoch with the lowest
loss on the validation rows. Three starts: as theirs (torch's LSTM, words from vectors), the same without vectors, and
the encoder of this package without vectors.

Every number is of test rows and has a 95 % interval: over rows for one seed (bootstrap), over seeds (Student's t) where
there are several. What a model chooses is chosen on validation rows. Differences from the papers are in DIFFERENCES.

    python -m benchmarks.explanation --data sst2 --seeds 0 1 2
    python -m benchmarks.explanation --data sst2 --parts base --start ours --seeds 0
    python -m benchmarks.explanation --data imdb --parts base uniform --seeds 0 1 2
"""

from __future__ import annotations

import argparse
import json
import re
import statistics
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Any

import torch

from benchmarks import text_accuracy
from benchmarks.measure import RESULTS, Row, commit, timed, write
from benchmarks.pages import fill
from benchmarks.word_vectors import write_vectors
from salience.evaluation.bootstrap import Bootstrap
from salience.models.encoders import Recurrent

#: Of the embeddings, and of both directions of the LSTM together.
WIDTH = 256

#: How much an adversary gains by looking elsewhere, per nat.
WEIGHTS = (0.01, 0.1)
#: The one whose adversary leads the words that are read alone.
LEADING = 0.1
#: What `course` has told of the training that runs.
COURSE: list[dict[str, Any]] = []


@dataclass(frozen=True)
class Cut:
    """Which rows of a data set are used, and how long a model is trained on them."""

    shortest: int
    longest: int
    min_count: int
    epochs: int
    #: Rows of train, validation and test; None for all.
    sizes: tuple[int | None, int | None, int | None]
    #: Test rows that lose one word at a time, and test rows whose alternatives are searched.
    left_out: int
    searched: int


CUTS: Mapping[str, Cut] = {
    "sst2": Cut(6, 10**6, 1, 4, (None, None, None), 800, 100),
    "imdb": Cut(7, 399, 10, 1, (4000, 500, 400), 40, 20),
}
TRAIN = {
    "batch_size": 32,
    "learning_rate": 1e-3,
    "weight_decay": 1e-5,
    "schedule": "Constant",
    "clip": 0.0,
    "patience": 0,
    "drop_units": 0.0,
}


class PlainRecurrent(Recurrent):
    """An LSTM that starts as torch makes it, as theirs does."""

    def __init__(self, width: int) -> None:
        super().__init__(width)
        self.network.reset_parameters()


#: How models start: the encoder, and whether words start from vectors.
STARTS: Mapping[str, tuple[str, bool]] = {
    "vectors": ("benchmarks.explanation:PlainRecurrent", True),
    "no vectors": ("benchmarks.explanation:PlainRecurrent", False),
    "ours": ("Recurrent", False),
}
PUBLISHED = {
    "sst2": {
        "attention, gradient": 0.351,
        "attention, left out": 0.291,
        "gradient, left out": 0.656,
        "accuracy": 0.808,
    },
    "imdb": {
        "attention, gradient": 0.437,
        "attention, left out": 0.341,
        "gradient, left out": 0.517,
        "accuracy": 0.898,
    },
}
#: What differs from the papers, beside the sizes in CUTS.
DIFFERENCES = (
    "Word vectors: theirs are 300 numbers of fastText, from Wikipedia. Here they are 256 numbers, made from the "
    "training reviews of imdb (benchmarks/word_vectors.py). A word that is too rare there starts at random.",
    "Epochs: fewer, and the first may be chosen. Theirs are 8, without the first.",
    "Leave one out takes every word in turn. Theirs has marks of beginning and end, which it does not count.",
    "The furthest alternative is the furthest on the way of the search. Theirs is the last step of it, if the answer "
    "is then within 0.05.",
    "Lambda of an adversary counts nats against the total variation distance. In their code the distance is half of "
    "it, so that the same lambda is worth twice as much. They train 80 epochs.",
    "Words alone: one layer with GELU beside the word itself. Theirs is one layer with tanh.",
)


@cache
def sides(data: str) -> dict[str, tuple[list[str], list[str]]]:
    """Texts and labels of train, validation and test, as they are cut here."""
    cut, found = CUTS[data], {}
    for (name, (texts, labels)), size in zip(text_accuracy.sides(data).items(), cut.sizes, strict=True):
        clean = [cleaned(text) for text in texts]
        kept = [i for i, text in enumerate(clean) if cut.shortest <= len(text.split()) <= cut.longest]
        if size is not None:
            kept = sorted(kept, key=lambda i, clean=clean: sha256(clean[i].encode()).digest())[:size]
        found[name] = ([clean[i] for i in kept], [labels[i] for i in kept])
    return found


def cleaned(text: str) -> str:
    """Words alone, in lower case."""
    return " ".join(re.sub(r"\W+", " ", re.sub(r"<br\s*/?>", " ", text)).lower().split())


def base(data: str, start: str, seed: int, folder: Path) -> Any:
    """The trained model. Its weights are kept in the folder, so that later parts need not train it again."""
    from salience.training import fit

    pipeline = fresh(data, start, seed, folder)
    kept = folder / f"{data}-{start}-{seed}.pt".replace(" ", "-")
    if kept.exists():
        pipeline.model.load_state_dict(torch.load(kept, weights_only=True))
    else:
        sides = [side(pipeline, data, name) for name in ("train", "validation")]
        with tempfile.TemporaryDirectory() as run:
            fit(pipeline, *sides, options=options(data, seed), folder=Path(run), on_epoch=course(pipeline, data))
        torch.save(pipeline.model.state_dict(), kept)
    pipeline.task.temperature = 1.0
    pipeline.model.eval()
    return pipeline


def fresh(data: str, start: str, seed: int, folder: Path) -> Any:
    """A model that is not trained."""
    from salience import Pipeline

    encoder, from_vectors = STARTS[start]
    path = folder / "vectors.txt"
    if from_vectors and not path.exists():
        write_vectors(map(cleaned, text_accuracy.sides("imdb")["train"][0]), path, width=WIDTH)
    read = {"min_count": CUTS[data].min_count, **({"vectors": str(path)} if from_vectors else {})}
    pipeline = Pipeline(
        {"text": {"Text": read}},
        {"Classification": {"balanced": True}},
        model={"width": WIDTH, "encoder": encoder, "pool": {"Additive": {"hidden": WIDTH // 2}}, "dropout": 0.0},
    )
    return pipeline.learn(*sides(data)["train"], seed=seed)


def options(data: str, seed: int) -> Any:
    from salience.training import TrainOptions

    return TrainOptions(**TRAIN, epochs=CUTS[data].epochs, select="auroc", seed=seed)


def side(pipeline: Any, data: str, name: str) -> Any:
    from salience.training import Side

    texts, labels = sides(data)[name]
    return Side(pipeline.encode(texts), labels)


def course(pipeline: Any, data: str) -> Callable[[Any], None]:
    """After each epoch, tell how attention and gradients agree on validation rows: how fast attention learns."""
    from salience.evaluation.explanation import FixedAttentionGradient, measure_correlations

    rows = some(sides(data)["validation"][0], 100)

    def tell(epoch: Any) -> None:
        found = measure_correlations(pipeline, rows, left_out=FixedAttentionGradient(), bootstrap=Bootstrap(0))
        tau = found.overall["attention, gradient"].tau.mean.value
        COURSE.append({"epoch": epoch.number, **epoch.scores, "attention, gradient": tau, "seconds": epoch.seconds})
        print(f"  epoch {epoch.number}: AUROC {epoch.selected:.4f}, tau {tau:.3f}, {epoch.seconds:.0f} s", flush=True)

    return tell


def jain_wallace(data: str, start: str, seed: int, folder: Path) -> dict[str, Any]:
    """Train a model, score it, and put it to the three experiments."""
    from salience.evaluation.explanation import measure_alternatives, measure_correlations, measure_permutation

    COURSE.clear()
    pipeline, (texts, _) = base(data, start, seed, folder), sides(data)["test"]
    cut = CUTS[data]
    return {
        "course": list(COURSE),
        "scores": scored(pipeline, data),
        "largest": largest(pipeline, texts),
        "correlations": measure_correlations(pipeline, some(texts, cut.left_out)).to_dict(),
        "permutation": measure_permutation(pipeline, texts).to_dict(),
        "alternatives": {
            f"{epsilon:g}": measure_alternatives(pipeline, some(texts, cut.searched), epsilon=epsilon).to_dict()
            for epsilon in (0.01, 0.05)
        },
    }


def same_everywhere(data: str, start: str, seed: int, folder: Path) -> dict[str, Any]:
    """The same model under the same weight everywhere, against the one that learned where to look."""
    from salience.evaluation.explanation import measure_difference
    from salience.models.guided import uniform
    from salience.training.explanation import train_guided

    learned = base(data, start, seed, folder)
    sides_of = [side(learned, data, name) for name in ("train", "validation")]
    with tempfile.TemporaryDirectory() as run:
        frozen = train_guided(learned, uniform, *sides_of, options=options(data, seed), folder=Path(run))
    frozen.task.temperature = 1.0
    return {
        "scores": scored(frozen, data),
        "learned beyond uniform": beyond(frozen, learned, data),
        "difference": measure_difference(learned, frozen, sides(data)["test"][0]).to_dict(),
    }


def words_alone(data: str, start: str, seed: int, folder: Path) -> dict[str, Any]:
    """A network that reads each word alone, led by several guides."""
    from salience.models.guided import follow, uniform
    from salience.training.explanation import compare_guides, reading_words_alone

    learned = base(data, start, seed, folder)
    guides = {"uniform": uniform, "learned": None, "base": follow(learned.model)}
    kept = adversary_of(data, start, seed, LEADING, folder)
    if kept.exists():
        other = learned.untrained(seed=seed)
        other.model.load_state_dict(torch.load(kept, weights_only=True))
        guides["adversary"] = follow(other.model)
    parts = [side(learned, data, name) for name in ("train", "validation", "test")]
    with tempfile.TemporaryDirectory() as run:
        reader = reading_words_alone(learned)
        return compare_guides(reader, guides, *parts, options=options(data, seed), folder=Path(run)).to_dict()


def between_seeds(data: str, start: str, seed: int, folder: Path) -> dict[str, Any]:
    """This seed against the first one."""
    from salience.evaluation.explanation import measure_difference

    first, other = (base(data, start, each, folder) for each in (0, seed))
    return measure_difference(first, other, sides(data)["test"][0]).to_dict()


def adversaries(data: str, start: str, seed: int, folder: Path) -> dict[str, Any]:
    """Models that answer like the base and look elsewhere, at several weights."""
    from salience.evaluation.explanation import measure_difference
    from salience.training.explanation import train_adversary

    learned, found = base(data, start, seed, folder), {}
    sides_of = [side(learned, data, name) for name in ("train", "validation")]
    for weight in WEIGHTS:
        with tempfile.TemporaryDirectory() as run:
            made = train_adversary(learned, *sides_of, weight=weight, options=options(data, seed), folder=Path(run))
        torch.save(made.model.state_dict(), adversary_of(data, start, seed, weight, folder))
        difference = measure_difference(learned, made, sides(data)["test"][0]).to_dict()
        found[f"{weight:g}"] = {"scores": scored(made, data), "difference": difference}
        print(f"  weight {weight:g}: {difference['divergence']['mean']}, {difference['change']['mean']}", flush=True)
    return found


def adversary_of(data: str, start: str, seed: int, weight: float, folder: Path) -> Path:
    """Where the weights of an adversary are kept."""
    return folder / f"{data}-{start}-{seed}-against-{weight:g}.pt".replace(" ", "-")


def scored(pipeline: Any, data: str) -> dict[str, Any]:
    """The scores on the test rows."""
    from salience.evaluation import task_scores

    test = side(pipeline, data, "test")
    found = task_scores(pipeline.task, pipeline.raw(test.examples), pipeline.task.encode(test.targets))
    return {name: each.to_dict() for name, each in found.items()}


def beyond(first: Any, second: Any, data: str) -> dict[str, Any]:
    """What the second model scores beyond the first, on the same draws of test rows."""
    from salience.evaluation.comparison.difference import score_changes
    from salience.evaluation.scores import answer_statistics

    statistics = []
    for pipeline in (first, second):
        test = side(pipeline, data, "test")
        answers = pipeline.task.probabilities(pipeline.raw(test.examples).double()).numpy()
        statistics.append(answer_statistics(pipeline.task, answers, pipeline.task.encode(test.targets)))
    changes = score_changes(*statistics, len(sides(data)["test"][0]), Bootstrap())
    return {name: change.difference.to_dict() for name, change in changes.items()}


def largest(pipeline: Any, texts: Sequence[str]) -> dict[str, float]:
    """How peaked the attention is: the largest weight of a row, and how many times the mean weight that is."""
    from salience.evaluation.importance import Received

    weights = [each["text"] for each in Received().scores(pipeline, pipeline.encode(texts))]
    return {
        "weight": statistics.fmean(float(each.max()) for each in weights),
        "times the mean": statistics.fmean(float(each.max()) * len(each) for each in weights),
    }


def some(texts: Sequence[str], count: int) -> list[str]:
    """So many of the texts, the same ones each time, whatever their order."""
    return sorted(texts, key=lambda text: sha256(text.encode()).digest())[:count]


PARTS: Mapping[str, Callable[[str, str, int, Path], dict[str, Any]]] = {
    "base": jain_wallace,
    "seeds": between_seeds,
    "uniform": same_everywhere,
    "adversary": adversaries,
    "words": words_alone,
}


def run(data: str, part: str, start: str, seed: int, folder: Path) -> None:
    """Do one part for one seed, and add it to `results/runs/explanation-<data>.jsonl`."""
    found: dict[str, Any] = {}
    took = timed(lambda: found.update(PARTS[part](data, start, seed, folder)))
    facts = {"part": part, "start": start, "seed": seed, "cut": asdict(CUTS[data]), "commit": commit()}
    path = _path(data)
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a", encoding="utf-8") as file:
        file.write(json.dumps(_rounded({**facts, "core_seconds": took.cpu, "found": found})) + "\n")
    print(f"{data}, {part}, {start}, seed {seed}: {took.cpu:.0f} s of CPU time", flush=True)


def records(data: str) -> dict[tuple[str, str, int], dict[str, Any]]:
    """All runs so far with the present cut, the latest of each part, start and seed."""
    path = _path(data)
    lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
    cut = json.loads(json.dumps(asdict(CUTS[data])))
    known = [each for each in map(json.loads, lines) if each["cut"] == cut]
    return {(each["part"], each["start"], each["seed"]): each for each in known}


def summarise(data: str) -> list[Row]:
    """Every number, over the seeds that ran."""
    known = records(data)
    rows = []
    for start in STARTS:
        for part, listed in LISTED.items():
            found = [each["found"] for (name, of, _), each in known.items() if (name, of) == (part, start)]
            named = [dict(listed(each)) for each in found]
            for what in dict.fromkeys(what for each in named for what in each):
                note = f"published {PUBLISHED[data][what]}" if part == "base" and what in PUBLISHED[data] else ""
                rows.append(_over_seeds(f"{start}: {what}", [each[what] for each in named if what in each], note))
    return rows


Named = Iterator[tuple[str, Mapping[str, Any]]]


def _of_base(found: Mapping[str, Any]) -> Named:
    yield from ((name, found["scores"][name]) for name in ("accuracy", "auroc"))
    yield "largest weight, times the mean", {"value": found["largest"]["times the mean"]}
    for pair, each in found["correlations"]["overall"].items():
        yield pair, each["tau"]["mean"]
        yield f"{pair}, standard deviation over rows", {"value": each["tau"]["deviation"]}
        yield f"{pair}, share significant", each["significant"]
    for name, each in found["correlations"]["by_class"].items():
        yield from ((f"{pair}, predicted {name}", of["tau"]["mean"]) for pair, of in each.items())
    yield from _broken_down("median change of permutations", found["permutation"]["change"])
    for epsilon, each in found["alternatives"].items():
        yield from _broken_down(f"furthest alternative within {epsilon}", each["divergence"])


def _broken_down(what: str, found: Mapping[str, Any]) -> Named:
    yield what, found["overall"]["mean"]
    for quarter, each in enumerate(found["by_largest_weight"]):
        if each["num_rows"]:
            yield f"{what}, largest weight from {quarter / 4:g}", each["mean"]


def _of_seeds(found: Mapping[str, Any]) -> Named:
    yield "between seeds, divergence", found["divergence"]["mean"]
    yield "between seeds, change of answers", found["change"]["mean"]


def _of_uniform(found: Mapping[str, Any]) -> Named:
    yield "uniform, accuracy", found["scores"]["accuracy"]
    yield from (
        (f"learned beyond uniform, {name}", found["learned beyond uniform"][name]) for name in ("accuracy", "auroc")
    )
    yield "uniform, divergence", found["difference"]["divergence"]["mean"]
    yield "uniform, change of answers", found["difference"]["change"]["mean"]


def _of_adversaries(found: Mapping[str, Any]) -> Named:
    for weight, each in found.items():
        yield f"adversary {weight}, divergence", each["difference"]["divergence"]["mean"]
        yield f"adversary {weight}, change of answers", each["difference"]["change"]["mean"]
        yield f"adversary {weight}, accuracy", each["scores"]["accuracy"]


def _of_words(found: Mapping[str, Any]) -> Named:
    reference = found["reference"]
    for number, (name, each) in enumerate(found["changes"].items()):
        if not number:
            yield f"words alone, {reference}, accuracy", each["accuracy"]["first"]
        yield f"words alone, {name}, accuracy", each["accuracy"]["second"]
        yield f"words alone, {name} beyond {reference}, accuracy", each["accuracy"]["difference"]


LISTED: Mapping[str, Callable[[Mapping[str, Any]], Named]] = {
    "base": _of_base,
    "seeds": _of_seeds,
    "uniform": _of_uniform,
    "adversary": _of_adversaries,
    "words": _of_words,
}


def _over_seeds(what: str, scores: Sequence[Mapping[str, Any]], note: str) -> Row:
    """The mean over seeds; the interval of a single seed is that over rows."""
    from scipy.stats import t

    if len(scores) == 1:
        (score,) = scores
        told = "; ".join(filter(None, ("one seed, interval over rows", note)))
        return Row(what, score["value"], "", score.get("low"), score.get("high"), note=told)
    values = [score["value"] for score in scores]
    mean = statistics.fmean(values)
    half = float(t.ppf(0.975, len(values) - 1)) * statistics.stdev(values) / len(values) ** 0.5
    return Row(what, mean, "", mean - half, mean + half, note="; ".join(filter(None, (f"{len(values)} seeds", note))))


def _path(data: str) -> Path:
    return RESULTS / "runs" / f"explanation-{data}.jsonl"


def _rounded(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _rounded(each) for name, each in value.items()}
    if isinstance(value, list | tuple):
        return [_rounded(each) for each in value]
    return float(f"{value:.5g}") if isinstance(value, float) else value


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", choices=sorted(CUTS), required=True)
    parser.add_argument("--parts", nargs="*", choices=list(PARTS), default=list(PARTS))
    parser.add_argument("--start", choices=list(STARTS), default="vectors")
    parser.add_argument("--seeds", nargs="+", type=int, default=[0, 1, 2])
    parser.add_argument("--models", type=Path, default=Path(tempfile.gettempdir()) / "salience-explanation")
    given = parser.parse_args()
    given.models.mkdir(parents=True, exist_ok=True)
    for part in given.parts:
        for seed in given.seeds:
            same = part == "seeds" and seed == 0
            if not same and (part, given.start, seed) not in records(given.data):
                run(given.data, part, given.start, seed, given.models)
    write(f"explanation_{given.data}", summarise(given.data), differences=DIFFERENCES, cut=asdict(CUTS[given.data]))
    fill("explanation")


if __name__ == "__main__":
    main()
