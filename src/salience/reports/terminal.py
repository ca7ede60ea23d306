"""What the console shows, as text for `rich`: the lines of a training run, and one example with its important words.

Nothing is printed here. Where there is no colour, brackets and numbers say the same.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

from salience.core.place import Heat, Span
from salience.reports.content import Epoch, Fact, Method, Proof, ReportContent, ScoreRow, Seeds, ShownExample, Trust
from salience.reports.naming import cell_of, name_of
from salience.reports.numerals import between, count, duration, measured, number, percent, signed
from salience.reports.render.level import full_strength, level, strongest
from salience.reports.render.span import span_of
from salience.reports.render.window import windows
from salience.reports.visible import on_one_line, shortened, visible
from salience.reports.wording import NOT_MEASURED, proof_of, wording_of

if TYPE_CHECKING:
    from rich.console import Console
    from rich.text import Text

_FOR = ("#ecf2fe", "#d7e4fd", "#bdd2fb", "#a0bff8", "#82aaf4")
_AGAINST = ("#fdf1e6", "#fbe2cb", "#f8cea8", "#f4b781", "#ee9f5c")
_TONES = {"good": "green", "bad": "red", "open": "yellow"}
_SHOWN = 1200
_MOST_UNITS = 6
_WIDEST_BAR = 24
# Without colour a bracket is loud, so the faintest units go without.
_BRACKETED = 2


def coloured(console: Console) -> bool:
    """Whether to mark by colour: on a terminal, unless NO_COLOR is set."""
    return console.is_terminal and not console.no_color


def header_line(title: str, facts: Sequence[Fact]) -> Text:
    """The first line of a run: what is being trained, on what, with what."""
    from rich.text import Text

    line = Text(on_one_line(title), style="bold")
    for fact in facts:
        line.append(f"  {on_one_line(fact.label)} ", style="not bold dim").append(
            on_one_line(fact.value), style="not bold"
        )
    return line


def epoch_line(epoch: Epoch, *, total: int, metric: str) -> Text:
    """One row per epoch: the validation score, the loss, the learning rate, the time, and a mark on the best so far."""
    from rich.text import Text

    line = Text(f"{epoch.epoch:>{len(str(total))}}/{total}")
    values = [
        (metric, number(epoch.validation)),
        ("loss", number(epoch.train_loss)),
        ("lr", number(epoch.learning_rate)),
    ]
    for label, value in [*values, ("", duration(epoch.seconds))]:
        line.append(f"  {label}", style="dim").append(f" {value:>8}")
    return line.append("  * best", style="bold green") if epoch.best else line


def closing_block(content: ReportContent, paths: Sequence[Fact]) -> Text:
    """The last lines of a run: scores beside baselines, how far the importance can be trusted, where things are."""
    from rich.text import Text

    lines = [
        *_score_lines(content.scores),
        *_seed_lines(content.seeds),
        ("importance", _trust(content)),
        *((fact.label, fact.value) for fact in paths),
    ]
    width = max(len(label) for label, _ in lines)
    block = Text()
    for label, value in lines:
        block.append(f"{on_one_line(label):<{width}}  ", style="dim").append(f"{on_one_line(value)}\n")
    block.right_crop(1)
    return block


def trust_block(trust: Trust) -> Text:
    """The sentence of the trust report, and one line per test with what it found."""
    from rich.text import Text

    block = Text(on_one_line(trust.sentence), style="bold").append("\n\n")
    width = max(len(test.title) for test in trust.tests)
    widest = max(len(wording_of(test.verdict).label) for test in trust.tests)
    for test in trust.tests:
        wording = wording_of(test.verdict)
        block.append(f"{test.title:<{width}}  ", style="not bold dim")
        block.append(f"{wording.glyph} {wording.label:<{widest}}  ", style=f"not bold {_TONES[wording.tone]}")
        block.append(f"{on_one_line(test.sentence)}\n", style="not bold")
    for guard in trust.guards:
        block.append(f"\n{on_one_line(guard.sentence)}", style="not bold dim")
    return block


def example(shown: ShownExample, method: Method, proof: Proof | None, *, colour: bool) -> Text:
    """One example: its answer, its text with the important words marked, their numbers, and the proof of the method.

    Raises:
        NotAvailable: the importance of this example was not measured by this method.
    """
    from rich.text import Text

    heats = shown.heats_by(method)
    full = full_strength(heats)
    text = Text().append(_answer(shown) + "\n\n")
    for column, cell in shown.cells.items():
        if len(shown.cells) > 1:
            text.append(f"{on_one_line(column)}: ", style="dim")
        own = [heat for heat in heats if cell_of(heat) == column]
        # Only a text is shown in full here; of other data the strongest units tell enough.
        if all(isinstance(heat.unit.place, Span) for heat in own):
            _marked(text, cell, own, method, full, colour)
            text.append("\n\n")
    text.append(f"strongest by {on_one_line(method.name)}\n", style="dim")
    _strongest(text, heats, method, full, colour)
    return text.append("\n" + on_one_line(proof_of(method.name, proof)))


def _score_lines(rows: Sequence[ScoreRow]) -> list[tuple[str, str]]:
    lines = []
    for row in rows:
        if row.baseline:
            continue
        beside = [each for each in rows if each.baseline and (each.name, each.side) == (row.name, row.side)]
        told = f"{measured(row.score)} on {row.side}" if row.score.value is not None else str(row.score)
        lines.append((row.name, "; ".join([told, *(f"{each.baseline} {number(each.score.value)}" for each in beside)])))
    return lines


def _seed_lines(seeds: Seeds | None) -> list[tuple[str, str]]:
    if seeds is None:
        return []
    if seeds.faint is None:
        return [("seeds", f"{len(seeds.members)}; no row has two parts, whose order could be compared")]
    agreement = f"rank agreement {measured(seeds.spearman)} (Spearman), {measured(seeds.kendall)} (Kendall)"
    return [("seeds", f"{len(seeds.members)}; {agreement}; {percent(seeds.faint.value)} of the parts are faint")]


def _trust(content: ReportContent) -> str:
    proof = content.proof
    wording = wording_of(proof.verdict) if proof else NOT_MEASURED
    return f"{wording.label.lower()}: {(proof.sentence if proof else '') or wording.meaning}"


def _answer(shown: ShownExample) -> str:
    parts = [f"row {shown.row_id}", f"predicted {shown.prediction}"]
    if shown.probability is not None:
        parts[-1] += f" {percent(shown.probability)}"
    if shown.target is not None:
        parts.append(f"truth {shown.target}")
    if shown.correct is not None:
        parts.append("correct" if shown.correct else "wrong")
    return "  ".join(on_one_line(part) for part in parts)


def _marked(text: Text, cell: str, heats: Sequence[Heat], method: Method, full: float, colour: bool) -> None:
    marked = [heat for heat in strongest(heats, len(heats)) if level(heat.score, full)]
    reached = 0
    for span in windows(cell, [span_of(heat) for heat in marked], limit=_SHOWN):
        if span.start > reached:
            text.append(f"\n... {count(span.start - reached)} characters ...\n", style="dim")
        reached = span.start
        inside = (heat for heat in marked if span.start <= span_of(heat).start < span.stop)
        for heat in sorted(inside, key=lambda each: span_of(each).start):
            text.append(visible(cell[reached : span_of(heat).start]))
            reached = min(span_of(heat).stop, span.stop)
            _mark(text, visible(cell[span_of(heat).start : reached]), heat, method, full, colour)
        text.append(visible(cell[reached : span.stop]))
        reached = span.stop
    if reached < len(cell):
        text.append(f"\n... {count(len(cell) - reached)} characters ...", style="dim")


def _mark(text: Text, word: str, heat: Heat, method: Method, full: float, colour: bool) -> None:
    strength = level(heat.score, full)
    if colour:
        shades = _AGAINST if heat.score < 0 else _FOR
        shade = shades[0 if heat.faint else strength - 1]
        text.append(word, style=f"{'dim ' if heat.faint else ''}black on {shade}")
    elif strength >= _BRACKETED:
        text.append(f"[{word} {_written(heat.score, method)}{'?' if heat.faint else ''}]")
    else:
        text.append(word)


def _strongest(text: Text, heats: Sequence[Heat], method: Method, full: float, colour: bool) -> None:
    from rich.cells import cell_len

    ranked = strongest(heats, len(heats))
    top = [heat for heat in ranked[:_MOST_UNITS] if heat.score]
    words = [shortened(on_one_line(name_of(heat.unit)), 30) for heat in top]
    intervals = [between(heat.low, heat.high, signed if method.signed else percent) for heat in top]
    widest = max((cell_len(word) for word in words), default=0)
    broadest = max(map(len, intervals), default=0)
    for word, interval, heat in zip(words, intervals, top, strict=True):
        text.append(f"{word}{' ' * (widest - cell_len(word))}  {_written(heat.score, method):>7}  ")
        if broadest:
            text.append(f"{interval:<{broadest}}  ", style="dim")
        style = f"{'dim ' if heat.faint else ''}{'#a4470a' if heat.score < 0 else '#4a80e0'}" if colour else ""
        length = max(1, round(_WIDEST_BAR * abs(heat.score) / full))
        text.append(("." if heat.faint else "#") * length + "\n", style=style)
    others = ranked[len(top) :]
    if others:
        rest = math.fsum(heat.score for heat in others)
        text.append(f"{len(others):,} others: {_written(rest, method)}\n", style="dim")
    if any(heat.faint for heat in heats):
        faint = "pale and dotted" if colour else "with a question mark, or dotted"
        text.append(f"{faint}: models with other seeds may well say otherwise\n", style="dim")


def _written(score: float, method: Method) -> str:
    return signed(score) if method.signed else percent(score)
