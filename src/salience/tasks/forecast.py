"""Forecast: the numbers of some variables over the next steps, or quantiles of them.

Legend: N rows, H steps of the horizon, T targets, Q outputs per number (1, or that of the quantiles), D width,
M models, C = H T Q.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Self

import numpy as np
import torch
from jaxtyping import Float, Int
from torch import Tensor, nn
from torch.nn import functional as F

from salience.core.errors import ConfigError, DataError, did_you_mean
from salience.data.long_table import LongTable
from salience.data.modalities import Series
from salience.data.windows import Window, moments, only_table
from salience.models.networks.network import WindowShape
from salience.tasks.answer import Answer
from salience.tasks.trajectory import Trajectory

#: The choice that is explained by default: the mean over the horizon of the first target.
MEAN = -1
_SCORES = ("mse", "mae", "mae_units", "mase", "mase_pooled", "smape", "direction")
#: What may be learned to be small, of the differences between truth and forecast.
ERRORS: Mapping[str, Callable[[Tensor], Tensor]] = {
    "squared": torch.square,
    "absolute": torch.abs,
    "huber": lambda errors: F.huber_loss(errors, torch.zeros_like(errors), reduction="none"),
}


class Forecast:
    r"""T variables over the next H steps, learned on the scale of the training rows (mean 0, standard deviation 1).

    The loss is the squared error :math:`e^2` of :math:`e = y - \hat y`, the absolute one :math:`|e|`, or Huber's,
    :math:`e^2 / 2` up to 1 and :math:`|e| - 1/2` beyond it; averaged over all true values that are known. With
    quantiles it is the pinball loss :math:`\max(q e, (q - 1) e)`, averaged over them as well; the quantiles of an
    answer are put in ascending order, so that they never cross (Chernozhukov et al. 2010, "Quantile and Probability
    Curves without Crossing").

    A target is a `salience.data.windows.Window`. Encoded it is [2 + H, T]: the naive error of its series in the
    training rows, the last known value, then the true values; NaN where one is missing. A choice is the number
    `step * T + target` of one value, counted from 0, or -1 for the mean over the horizon of the first target.

    Args:
        horizon: steps ahead, H.
        targets: the variables to forecast; by default all that are not known ahead.
        quantiles: ascending, with 0.5, which is the forecast where one number is wanted.
        season: steps of one season (24 for a day of hours). The naive error that MASE divides by is that of the value
            one season before, in the training rows of the same series.
        error: what is learned to be small: "squared", "absolute" or "huber", which minds odd values less; without
            quantiles only.

    Raises:
        ConfigError: an option lies outside its range.

    Reference: Hyndman and Koehler 2006, "Another Look at Measures of Forecast Accuracy" (MASE).
    """

    def __init__(
        self,
        *,
        horizon: int,
        targets: Sequence[str] | None = None,
        quantiles: Sequence[float] | None = None,
        season: int = 1,
        error: str = "squared",
    ) -> None:
        if horizon < 1 or season < 1:
            raise ConfigError(f"horizon is {horizon} and season is {season}", where="Forecast", fix="give 1 or more")
        self.horizon = horizon
        self.season = season
        if error not in ERRORS:
            raise ConfigError(f"there is no error '{error}'", where="Forecast, error", fix=did_you_mean(error, ERRORS))
        if quantiles and error != "squared":
            raise ConfigError(
                f"quantiles have a loss of their own, and the error is to be {error}",
                where="Forecast",
                fix="leave out `quantiles` or `error`",
            )
        self.error = error
        self.quantiles = () if quantiles is None else tuple(quantiles)
        _check(self.quantiles)
        self.scores: tuple[str, ...] = ("pinball", *_SCORES, "coverage") if self.quantiles else _SCORES
        self.targets: tuple[str, ...] = () if targets is None else tuple(targets)
        self.mean: list[float] = []
        self.deviation: list[float] = []
        #: Per target, the mean absolute difference to one season before, in the training rows and the user's unit: of
        #: all series together, and of each by its name.
        self.naive: list[float] = []
        self.naive_of_series: dict[str, list[float]] = {}

    @property
    def outputs(self) -> int:
        """Numbers per forecast, Q."""
        return len(self.quantiles) or 1

    @property
    def point(self) -> int:
        """Which of them is the forecast where one number is wanted."""
        return self.quantiles.index(0.5) if self.quantiles else 0

    def fit(self, targets: Sequence[Window]) -> Self:
        """Learn names and scale from all rows that these windows see.

        Raises:
            DataError: there is no window, a target is no variable or is known ahead, or has no number in these rows.
        """
        table, rows = only_table(targets)
        free = [name for v, name in enumerate(table.variables) if not table.known[v] and name not in table.categories]
        self.targets = self.targets or tuple(free)
        for name in self.targets:
            if name not in free:
                raise DataError(
                    f"the target '{name}' {_refused(table, name)}", where="Forecast", fix=did_you_mean(name, free)
                )
        index = [table.variables.index(name) for name in self.targets]
        mean, deviation = moments(table, rows, index)
        self.mean, self.deviation = mean.tolist(), deviation.tolist()
        self.naive, self.naive_of_series = _naive(table, rows, index, self.season)
        return self

    def encode(self, targets: Sequence[Window]) -> Float[Tensor, "N 2+H T"]:
        if not len(targets):
            return torch.empty(0, 2 + self.horizon, len(self.targets))
        return torch.from_numpy(np.stack([self._encoded(each) for each in targets]))

    def head(self, width: int) -> nn.Module:
        return nn.Linear(width, self.horizon * len(self.targets) * self.outputs)

    def loss(self, raw: Float[Tensor, "N C"], target: Float[Tensor, "N 2+H T"]) -> Float[Tensor, ""]:
        true = self.true(target)[..., None].to(raw.dtype)
        known = true.isfinite()
        errors = torch.where(known, true, 0.0) - self.apart(raw)
        if self.quantiles:
            levels = torch.tensor(self.quantiles, dtype=raw.dtype, device=raw.device)
            losses = torch.maximum(levels * errors, (levels - 1) * errors)
        else:
            losses = ERRORS[self.error](errors)
        return (losses * known).sum() / (known.sum() * self.outputs).clamp(min=1)

    def calibrate(self, raw: Float[Tensor, "N C"], target: Float[Tensor, "N 2+H T"]) -> None:
        """Numbers have no probability to calibrate."""

    def true(self, target: Float[Tensor, "N 2+H T"]) -> Float[Tensor, "N H T"]:
        """The true values of encoded targets, on the scale of the training rows."""
        return target[:, 2:]

    def apart(self, raw: Float[Tensor, "N C"]) -> Float[Tensor, "N H T Q"]:
        """The axes of raw numbers: steps, then targets, then quantiles."""
        return raw.reshape(len(raw), self.horizon, len(self.targets), self.outputs)

    def probabilities(self, raw: Float[Tensor, "N C"]) -> Float[Tensor, "N C"]:
        """The values in the user's unit, quantiles ascending."""
        mean = torch.tensor(self.mean, dtype=raw.dtype, device=raw.device)[:, None]
        deviation = torch.tensor(self.deviation, dtype=raw.dtype, device=raw.device)[:, None]
        return (self.apart(raw).sort(-1).values * deviation + mean).flatten(1)

    def average(self, raws: Float[Tensor, "M N C"]) -> Float[Tensor, "N C"]:
        """The mean of each value: see `Averaging`."""
        return raws.mean(0)

    def decode(self, raw: Float[Tensor, "N C"]) -> list[Answer]:
        """Each answer is a `Trajectory`."""
        values = self.apart(self.probabilities(raw.double())).cpu().numpy()
        return [Answer(Trajectory(self.targets, each[..., self.point], self.quantiles, each)) for each in values]

    def choose(self, raw: Float[Tensor, "N C"]) -> Int[Tensor, "N"]:
        """The mean over the horizon of the first target."""
        return torch.full((len(raw),), MEAN, dtype=torch.long, device=raw.device)

    def focus(self, raw: Float[Tensor, "N C"], choice: Int[Tensor, "N"] | None = None) -> Float[Tensor, "N"]:
        """The chosen value, in standard deviations of the training rows from their mean."""
        points = self.apart(raw)[..., self.point]
        mean = points[:, :, 0].mean(1)
        if choice is None:
            return mean
        single = points.flatten(1).gather(1, choice.clamp(min=0)[:, None]).squeeze(1)
        return torch.where(choice == MEAN, mean, single)

    def window_shape(self, series: Series, column: str) -> WindowShape:
        """What a whole network has to know of the windows that it reads and forecasts.

        Args:
            series: a fitted series, the input named `column`.
        """
        arranged = series.arrangement
        return WindowShape(
            look_back=series.look_back,
            horizon=self.horizon,
            variables=arranged.channels,
            targets=tuple(series.channels.names.index(name) for name in self.targets),
            outputs=self.outputs,
            future=arranged.num_ahead,
            plain=series.channels.plain,
            patch=series.patch if series.elements == "patches" else None,
            column=column,
        )

    def truth(self, target: Float[Tensor, "N 2+H T"]) -> Float[Tensor, "N"]:
        """What `focus` would be by default if the forecast were true, from encoded targets.

        Where no true value is known it is the mean of the training rows, 0.
        """
        return self.true(target)[..., 0].nanmean(1).nan_to_num(0.0)

    def state(self) -> dict[str, Any]:
        return {
            "targets": list(self.targets),
            "mean": self.mean,
            "deviation": self.deviation,
            "naive": self.naive,
            "naive_of_series": self.naive_of_series,
        }

    def restore(self, state: Mapping[str, Any]) -> Self:
        self.targets = tuple(state["targets"])
        self.mean, self.deviation, self.naive = (list(state[name]) for name in ("mean", "deviation", "naive"))
        # Models that were saved before series had errors of their own have none.
        self.naive_of_series = {name: list(each) for name, each in state.get("naive_of_series", {}).items()}
        return self

    def _encoded(self, window: Window) -> Float[np.ndarray, "2+H T"]:
        if not isinstance(window, Window) or window.horizon != self.horizon:
            raise DataError(f"expected a window with {self.horizon} steps after it, got {window!r}")
        index = [window.table.variables.index(name) for name in self.targets]
        values = np.concatenate([window.past[-1:, index], window.future[:, index]])
        naive = self.naive_of_series.get(window.name, [np.nan] * len(index))
        scaled = (values - np.array(self.mean)) / np.array(self.deviation)
        return np.concatenate([[np.array(naive) / np.array(self.deviation)], scaled]).astype(np.float32)


def _check(quantiles: tuple[float, ...]) -> None:
    rising = all(a < b for a, b in zip((0.0, *quantiles), (*quantiles, 1.0), strict=True))
    if quantiles and not (rising and 0.5 in quantiles):
        raise ConfigError(
            f"the quantiles are {list(quantiles)}",
            where="Forecast",
            fix="give ascending numbers between 0 and 1 with 0.5 among them, such as [0.1, 0.5, 0.9]",
        )


def _refused(table: LongTable, name: str) -> str:
    """Why a column cannot be forecast."""
    if name in table.categories:
        return "holds categories, and only numbers can be forecast"
    return "is known ahead" if name in table.variables else "is no variable of the series"


def _naive(
    table: LongTable, rows: np.ndarray, variables: Sequence[int], season: int
) -> tuple[list[float], dict[str, list[float]]]:
    """Mean absolute differences to one season before, of all series and of each; NaN where no two rows tell."""
    values = np.where(rows[:, None], table.values[:, list(variables)], np.nan)
    differences = np.abs(values[season:] - values[:-season])
    series = np.searchsorted(table.starts, np.arange(len(values)), side="right") - 1
    known = np.isfinite(differences) & (series[season:] == series[:-season])[:, None]
    sums, counts = (
        np.stack([np.bincount(series[season:], each, len(table.names)) for each in parts.T], axis=1)
        for parts in (np.where(known, differences, 0.0), known.astype(float))
    )
    together, alone = (_divided(*each) for each in ((sums.sum(0), counts.sum(0)), (sums, counts)))
    return together.tolist(), dict(zip(table.names, alone.tolist(), strict=True))


def _divided(sums: Float[np.ndarray, "*K T"], counts: Float[np.ndarray, "*K T"]) -> Float[np.ndarray, "*K T"]:
    return np.divide(sums, counts, out=np.full_like(sums, np.nan), where=counts > 0)
