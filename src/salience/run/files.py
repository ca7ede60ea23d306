"""The tables and numbers that a run leaves for other programs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from salience.data.target import lists_of
from salience.data.windows import Window
from salience.evaluation import Score
from salience.evaluation.faithfulness import Faithfulness
from salience.evaluation.forecast_tables import scores_by_series, scores_by_step
from salience.evaluation.seeds import SeedAgreement
from salience.run.folder import RunFolder
from salience.run.measure import Classes, Seen
from salience.run.trajectories import trajectories_frame
from salience.tasks import Answer, Forecast, Trajectory
from salience.training import Fitted


def write_numbers(
    folder: RunFolder,
    fitted: Sequence[Fitted],
    sides: Mapping[str, Mapping[str, Score]],
    beside: Mapping[str, Mapping[str, Score]],
    proof: Faithfulness | None,
    by_class: Classes | None,
) -> None:
    """Scores, baselines and history, and what was found of faithfulness."""
    folder.write_json(
        "metrics.json",
        {
            **{side: {name: score.to_dict() for name, score in scores.items()} for side, scores in sides.items()},
            "baselines": {
                name: {each: score.to_dict() for each, score in scores.items()} for name, scores in beside.items()
            },
            "classes": {name: each.to_dict() for name, each in by_class.scores.items()} if by_class else {},
            **(_course(fitted[0]) if len(fitted) == 1 else {}),
        },
    )
    if proof:
        folder.write_json("faithfulness.json", proof.to_dict())
    lines = [
        {
            **({"member": member} if len(fitted) > 1 else {}),
            "epoch": epoch.number,
            "loss": epoch.loss,
            **epoch.scores,
            "rate": epoch.rate,
            "seconds": epoch.seconds,
            "best": epoch.best,
        }
        for member, each in enumerate(fitted, start=1)
        for epoch in each.history
    ]
    folder.write_text("history.csv", pd.DataFrame(lines).to_csv(index=False))


def write_members(
    folder: RunFolder,
    fitted: Sequence[Fitted],
    alone: Sequence[Mapping[str, Score]],
    agreement: SeedAgreement | None,
    *,
    seed: int,
) -> None:
    """Add to the scores of an ensemble how each member does alone, and how far they agree on what is important."""
    members = [
        {"seed": seed + number, **_course(each), "test": {name: score.to_dict() for name, score in scores.items()}}
        for number, (each, scores) in enumerate(zip(fitted, alone, strict=True))
    ]
    found = {"members": members, "seed_agreement": agreement.to_dict() if agreement else None}
    folder.write_json("metrics.json", {**folder.read_json("metrics.json"), **found})


def _course(fitted: Fitted) -> dict[str, Any]:
    """How one model was trained, in short."""
    return {"best_epoch": fitted.best.number, "epochs": len(fitted.history), "stopped": fitted.stopped}


def write_answers(folder: RunFolder, ids: Sequence[str], seen: Seen, targets: Sequence[Any]) -> None:
    """The answer to every test row beside its target; of forecasts, those that do not overlap."""
    if any(isinstance(each.prediction, Trajectory) for each in seen.answers[:1]):
        folder.write_text("predictions.csv", trajectories_frame(ids, seen.answers, targets).to_csv(index=False))
        return
    frame = answers_frame(ids, seen.answers)
    lists = lists_of(targets)
    if lists is not None:
        frame.insert(1, "list", lists)
        targets = [each.value for each in targets]
    frame.insert(1, "target", ["|".join(each) if isinstance(each, tuple) else each for each in targets])
    folder.write_text("predictions.csv", frame.to_csv(index=False))


def write_series_scores(folder: RunFolder, task: Forecast, seen: Seen, windows: Sequence[Window]) -> None:
    """How well each series is forecast, and each step of the horizon, in the test windows."""
    answers, target = task.probabilities(seen.raw.double()).numpy(), seen.target.numpy()
    by_series = scores_by_series(task, answers, target, [window.name for window in windows])
    folder.write_text("scores_by_series.csv", by_series.to_csv(index=False))
    folder.write_text("scores_by_step.csv", scores_by_step(task, answers, target).to_csv(index=False))


def answers_frame(ids: Sequence[str], answers: Sequence[Answer]) -> pd.DataFrame:
    """One line per row: its id, the prediction, its probability and that of every class; its rank, if it has one."""
    lines = [
        {
            "row": row,
            "prediction": "|".join(answer.prediction) if isinstance(answer.prediction, tuple) else answer.prediction,
            "probability": answer.probability,
            **{f"probability of {label}": each for label, each in answer.probabilities.items()},
            **({} if answer.rank is None else {"rank": answer.rank}),
        }
        for row, answer in zip(ids, answers, strict=True)
    ]
    return pd.DataFrame(lines, columns=None if lines else ["row", "prediction", "probability"])
