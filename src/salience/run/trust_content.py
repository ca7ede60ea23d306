"""From the outcomes of the trust report to what a report shows of them."""

from __future__ import annotations

from collections.abc import Mapping

from salience.evaluation.trust import Outcome, Trust
from salience.reports import content as show
from salience.run.content import in_words

#: What the tests are called.
TITLES: Mapping[str, str] = {
    "needed": "Needed",
    "right_parts": "Right parts",
    "honest": "Honest numbers",
    "enough": "Enough",
    "learned": "Learned",
    "stable": "Stable",
    "human": "Human",
    "alone": "Alone",
}


def trust(found: Trust) -> show.Trust:
    """The trust report, as a page and a terminal draw it."""
    unusual = found.faithfulness.shift.unusual
    return show.Trust(
        verdict=found.verdict,
        sentence=found.sentence,
        tests=tuple(_test(each) for each in found.outcomes),
        count=found.num_rows,
        seed=found.seed,
        operators=tuple(
            f"{column}: {name}"
            for operators in (found.operators, found.second_operators or {})
            for column, name in operators.items()
        ),
        guards=tuple(show.Finding("warning" if unusual else "note", each) for each in found.guards),
    )


def _test(found: Outcome) -> show.TrustTest:
    return show.TrustTest(
        title=TITLES[found.name],
        question=found.question,
        verdict=found.verdict,
        sentence=in_words(found.sentence),
        statistics=tuple(show.Statistic(name.replace("_", " "), score) for name, score in found.statistics.items()),
        shares=tuple(show.ShareBin(each["stated"], each["measured"], int(each["count"])) for each in found.table),
    )
