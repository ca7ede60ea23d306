"""What one call gives back: predictions, and the importance of every part of the input."""

from __future__ import annotations

import html
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path
from typing import Any

import pandas as pd
from pandas.api.types import is_float_dtype

from salience.core.errors import NotAvailable
from salience.core.place import Heat, Span, Unit
from salience.tasks import Answer, Trajectory


@dataclass(frozen=True)
class Result(Sequence["Result"]):
    """Answers to some rows. `result[0]` is the result of the first row; `for one in result` goes through all.

    Args:
        rows: the input cells of each row, by column.
        ids: a name for each row.
        answers: what the model says.
        heats: how much each unit mattered, per row.
        method: how importance was measured.
        horizon: of a forecast, the first and the last step that the importance is about, counted from 1.
    """

    rows: Sequence[dict[str, Any]]
    ids: Sequence[str]
    answers: Sequence[Answer]
    heats: Sequence[Sequence[Heat]]
    method: str = "received"
    horizon: tuple[int, int] | None = None

    def __len__(self) -> int:
        return len(self.answers)

    def __getitem__(self, index: Any) -> Result:
        part = index if isinstance(index, slice) else slice(index, index + 1 or None)
        if not isinstance(index, slice) and not -len(self) <= index < len(self):
            raise IndexError(index)
        return replace(
            self, rows=self.rows[part], ids=self.ids[part], answers=self.answers[part], heats=self.heats[part]
        )

    def __iter__(self) -> Iterator[Result]:
        return (self[i] for i in range(len(self)))

    @property
    def prediction(self) -> list[Any]:
        """The predicted class, classes or number of each row."""
        return [answer.prediction for answer in self.answers]

    @property
    def probability(self) -> list[float | None]:
        """The calibrated probability of each prediction; None for numbers."""
        return [answer.probability for answer in self.answers]

    @property
    def rank(self) -> list[int | None]:
        """The rank of each row among those of its list that were given with it; None where nothing is ranked."""
        return [answer.rank for answer in self.answers]

    @property
    def importance(self) -> list[list[float]]:
        """How much each unit mattered, per row, in the order of `units`."""
        return [[heat.score for heat in heats] for heats in self.heats]

    @property
    def units(self) -> list[list[Unit]]:
        """The parts of each row, each with the column and the characters where it stands."""
        return [[heat.unit for heat in heats] for heats in self.heats]

    def to_frame(self) -> pd.DataFrame:
        """One line per unit: row, column, the fields of its place, text, score, prediction, probability, method.

        The place of a word has a start and a stop. Of a forecast also horizon and horizon_stop, the first and the last
        step that the importance is about. Of an ensemble also low, high and faint: the interval of the score
        over its members, and whether it leaves open that the unit matters.
        """
        steps = {} if self.horizon is None else dict(zip(("horizon", "horizon_stop"), self.horizon, strict=True))
        several = any(heat.low is not None for heats in self.heats for heat in heats)
        lines = [
            {
                "row": row,
                **steps,
                "column": heat.unit.column,
                **asdict(heat.unit.place),
                "text": heat.unit.text,
                "score": heat.score,
                "prediction": _plain(answer.prediction),
                "probability": answer.probability,
                "method": self.method,
                **({"low": heat.low, "high": heat.high, "faint": heat.faint} if several else {}),
            }
            for row, answer, heats in zip(self.ids, self.answers, self.heats, strict=True)
            for heat in heats
        ]
        kinds = dict.fromkeys(type(heat.unit.place) for heats in self.heats for heat in heats) or {Span: None}
        places = dict.fromkeys(each.name for kind in kinds for each in fields(kind))
        names = ["row", *steps, "column", *places, "text", "score", "prediction", "probability", "method"]
        frame = pd.DataFrame(lines, columns=[*names, *(("low", "high", "faint") if several else ())])
        # Beside places of another kind whole numbers, as ids of nodes, would become floats.
        whole = [each for each in places if is_float_dtype(frame[each]) and _all_whole(lines, each)]
        return frame.astype(dict.fromkeys(whole, "Int64"))

    def plot(self, path: str | Path) -> Path:
        """Draw the importance of a single row into a PNG file.

        Raises:
            NotAvailable: there is not exactly one row, or nothing in it has any importance.
        """
        from salience.reports import figure
        from salience.run import content

        if len(self) != 1:
            raise NotAvailable(
                f"a figure shows one row, and there are {len(self)}", fix="plot one: result[0].plot(path)"
            )
        shown = content.example(self.ids[0], self.rows[0], self.answers[0], {self.method: self.heats[0]})
        return figure.importance(shown, content.method(self.method), None, path)

    def save(self, path: str | Path) -> Path:
        """Write `to_frame()` as Parquet or, by the ending of the path, as CSV."""
        path = Path(path)
        frame = self.to_frame()
        if path.suffix == ".parquet":
            frame.to_parquet(path, index=False)
        elif path.suffix == ".csv":
            frame.to_csv(path, index=False)
        else:
            raise NotAvailable(f"importances are saved as .parquet or .csv, not '{path.suffix}'", where=str(path))
        return path

    def _repr_html_(self) -> str:
        """The rows as highlighted text, for notebooks."""
        from salience.reports.naming import cell_of
        from salience.reports.render import render
        from salience.run.content import cells_of

        shown = []
        for row, answer, heats in zip(self.rows[:20], self.answers[:20], self.heats[:20], strict=True):
            drawn = cells_of(row, answer, {self.method: heats})
            cells = "".join(
                f"<div>{render(cell, [heat for heat in heats if cell_of(heat) == name])}</div>"
                for name, cell in drawn.items()
            )
            shown.append(f"<p><b>{html.escape(_said(answer))}</b></p>{cells}")
        rest = f"<p>and {len(self) - 20} more rows</p>" if len(self) > 20 else ""
        return "".join(shown) + rest

    def __repr__(self) -> str:
        first = ", ".join(_said(answer) for answer in self.answers[:3])
        return f"Result of {len(self)} rows: {first}{', ...' if len(self) > 3 else ''}"


def _plain(prediction: object) -> object:
    """A prediction as one value of a table."""
    if isinstance(prediction, tuple):
        return "|".join(prediction)
    return str(prediction) if isinstance(prediction, Trajectory) else prediction


def _said(answer: Answer) -> str:
    prediction = answer.prediction
    if isinstance(prediction, float):
        return f"{prediction:.6g}" + ("" if answer.rank is None else f", rank {answer.rank}")
    words = ", ".join(prediction) or "none" if isinstance(prediction, tuple) else str(prediction)
    return words if answer.probability is None else f"{words} ({answer.probability:.0%})"


def _all_whole(lines: Sequence[dict[str, Any]], name: str) -> bool:
    return all(isinstance(line.get(name), int | None) for line in lines)
