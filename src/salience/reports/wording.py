"""What a verdict on an importance says in plain words, and how it looks."""

from __future__ import annotations

from dataclasses import dataclass

from salience.reports.content import MethodProof, Proof
from salience.reports.numerals import measured


@dataclass(frozen=True, slots=True)
class Wording:
    """`tone` is good, open or bad; `glyph` says the same without colour."""

    label: str
    meaning: str
    tone: str
    glyph: str


NOT_MEASURED = Wording(
    "Not measured",
    "Nobody has checked whether the highlighted parts matter to the model.",
    "open",
    "\N{EN DASH}",
)
NOT_JUDGED = Wording("Not judged", "It was measured for comparison only.", "open", "\N{EN DASH}")

_KNOWN = {
    "pass": Wording("Pass", "It points at the parts that drive the answer.", "good", "\N{CHECK MARK}"),
    "weak": Wording("Weak", "It points at some of the parts that drive the answer.", "open", "\N{ALMOST EQUAL TO}"),
    "fail": Wording("Fail", "It does not point at the parts that drive the answer.", "bad", "\N{MULTIPLICATION SIGN}"),
    "misleading": Wording("Misleading", "It points away from the parts that drive the answer.", "bad", "!"),
    "needed": Wording("Needed", "The model answers otherwise without it.", "good", "\N{CHECK MARK}"),
    "decorative": Wording("Decorative", "The model answers the same without it.", "bad", "\N{MULTIPLICATION SIGN}"),
    "constant": Wording("Constant", "It is the same for every part.", "open", "="),
    "information": Wording("Information", "It is told, and not judged.", "open", "i"),
    "not available": Wording("Not available", "This model cannot be tested so.", "open", "\N{EN DASH}"),
    "trustworthy": Wording("Trustworthy", "", "good", "\N{CHECK MARK}"),
    "only the order": Wording("Only the order", "", "good", "\N{ALMOST EQUAL TO}"),
    "decoration": Wording("Decoration", "", "bad", "\N{MULTIPLICATION SIGN}"),
    "looks right": Wording("Looks right", "", "bad", "!"),
    "wiring": Wording("Wiring", "", "bad", "\N{MULTIPLICATION SIGN}"),
    "not the reason": Wording("Not the reason", "", "bad", "\N{MULTIPLICATION SIGN}"),
    "not proven": Wording("Not proven", "", "open", "?"),
    "inconclusive": Wording("Inconclusive", "Too few inputs to say whether it points at the right parts.", "open", "?"),
}


def wording_of(verdict: str) -> Wording:
    """The wording of a verdict, whatever its capitals; a word of someone else's speaks for itself.

    >>> wording_of("PASS").label, wording_of("decorative").label
    ('Pass', 'Decorative')
    """
    return _KNOWN.get(verdict.lower(), Wording(verdict.capitalize(), "", "open", "?"))


def judgement(measurement: MethodProof | None) -> Wording:
    """The wording of what is known about one method, also where that is nothing."""
    if measurement is None:
        return NOT_MEASURED
    return wording_of(measurement.verdict) if measurement.verdict else NOT_JUDGED


def proof_of(method: str, proof: Proof | None) -> str:
    """What stands beside every picture of importance: the verdict on its method, and the skill behind it."""
    measurement = proof.of(method) if proof else None
    wording = judgement(measurement)
    if measurement is None:
        return f"{wording.label}. {wording.meaning}"
    skill = f", skill {measured(measurement.skill)}" if measurement.skill else ""
    return f"{wording.label}{skill}. {measurement.sentence or wording.meaning}"
