"""A model card in Markdown: what the model is for, what it was made from, how well it works, how far to trust it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from pathlib import Path

from salience.reports.content import Fact, Finding, Proof, ReportContent, Seeds
from salience.reports.numerals import count, measured, number, percent
from salience.reports.visible import on_one_line, visible
from salience.reports.wording import NOT_MEASURED, judgement, wording_of


def write(content: ReportContent, path: str | Path) -> Path:
    """Write the card to a file, and say where it is. Folders on the way are made."""
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(card(content), encoding="utf-8", newline="\n")
    return path


def card(content: ReportContent) -> str:
    """The model card. Text that comes from data is escaped: it cannot become a heading, a link or HTML."""
    parts = [
        f"# {_plain(content.title)}",
        " ".join(map(_plain, content.headline)),
        f"Made on {_plain(content.created)}.",
    ]
    parts += [
        *_use(content),
        *_trust(content.proof),
        *_seeds(content.seeds),
        *_scores(content),
        *_data(content),
        *_again(content),
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def _use(content: ReportContent) -> Iterator[str]:
    yield "## Intended use"
    yield _plain(content.intended_use) or "Not stated."
    yield "## Limits"
    yield _list(content.limits) or "Not stated."


def _trust(proof: Proof | None) -> Iterator[str]:
    yield "## How far the importance can be trusted"
    if proof is None:
        yield f"**{NOT_MEASURED.label}.** {NOT_MEASURED.meaning}"
        return
    wording = wording_of(proof.verdict)
    yield f"**{_plain(wording.label)}.** {_plain(proof.sentence or wording.meaning)}"
    yield (
        f"Measured on {count(proof.count)} inputs (seed {proof.seed}) with 95% intervals. "
        f"Removal: {_plain(proof.operator)}. Scale: {_plain(proof.scale)}. "
        f"Skill is 0 for a random order and 1 for the best post-hoc method ({_plain(proof.best)})."
    )
    rows = []
    for each in proof.methods:
        scores = (each.skill, each.comprehensiveness, each.sufficiency, each.fraction_to_flip)
        verdict = "reference" if each.name == proof.reference else judgement(each).label
        rows.append((each.name, *map(measured, scores), verdict))
    yield _table(("Order of removal", "Skill", "Comprehensiveness", "Sufficiency", "Share to flip", "Verdict"), rows)
    yield _findings(proof.guards)


def _seeds(seeds: Seeds | None) -> Iterator[str]:
    if seeds is None:
        return
    yield "## Models and seeds"
    yield f"{len(seeds.members)} models, trained alike with other seeds, answer together."
    alone = [(f"seed {each.seed}", f"{each.epoch} of {each.epochs}", measured(each.score)) for each in seeds.members]
    rows = [*alone, ("together", "", measured(seeds.together))]
    yield _table(("Model", "Epoch kept", f"{seeds.metric} on test (95% interval)"), rows)
    if seeds.faint:
        yield (
            f"Rank agreement of their importances on {count(seeds.count)} inputs: Spearman {measured(seeds.spearman)}, "
            f"Kendall {measured(seeds.kendall)}. {percent(seeds.faint.value)} of the parts of an input are faint: "
            "other seeds may well say otherwise."
        )


def _scores(content: ReportContent) -> Iterator[str]:
    yield "## Scores"
    rows = [
        (row.name, row.side, row.baseline or "this model", measured(row.score), row.score.reason or row.note)
        for row in content.scores
    ]
    yield _table(("Score", "Rows", "Of", "Value (95% interval)", "Note"), rows) or "Not measured."
    classes = [
        (row.name, measured(row.precision), measured(row.recall), measured(row.f1), count(row.count))
        for row in content.classes
    ]
    yield _table(("Class", "Precision", "Recall", "F1", "Rows"), classes)
    if content.calibration:
        before = content.calibration.error_before
        told = f", before correction {measured(before)}" if before else ""
        error = measured(content.calibration.error)
        yield f"Expected calibration error {error}{told}. {_plain(content.calibration.note)}".strip()


def _data(content: ReportContent) -> Iterator[str]:
    yield "## Data"
    files = [(file.name, count(file.rows), count(file.bytes), file.sha256) for file in content.data_files]
    yield _table(("File", "Rows", "Bytes", "SHA-256"), files) or "Not stated."
    if content.split:
        yield _table(("Side", "Rows"), [(side.name, count(side.rows)) for side in content.split.sides])
        yield _plain(content.split.how)
    yield _list(content.inferred)
    yield _findings(content.findings)


def _again(content: ReportContent) -> Iterator[str]:
    yield from _training(content)
    if content.config:
        yield "## Configuration"
        yield _code(content.config, "yaml")
    if content.environment:
        yield "## Environment"
        yield _list([_told(fact) for fact in content.environment])
    if content.commands:
        yield "## Make it again"
        for command in content.commands:
            yield f"{_plain(command.purpose)}:"
            yield _code(command.line, "sh")


def _training(content: ReportContent) -> Iterator[str]:
    history = content.history
    if history is None or not history.epochs:
        return
    yield "## Training"
    best = history.kept
    score = f"validation {_plain(history.metric)} {number(best.validation)}" if best else ""
    kept = f"; kept epoch {best.epoch}, {score}" if best else ""
    yield f"{len(history.epochs)} epochs{kept}. {_plain(history.note)}".strip()


def _told(fact: Fact) -> str:
    return f"{fact.label}: {fact.value}" + (f" ({fact.note})" if fact.note else "")


def _findings(findings: Sequence[Finding]) -> str:
    return _list([f"{finding.severity}: {finding.sentence}" for finding in findings])


def _list(items: Sequence[str]) -> str:
    return "\n".join(f"- {_plain(item)}" for item in items)


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    if not rows:
        return ""
    lines = [list(head), ["---"] * len(head), *([_plain(cell) for cell in row] for row in rows)]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def _code(text: str, language: str) -> str:
    # A fence is closed by an equally long one, so it has to be longer than any inside.
    longest = max((len(run) for run in re.findall("`+", text)), default=0)
    fence = "`" * max(3, longest + 1)
    return f"{fence}{language}\n{visible(text).rstrip()}\n{fence}"


def _plain(text: str) -> str:
    text = on_one_line(text).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return re.sub(r"([\\`*_\[\]#|~])", r"\\\1", text)
