"""The one plain sentence of the trust report, read from a fixed table of verdicts."""

from __future__ import annotations

from collections.abc import Mapping

from salience.evaluation.trust.outcome import INCONCLUSIVE, Outcome

MISLEADING = "Do not use this attention as an explanation: it points away from what drives the answer."
DECORATION = "The attention is decoration: the model answers the same without it."
STILL_INFORMATIVE = "Its ranking is still informative."
LOOKS_RIGHT = "Looks right to people, but is not what the model uses."
WIRING = "The attention is the same without training: it shows how the model is wired, not what it has learned."
TRUSTWORTHY = (
    "Trustworthy: removing what it highlights changes the answer, and its percentages are about right "
    "(overlap {overlap:.2f}, best possible {ceiling:.2f})."
)
ONLY_ORDER = "The order can be trusted, the percentages cannot."
NOT_THE_REASON = (
    "Not an explanation: removing what it highlights changes the answer hardly more than removing anything."
)
NOT_PROVEN = "Not proven with {count:,} inputs; {more}."

#: The word for each overall sentence, the worst first.
WORDS = {
    "misleading": MISLEADING,
    "decoration": DECORATION,
    "looks right": LOOKS_RIGHT,
    "wiring": WIRING,
    "trustworthy": TRUSTWORTHY,
    "only the order": ONLY_ORDER,
    "not the reason": NOT_THE_REASON,
    "not proven": NOT_PROVEN,
}


def overall(outcomes: Mapping[str, Outcome], *, count: int) -> tuple[str, str]:
    """The word and the sentence for the verdicts of all tests; the first line of the table that fits decides.

    A test that is missing, or not available, fits no line.
    """
    verdicts = {name: each.verdict for name, each in outcomes.items()}
    word = word_for(verdicts)
    sentence = WORDS[word]
    if word == "decoration" and verdicts.get("right_parts") in ("pass", "weak"):
        sentence += f" {STILL_INFORMATIVE}"
    if word == "trustworthy":
        statistics = outcomes["honest"].statistics
        sentence = sentence.format(overlap=statistics["overlap"].value, ceiling=statistics["ceiling"].value)
    if word == "not proven":
        sentence = sentence.format(count=count, more=_more(outcomes))
    return word, sentence


def word_for(verdicts: Mapping[str, str]) -> str:
    """The word for the verdicts by the name of the test.

    >>> word_for({"needed": "needed", "right_parts": "pass", "honest": "weak", "learned": "pass"})
    'only the order'
    """
    return next(word for word, fits in _TABLE if fits(verdicts))


def _more(outcomes: Mapping[str, Outcome]) -> str:
    """What would prove it, as far as one can tell."""
    open_cases = [outcomes[name] for name in _DECIDING if name in outcomes and outcomes[name].verdict == INCONCLUSIVE]
    wanted = [each.more_inputs for each in open_cases if each.more_inputs is not None]
    if wanted:
        return f"you need about {max(wanted):,} more"
    return "more inputs would hardly change that" if open_cases else "the tests that ran do not add up to a proof"


# The tests that the table reads.
_DECIDING = ("needed", "right_parts", "honest", "learned")
_LOW = ("weak", "fail")


def _misleading(verdicts: Mapping[str, str]) -> bool:
    return "misleading" in (verdicts.get("right_parts"), verdicts.get("honest"))


def _looks_right(verdicts: Mapping[str, str]) -> bool:
    return verdicts.get("human") == "pass" and verdicts.get("right_parts") in _LOW


def _trustworthy(verdicts: Mapping[str, str]) -> bool:
    return (
        verdicts.get("needed") == "needed"
        and verdicts.get("right_parts") == verdicts.get("honest") == verdicts.get("learned") == "pass"
    )


_TABLE = (
    ("misleading", _misleading),
    ("decoration", lambda verdicts: verdicts.get("needed") == "decorative"),
    ("looks right", _looks_right),
    ("wiring", lambda verdicts: verdicts.get("learned") == "fail"),
    ("trustworthy", _trustworthy),
    ("only the order", lambda verdicts: verdicts.get("right_parts") == "pass" and verdicts.get("honest") in _LOW),
    ("not the reason", lambda verdicts: verdicts.get("right_parts") == "fail"),
    ("not proven", lambda _: True),
)
