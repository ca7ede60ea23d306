"""Is attention explanation? The experiments of Wiegreffe and Pinter 2019 that train models.

Those that measure a model that is there are in `salience.evaluation.explanation`.
"""

from salience.training.explanation.adversary import TradeOff, measure_trade_off, train_adversary
from salience.training.explanation.guides import (
    GuideComparison,
    compare_guides,
    reading_words_alone,
    train_guided,
)
from salience.training.explanation.seeds import measure_seeds

__all__ = [
    "GuideComparison",
    "TradeOff",
    "compare_guides",
    "measure_seeds",
    "measure_trade_off",
    "reading_words_alone",
    "train_adversary",
    "train_guided",
]
