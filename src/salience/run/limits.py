"""What a trained pipeline is for, and what it does not tell: the sentences of its card."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, cast

from salience.data.modalities import Series
from salience.data.windows import Window
from salience.models.networks.network import Network
from salience.pipeline import Pipeline
from salience.run.importance_table import looks_once
from salience.tasks import Forecast

INTENDED_USE = (
    "Answers rows that resemble the training rows. Importances say what the model used, as far as the measurement "
    "below confirms it; they do not say what causes the target in the world."
)
_UNLIKE = "Rows unlike the training rows are answered all the same, and often with unfounded certainty."
_ALONE = "An importance explains this model, not the world, and not another model trained with another seed."
_SEVERAL = "An importance explains these models, not the world. Where it is faint, another seed may well say otherwise."
_ONE_LOOK = "The model looks once for all steps of its forecast: its importance does not tell the first from the last."


def limits(pipeline: Pipeline, targets: Sequence[Any], *, unproven: str = "") -> tuple[str, ...]:
    """One sentence for each.

    Args:
        targets: those of the test rows.
        unproven: why the importance was not put to the proof, if it was not.
    """
    found = [_UNLIKE, _SEVERAL if pipeline.members else _ALONE]
    if unproven:
        found.append(f"The importance was not put to the proof: {unproven}.")
    if isinstance(pipeline.task, Forecast):
        once = [_ONE_LOOK] if looks_once(pipeline) else []
        found += [*once, *left_aside(pipeline), *_unscaled(pipeline.task, targets)]
    return tuple(found)


def left_aside(pipeline: Pipeline) -> list[str]:
    """What a network that forecasts each variable from its own past does not read."""
    model = (pipeline.members[0] if pipeline.members else pipeline).model
    if not isinstance(model, Network) or not model.alone:
        return []
    (series,) = pipeline.modalities.values()
    others = [
        name for name in cast(Series, series).channels.variables if name not in cast(Forecast, pipeline.task).targets
    ]
    if not others:
        return []
    return [
        f"{type(model).__name__} forecasts each variable from its own past and does not read "
        f"{', '.join(map(repr, others))}: RecurrentAttention, TemporalFusion and ITransformer do."
    ]


def _unscaled(task: Forecast, windows: Sequence[Window]) -> list[str]:
    """Which series have no naive error that theirs could be divided by."""
    names = list(dict.fromkeys(window.name for window in windows))
    without = [name for name in names if not all(each > 0 for each in task.naive_of_series.get(name, (0.0,)))]
    if not without:
        return []
    return [
        f"MASE leaves out {len(without):,} of {len(names):,} series, which do not change from one season to the next "
        f"in the training rows, or are not in them: {', '.join(map(repr, without[:5]))}."
    ]
