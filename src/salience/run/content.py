"""From what was measured to what a report shows. Nothing is computed here but words."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from salience.core.place import Column, Heat
from salience.data.graph import Graph, NodeView, PairView
from salience.data.graph_learned import graph_in
from salience.data.infer import Inference
from salience.data.mend import mended
from salience.data.modality import Modality, columns_of
from salience.data.target import Listed
from salience.data.windows import Window
from salience.evaluation import Score
from salience.evaluation.competition import RANDOM
from salience.evaluation.effect import Effect
from salience.evaluation.faithfulness import Faithfulness
from salience.evaluation.seeds import SeedAgreement
from salience.evaluation.verdict import judge
from salience.pipeline import Pipeline
from salience.reports import content as show
from salience.reports.naming import TABLE
from salience.run.measure import Classes, Seen, Shown
from salience.run.trajectories import drawing, truth
from salience.tasks import Answer, Forecast, Trajectory
from salience.training import Fitted

_RANDOM = ("random order", "no importance at all: the yardstick", False)
#: What each importance method is called, what its numbers say, and whether they have a sign.
METHODS: Mapping[str, tuple[str, str, bool]] = {
    "received": ("received attention", "the share of its attention that the model paid to each unit", False),
    "rollout": ("attention rollout", "the share of attention that reaches each unit through all layers", False),
    "integrated_gradients": (
        "integrated gradients",
        "what each unit adds to the log-odds on the way from an empty input",
        True,
    ),
    "gradient_x_input": ("gradient x input", "how fast the log-odds change as each unit is scaled", True),
    "leave_one_out": ("leave one out", "how far the log-odds fall when the unit is taken away", True),
    "shapley": ("Shapley values", "what each unit adds to the log-odds, averaged over orders of removal", True),
    "random_order": _RANDOM,
    # What a measurement calls all its random orders together.
    RANDOM: _RANDOM,
}


#: Scores as they are called in sentences.
SCORES: Mapping[str, str] = {
    "macro_f1": "macro F1",
    "micro_f1": "micro F1",
    "auroc": "AUROC",
    "log_loss": "log loss",
    "ece": "calibration error (ECE)",
    "subset_accuracy": "all labels right",
    "hamming": "wrong decisions (Hamming loss)",
    "r2": "R2",
    "rmse": "root mean squared error",
    "mae": "mean absolute error",
    "mse": "mean squared error",
    "mae_units": "mean absolute error in the user's unit",
    "mase": "MASE",
    "mase_pooled": "MASE by one scale for all series",
    "smape": "sMAPE (percent)",
    "direction": "right direction",
    "pinball": "pinball loss",
    "coverage": "coverage of the interval",
    "pearson": "Pearson correlation",
    "spearman": "Spearman correlation",
    "ndcg": "NDCG",
    "mrr": "reciprocal rank of the first (MRR)",
    "top_precision": "precision of the first",
    "first_gain": "mean target of the first",
}


def title(name: str) -> str:
    """What a score is called in sentences."""
    return SCORES.get(name, name)


def method(name: str) -> show.Method:
    """A method of importance in words a reader understands."""
    title, meaning, signed = METHODS[name]
    return show.Method(title, meaning, signed)


def said(answer: Answer) -> str:
    """A prediction as text."""
    prediction = answer.prediction
    if isinstance(prediction, tuple):
        return ", ".join(prediction) or "none"
    number = f"{prediction:.6g}" if isinstance(prediction, float) else str(prediction)
    return number if answer.rank is None else f"{number}, rank {answer.rank}"


def written(target: Any) -> str:
    """A target as text."""
    return f"{said(Answer(target.value))} in '{target.list}'" if isinstance(target, Listed) else said(Answer(target))


def examples(
    shown: Sequence[Shown], ids: Sequence[str], rows: Sequence[Mapping[str, object]], seen: Seen, targets: Sequence[Any]
) -> tuple[show.ShownExample, ...]:
    """The rows to look at, each with its answer and its importances."""
    return tuple(_example(each, ids, rows, seen, targets) for each in shown)


def _example(
    shown: Shown, ids: Sequence[str], rows: Sequence[Mapping[str, object]], seen: Seen, targets: Sequence[Any]
) -> show.ShownExample:
    answer, target = seen.answers[shown.index], targets[shown.index]
    return example(
        ids[shown.index],
        rows[shown.index],
        answer,
        shown.heats,
        target=str(truth(target, answer)) if isinstance(target, Window) else written(target),
        correct=None if isinstance(answer.prediction, float | Trajectory) else answer.prediction == target,
        note=shown.note,
        by_step=shown.by_step,
    )


def example(
    row_id: str,
    row: Mapping[str, object],
    answer: Answer,
    heats: Mapping[str, Sequence[Heat]],
    *,
    target: str | None = None,
    correct: bool | None = None,
    note: str = "",
    by_step: Mapping[int, Sequence[Heat]] | None = None,
) -> show.ShownExample:
    """One row with its answer and its importances by method, and of a forecast attention for some of its steps."""
    return show.ShownExample(
        row_id=row_id,
        cells=cells_of(row, answer, heats, by_step),
        prediction=said(answer),
        target=target,
        correct=correct,
        probability=answer.probability,
        probabilities=answer.probabilities,
        heats={METHODS[name][0]: tuple(each) for name, each in heats.items()},
        note=note,
    )


def cells_of(
    row: Mapping[str, object],
    answer: Answer,
    heats: Mapping[str, Sequence[Heat]],
    by_step: Mapping[int, Sequence[Heat]] | None = None,
) -> dict[str, str]:
    """What is drawn: each cell by itself, but all columns of a table in one picture."""
    drawn = [heat for each in heats.values() for heat in each if isinstance(heat.unit.place, Column)]
    tabular = {heat.unit.column for heat in drawn}
    cells = {name: cell_text(cell, answer, by_step) for name, cell in row.items() if name not in tabular}
    return {**cells, TABLE: ""} if tabular else cells


def cell_text(cell: object, answer: Answer, by_step: Mapping[int, Sequence[Heat]] | None = None) -> str:
    """What a picture of a cell is drawn from: its text, or the numbers of a window and its forecast as JSON."""
    if isinstance(cell, Window):
        return drawing(cell, answer, by_step)
    if isinstance(cell, NodeView | PairView | Graph):
        graph = graph_in(cell)
        asked = [] if isinstance(cell, Graph) else [str(graph.ids[number]) for number in cell.asked]
        return json.dumps({"asked": asked, "directed": graph.directed}, ensure_ascii=False)
    return mended(cell) if isinstance(cell, str) else ""


def proof(found: Faithfulness) -> show.Proof:
    """The proof, as a report draws it."""
    scale, effects = next(iter(found.effects.items()))
    guards = [show.Finding("warning" if found.shift.unusual else "ok", found.shift.sentence)]
    if found.num_short:
        guards.append(show.Finding("note", f"{found.num_short} rows with fewer than four units were passed over"))
    if found.num_constant:
        sentence = f"{found.num_constant} rows have the same importance everywhere; their order is random"
        guards.append(show.Finding("note", sentence))
    return show.Proof(
        verdict=found.verdict,
        sentence=in_words(found.sentence),
        methods=tuple(_judged(name, effect, found) for name, effect in effects.items()),
        shown=METHODS[found.method][0],
        best=METHODS[found.best][0],
        ruler=METHODS[found.best_of_kind][0] + (" without its signs" if found.unsigned else ""),
        reference=METHODS[RANDOM][0],
        count=found.num_rows,
        seed=found.seed,
        operator="the unit is taken out, and the rest moves together",
        scale={"log_odds": "log-odds of the prediction", "closeness": "closeness to the prediction"}[scale],
        guards=tuple(guards),
    )


def _judged(name: str, effect: Effect, found: Faithfulness) -> show.MethodProof:
    skill, verdict, sentence = found.skills.get(name), "", ""
    if name == found.method:
        # Its own kind is the measure, which may be one without signs.
        skill, verdict, sentence = found.skill, found.verdict, found.sentence
    elif name in found.skills and name not in (found.best, RANDOM):
        judged = judge(found.skills[name], method=name, best=found.best, count=found.num_rows)
        verdict, sentence = judged.word, judged.sentence
    return show.MethodProof(
        name=METHODS[name][0],
        comprehensiveness=effect.comprehensiveness,
        sufficiency=effect.sufficiency,
        fraction_to_flip=found.flips[name].fraction if found.flips else None,
        skill=skill,
        verdict=verdict,
        sentence=in_words(sentence),
        deletion=_curve(effect.deletion_curve, found),
        insertion=_curve(effect.insertion_curve, found),
    )


def _curve(scores: Sequence[Score], found: Faithfulness) -> tuple[show.CurvePoint, ...]:
    fractions = [0.0, *(max(percent, 1) / 100 for percent in found.percent), 1.0]
    points = zip(fractions, scores, strict=True)
    return tuple(
        show.CurvePoint(fraction, score.value, score.low, score.high)
        for fraction, score in points
        if score.value is not None
    )


def score_rows(name: str, scores: Mapping[str, Score], *, baseline: str = "") -> tuple[show.ScoreRow, ...]:
    """Scores of the model, or of a baseline, on one side."""
    return tuple(show.ScoreRow(title(each), name, score, baseline=baseline) for each, score in scores.items())


def class_rows(found: Classes) -> tuple[show.ClassRow, ...]:
    """One line per class."""
    return tuple(
        show.ClassRow(name, each.precision, each.recall, each.f1, each.support) for name, each in found.scores.items()
    )


def confusion(found: Classes, pipeline: Pipeline) -> show.Confusion | None:
    """Which class was taken for which."""
    if found.confusion is None:
        return None
    labels: list[str] = pipeline.task.state()["labels"]
    return show.Confusion(tuple(labels), tuple(tuple(row) for row in found.confusion))


def calibration(found: Classes, scores: Mapping[str, Score]) -> show.Calibration | None:
    """Whether stated probabilities come true."""
    if found.bins is None:
        return None
    bins = tuple(show.CalibrationBin(*each) for each in found.bins)
    return show.Calibration(bins, scores["ece"], found.error_before)


def history(fitted: Sequence[Fitted], metric: str) -> show.History:
    """The epochs of training; those of the first of several models."""
    first = fitted[0]
    return show.History(
        title(metric),
        tuple(
            show.Epoch(each.number, each.loss, each.scores.get(metric), each.rate, each.seconds, each.best)
            for each in first.history
        ),
        note=first.stopped
        if len(fitted) == 1
        else f"{first.stopped}; this is the first of {len(fitted)} models, and history.csv holds all",
    )


def seeds(
    pipeline: Pipeline,
    fitted: Sequence[Fitted],
    alone: Sequence[Mapping[str, Score]],
    together: Mapping[str, Score],
    agreement: SeedAgreement | None,
    *,
    seed: int,
) -> show.Seeds:
    """The members of an ensemble, and how far they agree."""
    metric = pipeline.task.scores[0]
    members = tuple(
        show.Member(seed + number, each.best.number, len(each.history), scores[metric])
        for number, (each, scores) in enumerate(zip(fitted, alone, strict=True))
    )
    if agreement is None:
        return show.Seeds(title(metric), members, together[metric])
    return show.Seeds(
        title(metric),
        members,
        together[metric],
        spearman=agreement.spearman,
        kendall=agreement.kendall,
        faint=agreement.faint,
        count=agreement.num_rows,
    )


def headline(pipeline: Pipeline, target: str, seen: Seen, baseline: tuple[str, Score] | None) -> tuple[str, ...]:
    """What the model predicts and how well, and how well the best baseline does."""
    inputs = " and ".join(map(_input, pipeline.modalities.items()))
    name, asked = pipeline.task.scores[0], f"Predicts '{target}' from {inputs}"
    if isinstance(pipeline.task, Forecast):
        asked = _forecast(pipeline.task)
    first = f"{asked} with {title(name)} {_told(seen.scores[name])} on the test rows."
    if baseline is None:
        return (first,)
    model, best = baseline
    return (first, f"The best baseline, {model}, reaches {_told(best)}.")


def _forecast(task: Forecast) -> str:
    """What is forecast, and how far."""
    what = f"'{task.targets[0]}'" if len(task.targets) == 1 else f"{len(task.targets)} variables"
    return f"Forecasts {what}, {task.horizon} {'step' if task.horizon == 1 else 'steps'} ahead,"


def _input(given: tuple[str, Modality]) -> str:
    """An input in a sentence: its column, or how many there are."""
    columns = columns_of(*given)
    return f"'{columns[0]}'" if len(columns) == 1 else f"{len(columns)} columns"


def inferred(found: Inference) -> tuple[str, ...]:
    """What was concluded from the data alone, one sentence each."""
    rows = f"{found.num_rows - found.num_missing:,} rows have a target"
    if found.num_missing:
        rows += f"; {found.num_missing:,} without one were left out"
    columns = (f"'{each.name}' is {each.kind.name}, {each.role}: {each.reason}." for each in found.columns)
    return (f"The task is {found.task}, because {found.reason}.", f"{rows}.", *columns, *found.notes)


def now() -> str:
    """The present moment as it is to be read."""
    return f"{datetime.now():%-d %B %Y, %H:%M}"


def in_words(sentence: str) -> str:
    """A sentence with the titles of methods in place of their names."""
    for name, (title, _, _) in METHODS.items():
        sentence = sentence.replace(f"'{name}'", title).replace(f"'{name.replace('_', ' ')}'", title)
    return re.sub(r"(^|[.?!] )([a-z])", lambda found: found[1] + found[2].upper(), sentence)


def _told(score: Score) -> str:
    return "undefined" if score.value is None else f"{score.value:.3f}"
