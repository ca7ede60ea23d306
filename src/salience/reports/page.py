"""A report as one HTML file that needs nothing else: no network, no scripts, no other file.

Its own small script and its style sheet are allowed by their hashes; everything else is forbidden, so that a text that
slipped through the escaping still could not act.
"""

from __future__ import annotations

import base64
import hashlib
import math
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from markupsafe import Markup

from salience.core.place import Column, Edge, Heat, Node, Stretch
from salience.evaluation.score import Score
from salience.reports import charts, numerals
from salience.reports.content import Confusion, History, Proof, ReportContent, ScoreRow
from salience.reports.layout import lay_out
from salience.reports.naming import part_of
from salience.reports.visible import on_one_line, shortened, visible
from salience.reports.wording import NOT_MEASURED, judgement, wording_of

if TYPE_CHECKING:
    from jinja2 import Environment

# Larger matrices are unreadable; their most frequent confusions are listed instead.
_LARGEST_MATRIX = 12
_MOST_CONFUSIONS = 12


def write(content: ReportContent, path: str | Path) -> Path:
    """Write the report to one HTML file, and say where it is. Folders on the way are made."""
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(html(content), encoding="utf-8", newline="\n")
    return path


def html(content: ReportContent) -> str:
    """The report as HTML."""
    return document(
        "page.html",
        content=content,
        verdict=wording_of(content.proof.verdict) if content.proof else NOT_MEASURED,
        proofs=_proofs(content),
        examples=lay_out(content),
        has_faint=any(heat.faint for heat in _heats(content)),
        part=part_of(_heats(content)),
        of_columns={type(heat.unit.place) for heat in _heats(content)} == {Column},
        of_graphs=any(isinstance(heat.unit.place, Node | Edge) for heat in _heats(content)),
        of_series=any(isinstance(heat.unit.place, Stretch) for heat in _heats(content)),
        score_groups=_score_groups(content.scores),
        seeds_scale=_scale([content.seeds.together, *(each.score for each in content.seeds.members)])
        if content.seeds
        else None,
        **_drawn(content),
    )


def _heats(content: ReportContent) -> Iterator[Heat]:
    return (heat for each in content.examples for heats in each.heats.values() for heat in heats)


def document(template: str, **values: Any) -> str:
    """A template with its values, the style sheet and the script, of which it allows nothing but themselves."""
    environment = _environment()
    style, script = (Markup(environment.get_template(name).render()) for name in ("style.css", "script.js"))
    found = environment.get_template(template)
    return found.render(style=style, script=script, policy=_policy(style, script), **values)


def _environment() -> Environment:
    from jinja2 import Environment, PackageLoader, StrictUndefined

    loader = PackageLoader("salience.reports", "templates")
    environment = Environment(
        autoescape=True,
        loader=loader,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=_visible,
    )
    environment.filters.update(
        number=numerals.number,
        percent=numerals.percent,
        count_of=numerals.count,
        duration=numerals.duration,
        measured=numerals.measured,
        value_of=numerals.value,
        interval_of=numerals.interval,
        name=lambda text: shortened(on_one_line(text), 80),
    )
    environment.globals.update(
        judgement=judgement, wording_of=wording_of, bar=charts.bar, interval_bar=charts.interval_bar
    )
    return environment


def _visible(value: Any) -> Any:
    """Every value on its way into the page: control characters become visible, whatever field they came from."""
    if isinstance(value, Markup):
        return value
    return visible(value) if isinstance(value, str) else value


def _policy(style: str, script: str) -> str:
    allowed = [f"{kind}-src '{_hash(text)}'" for kind, text in (("style", style), ("script", script))]
    return "; ".join(["default-src 'none'", *allowed, "base-uri 'none'", "form-action 'none'"])


def _hash(text: str) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()


def _proofs(content: ReportContent) -> list[Any]:
    """For each method of the examples its own measurement, or None: a picture never goes without its proof."""
    proof = content.proof
    return [proof.of(method.name) if proof else None for method in content.methods]


def _drawn(content: ReportContent) -> dict[str, Any]:
    """All charts, by the name the templates know."""
    return {
        "skill": _skill(content.proof),
        "curves": _curves(content.proof),
        "reliability": charts.reliability(content.calibration) if content.calibration else None,
        "training": _training(content.history),
        "matrix": _matrix(content.confusion),
        "confusions": _confusions(content.confusion),
    }


def _skill(proof: Proof | None) -> Markup | None:
    judged = proof.of(proof.shown) if proof else None
    if proof is None or judged is None or judged.skill is None or judged.skill.value is None:
        return None
    return charts.skill_scale(judged.skill, weak_from=proof.weak_from, pass_from=proof.pass_from)


def _curves(proof: Proof | None) -> dict[str, Markup]:
    """Deletion and insertion, each with the judged method on top of the best post-hoc one and the random order."""
    if proof is None:
        return {}
    # The judged method may be the best one itself, and then keeps its colour.
    kinds = {proof.reference: "reference", proof.best: "best", proof.shown: "shown"}
    found = [(each, kind) for name, kind in reversed(kinds.items()) if (each := proof.of(name)) is not None]
    removed = [charts.Line(each.name, kind, each.deletion) for each, kind in found if each.deletion]
    restored = [charts.Line(each.name, kind, each.insertion) for each, kind in found if each.insertion]
    names = ", ".join(each.name for each, _ in found)
    drawn = {}
    if removed:
        told = f"{proof.scale} while units are removed, most important first, by {names}."
        drawn["deletion"] = charts.curves(removed, x_label="share removed", y_label=proof.scale, description=told)
    if restored:
        told = f"{proof.scale} while units are put back, most important first, by {names}."
        drawn["insertion"] = charts.curves(restored, x_label="share put back", y_label=proof.scale, description=told)
    return drawn


def _training(history: History | None) -> list[Markup]:
    return [charts.loss(history), charts.validation(history)] if history and history.epochs else []


def _score_groups(rows: tuple[ScoreRow, ...]) -> list[tuple[list[ScoreRow], tuple[float, float]]]:
    """The rows of each score on each side, and the scale of their dots: one for all rows of this score."""
    groups: dict[tuple[str, str], list[ScoreRow]] = {}
    for row in rows:
        groups.setdefault((row.name, row.side), []).append(row)
    return [(group, _scale([row.score for row in rows if row.name == name])) for (name, _), group in groups.items()]


def _scale(scores: list[Score]) -> tuple[float, float]:
    bounds = [bound for each in scores for bound in (each.value, each.low, each.high) if bound is not None]
    return min(bounds, default=0.0), max(bounds, default=1.0)


def _matrix(confusion: Confusion | None) -> list[tuple[str, int, list[tuple[int, int]]]]:
    """One row per true class: its name, its size, and for each predicted class the count and a shade from 0 to 5."""
    if confusion is None or len(confusion.labels) > _LARGEST_MATRIX:
        return []
    rows = []
    for label, counts in zip(confusion.labels, confusion.counts, strict=True):
        total = sum(counts)
        rows.append((label, total, [(count, math.ceil(5 * count / total) if total else 0) for count in counts]))
    return rows


def _confusions(confusion: Confusion | None) -> list[tuple[int, str, str]]:
    """The most frequent mistakes of a matrix that is too large to draw: count, true class, predicted class."""
    if confusion is None or len(confusion.labels) <= _LARGEST_MATRIX:
        return []
    pairs = [
        (count, true, predicted)
        for true, counts in zip(confusion.labels, confusion.counts, strict=True)
        for predicted, count in zip(confusion.labels, counts, strict=True)
        if true != predicted and count
    ]
    return sorted(pairs, key=lambda pair: -pair[0])[:_MOST_CONFUSIONS]
