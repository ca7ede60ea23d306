"""Deep models with attention that say what they predict, where they looked, and whether that is true.

>>> import salience
>>> run = salience.fit("reviews.csv", target="label")  # doctest: +SKIP
>>> run.predict(["a fine film, if a little long"]).to_frame()  # doctest: +SKIP
>>> run.report("report.html")  # doctest: +SKIP

Nothing heavy is imported until it is used.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from salience.core.errors import SalienceError
    from salience.estimator import SalienceClassifier, SalienceRegressor
    from salience.kernels import (
        attention_importance,
        attention_relevance,
        attention_rollout,
        attention_supervision_loss,
        scaled_dot_product_attention_with_importance,
    )
    from salience.pipeline import Pipeline
    from salience.recorder import AttentionRecorder
    from salience.run import Result, Run, fit, load
    from salience.run.backtest import backtest
    from salience.run.compare import compare

__version__ = "0.1.0"

#: Where each public name lives.
_PLACES = {
    "AttentionRecorder": "salience.recorder",
    "Pipeline": "salience.pipeline",
    "Result": "salience.run",
    "Run": "salience.run",
    "SalienceClassifier": "salience.estimator",
    "SalienceError": "salience.core.errors",
    "SalienceRegressor": "salience.estimator",
    "attention_importance": "salience.kernels",
    "attention_relevance": "salience.kernels",
    "attention_rollout": "salience.kernels",
    "attention_supervision_loss": "salience.kernels",
    "backtest": "salience.run.backtest",
    "compare": "salience.run.compare",
    "fit": "salience.run",
    "load": "salience.run",
    "scaled_dot_product_attention_with_importance": "salience.kernels",
}

__all__ = [
    "AttentionRecorder",
    "Pipeline",
    "Result",
    "Run",
    "SalienceClassifier",
    "SalienceError",
    "SalienceRegressor",
    "attention_importance",
    "attention_relevance",
    "attention_rollout",
    "attention_supervision_loss",
    "backtest",
    "compare",
    "fit",
    "load",
    "scaled_dot_product_attention_with_importance",
]


def __getattr__(name: str) -> Any:
    if name not in _PLACES:
        raise AttributeError(f"module 'salience' has no attribute '{name}'")
    return getattr(importlib.import_module(_PLACES[name]), name)


def __dir__() -> list[str]:
    return sorted([*__all__, "__version__"])
