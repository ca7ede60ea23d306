"""How far the attention of a trained pipeline agrees with what people marked in rows that did not teach it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from salience.core.batch import Example
from salience.data.rationale import Rationale
from salience.evaluation.importance import Received
from salience.evaluation.plausibility import Plausibility, measure_plausibility
from salience.pipeline import Pipeline
from salience.run.folder import RunFolder

#: By side and marked column.
Agreements = dict[str, dict[str, Plausibility]]


def agreement(
    pipeline: Pipeline,
    examples: Sequence[Mapping[str, Example]],
    rationales: Mapping[str, Sequence[Rationale | None]],
    *,
    seed: int,
) -> dict[str, Plausibility]:
    """The agreement in each marked column that has an annotated row; what a unit received is its importance."""
    annotated = [column for column, found in rationales.items() if any(each is not None for each in found)]
    scores = Received().scores(pipeline, examples) if annotated else []
    found = {}
    for column in annotated:
        marks = [
            None if rationale is None else rationale.marks(example[column].places)
            for rationale, example in zip(rationales[column], examples, strict=True)
        ]
        found[column] = measure_plausibility([each[column] for each in scores], marks, seed=seed)
    return found


def write_agreement(folder: RunFolder, found: Agreements) -> None:
    """All of it in `plausibility.json`, and the two numbers that matter most among the metrics of the run."""
    whole = {side: {name: each.to_dict() for name, each in columns.items()} for side, columns in found.items()}
    folder.write_json("plausibility.json", whole)
    short = {side: {name: _short(each) for name, each in columns.items()} for side, columns in found.items()}
    folder.write_json("metrics.json", {**folder.read_json("metrics.json"), "plausibility": short})


def _short(found: Plausibility) -> dict[str, Any]:
    """With the chance level of both: that of random units."""
    return {
        "average_precision": found.importance.average_precision.to_dict(),
        "token_f1": found.importance.tokens.f1.to_dict(),
        "random_average_precision": found.permuted.average_precision.to_dict(),
        "random_token_f1": found.random_token_f1.to_dict(),
        "rows": found.num_rows,
    }
