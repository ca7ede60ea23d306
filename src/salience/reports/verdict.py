"""What the verdict on an importance says in plain words, and how it looks."""

from __future__ import annotations

from dataclasses import dataclass

from salience.reports.content import Faithfulness
from salience.reports.numerals import measured


@dataclass(frozen=True, slots=True)
class Verdict:
    """`tone` is good, open or bad; `glyph` says the same without colour."""

    label: str
    meaning: str
    tone: str
    glyph: str


NOT_MEASURED = Verdict(
    "Not measured", "Nobody has checked whether the highlighted words matter to the model.", "open", "\N{EN DASH}"
)

_KNOWN = {
    "pass": Verdict("Pass", "It points at the words that drive the answer.", "good", "\N{CHECK MARK}"),
    "weak": Verdict("Weak", "It points at some of the words that drive the answer.", "open", "\N{ALMOST EQUAL TO}"),
    "fail": Verdict("Fail", "It does not point at the words that drive the answer.", "bad", "\N{MULTIPLICATION SIGN}"),
    "misleading": Verdict("Misleading", "It points away from the words that drive the answer.", "bad", "!"),
    "inconclusive": Verdict("Inconclusive", "Too few inputs to say whether it points at the right words.", "open", "?"),
}


def verdict_of(word: str) -> Verdict:
    """The verdict called `word`, whatever its capitals; another word speaks for itself.

    >>> verdict_of("PASS").label, verdict_of("").label, verdict_of("decorative").label
    ('Pass', 'Not measured', 'Decorative')
    """
    if not word:
        return NOT_MEASURED
    return _KNOWN.get(word.lower(), Verdict(word.capitalize(), "", "open", "?"))


def proof_of(method: str, proof: Faithfulness | None) -> str:
    """What stands beside every picture of importance: the verdict on its method, and the skill behind it."""
    measurement = proof.of(method) if proof else None
    if measurement is None or not measurement.verdict:
        return f"{NOT_MEASURED.label}. {NOT_MEASURED.meaning}"
    verdict = verdict_of(measurement.verdict)
    skill = f", skill {measured(measurement.skill)}" if measurement.skill else ""
    return f"{verdict.label}{skill}. {measurement.sentence or verdict.meaning}"
