"""Is this attention true? Eight tests with intervals, judged together, and one plain sentence."""

from salience.evaluation.trust.outcome import Outcome
from salience.evaluation.trust.trust import Trust, measure_trust

__all__ = ["Outcome", "Trust", "measure_trust"]
