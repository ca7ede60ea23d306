"""T2, right parts: does taking away what it points at change the answer more than taking away anything else?

Legend: N rows.

The statistic is the skill of `evaluation.faithfulness`: 0 is a random order, 1 the best of gradient x input, integrated
gradients, leave one out and Shapley values, on the same rows. A method without signs is measured against theirs without
signs. Where the data have an order, the skill of positions alone stands beside it: of how important the method finds
units at the same place in other rows. They are made of the method itself, and so are no mark that it has to reach.
"""

from __future__ import annotations

from salience.evaluation.competition import RANDOM, Competition
from salience.evaluation.faithfulness import Faithfulness, skill_of
from salience.evaluation.removal_shift import is_value
from salience.evaluation.score import Score
from salience.evaluation.trust.claim import Claim, Estimate, claim, every
from salience.evaluation.trust.outcome import INCONCLUSIVE, Measured
from salience.evaluation.trust.second_operator import Second
from salience.evaluation.trust.trial import Trial
from salience.evaluation.verdict import PASS, WEAK

NAME = "right_parts"
#: The name of the positions alone among the methods.
POSITION = "position"
QUESTION = "Does removing what it points at change the answer more than removing anything else?"
_MEANINGS = {
    "misleading": "Removing the parts it ranks first changes the answer less than removing parts at random",
    "fail": "Removing the parts it ranks first changes the answer hardly more than removing parts at random",
    "weak": "Removing the parts it ranks first changes the answer more than removing parts at random, but less than "
    "removing the right ones would",
    "pass": "Removing the parts it ranks first changes the answer about as much as removing the right ones does",
}


def right_parts(trial: Trial, found: Competition, measured: Faithfulness, second: Second | None) -> Measured:
    """Judge the order of the units by the competition. `second` is what another way to take parts away says."""
    method = trial.method.name
    _, drawn = skill_of(found, method, trial.bootstrap, value=is_value(trial.pipeline.task, trial.raw))
    statistics = {
        "skill": measured.skill,
        "skill_against_signed": measured.skills[method],
        **({"skill_of_positions": drawn.score(POSITION)} if POSITION in found.orders else {}),
        **_erasure(trial, measured),
        **({} if second is None else {"gain_by_second_operator": second.gain.score}),
    }
    if drawn.reason:
        sentence = f"Nothing can be said: {drawn.reason}."
        return Measured(NAME, QUESTION, statistics, verdict=INCONCLUSIVE, sentence=sentence)
    skill = Estimate(drawn.values[method], drawn.draws[method])
    positions = f", positions alone {drawn.values[POSITION]:.2f}" if POSITION in drawn.values else ""
    best = drawn.best.replace("_", " ") + (" without its signs" if measured.unsigned else "")
    return Measured(
        NAME,
        QUESTION,
        statistics,
        claims=_claims(skill, second),
        meanings=_MEANINGS,
        numbers=f"skill {measured.skill}{positions}; 0 is a random order, 1 is {best}",
    )


def _claims(skill: Estimate, second: Second | None) -> tuple[Claim, ...]:
    """The verdicts from the lowest to the highest; both operators must say that it is better, or worse, than random."""

    def both(found: Claim, **bounds: float) -> Claim:
        return found if second is None else every(found.word, found, claim(found.word, second.gain, **bounds))

    # What is surely below a pass, and not surely a failure, is weak: its own lower line needs no proof.
    return (
        both(claim("misleading", skill, below=0.0), below=0.0),
        claim("fail", skill, below=WEAK),
        both(claim("weak", skill, above=0.0, below=PASS), above=0.0),
        both(claim("pass", skill, above=PASS), above=0.0),
    )


def _erasure(trial: Trial, measured: Faithfulness) -> dict[str, Score]:
    effects = next(iter(measured.effects.values()))
    own, other = effects[trial.method.name], effects[RANDOM]
    return {
        "comprehensiveness": own.comprehensiveness,
        "comprehensiveness_random": other.comprehensiveness,
        "sufficiency": own.sufficiency,
        "sufficiency_random": other.sufficiency,
    }
