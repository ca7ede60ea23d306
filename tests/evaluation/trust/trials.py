"""Trials of a model whose every number is known: each word has a score for attention and a weight for the answer.

With scores s and weights w, the attention of a row is softmax(s), and the log-odds of "yes" are sum(attention * w).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import torch

from salience.evaluation.bootstrap import Bootstrap
from salience.evaluation.importance import Received
from salience.evaluation.trust.trial import Trial
from salience.pipeline import Pipeline

WORDS = [f"{a}{b}" for a in "bcdfghjk" for b in "aeiou"]


def pointer(words: Mapping[str, tuple[float, float]], *, pool: str = "Dot", task: str = "Classification") -> Pipeline:
    """A pipeline from words to (score, weight); a word it does not know has neither."""
    pipeline = Pipeline(
        {"a": {"Text": {"min_count": 1}}}, task, model={"width": 2, "encoder": "Identity", "pool": pool, "dropout": 0.0}
    )
    text = " ".join(words)
    pipeline.learn([{"a": text}] * 2, [-1.0, 1.0] if task == "Regression" else ["no", "yes"])
    with torch.no_grad():
        embeddings = pipeline.model.stems[0].words.weight
        for number, key in enumerate(pipeline.modalities["a"].vocabulary.words):
            embeddings[number] = torch.tensor(words.get(key, (0.0, 0.0)))
        if pool == "Dot":
            pipeline.model.pools[0].query[:] = torch.tensor([1.0, 0.0])
        pipeline.model.head.weight[:] = 0.0
        pipeline.model.head.weight[-1, 1] = 1.0
        pipeline.model.head.bias[:] = 0.0
    pipeline.model.eval()
    return pipeline


def texts(count: int = 40, *, seed: int = 0, shortest: int = 5, longest: int = 12, words: Sequence[str] = WORDS):
    """Rows of words drawn at random."""
    generator = np.random.default_rng(seed)
    return [{"a": " ".join(generator.choice(words, generator.integers(shortest, longest)))} for _ in range(count)]


def trial(
    pipeline: Pipeline, rows, *, method=None, targets=None, groups=None, draws: int = 500, seed: int = 0
) -> Trial:
    """What the tests of the trust report are given."""
    method = Received() if method is None else method
    encoded = pipeline.encode(rows)
    return Trial(
        pipeline,
        method,
        encoded,
        pipeline.raw(encoded),
        method.scores(pipeline, encoded),
        targets,
        Bootstrap(draws, seed, groups),
        seed,
    )


def walks(made: Trial):
    """What the trial's Shapley values found, one array per row."""
    return list(made.shapley.walks(made.pipeline, made.rows))


def verdict(measured, count: int = 256) -> str:
    """The word of a test that is judged alone."""
    from salience.evaluation.trust.outcome import judged

    (found,) = judged([measured], count=count)
    return found.verdict
