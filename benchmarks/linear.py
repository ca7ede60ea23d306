"""Linear models of weighted word counts (TF-IDF and logistic regression): what a text model has to beat.

The regularisation C is chosen on the validation rows; the scikit-learn default C = 1 stands beside it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np

STRENGTHS = (0.3, 1.0, 3.0, 10.0)
DEFAULT = 1.0


def predictions(
    sides: dict[str, tuple[list[str], list[str]]], *, chinese: bool
) -> Iterator[tuple[str, str, list[str]]]:
    """The name, the chosen setting and the predictions for the test rows of each linear model.

    `sides` holds the texts and labels of train, validation and test. Every model learns from train alone.
    """
    labels = {name: side[1] for name, side in sides.items()}
    texts = {name: side[0] for name, side in sides.items()}
    for name, vectorizer in _chinese() if chinese else _english():
        vectorizer.fit(texts["train"])
        counts = {name: vectorizer.transform(each) for name, each in texts.items()}
        fitted = {strength: _fit(counts["train"], labels["train"], strength) for strength in STRENGTHS}
        right = {c: np.mean(each.predict(counts["validation"]) == labels["validation"]) for c, each in fitted.items()}
        best = max(STRENGTHS, key=lambda strength: right[strength])
        for choice, strength in (("C on validation", best), ("C = 1", DEFAULT)):
            yield (
                f"TF-IDF + LR, {name}, {choice}",
                f"C = {strength:g}",
                fitted[strength].predict(counts["test"]).tolist(),
            )


def _english() -> list[tuple[str, Any]]:
    from sklearn.feature_extraction.text import TfidfVectorizer

    return [
        (f"words 1-{longest}", TfidfVectorizer(token_pattern=r"\w+|[!?]", ngram_range=(1, longest), sublinear_tf=True))
        for longest in (1, 2)
    ]


def _chinese() -> list[tuple[str, Any]]:
    from sklearn.feature_extraction.text import TfidfVectorizer

    words: Callable[[str], Sequence[str]] = _jieba()
    characters = TfidfVectorizer(analyzer="char", ngram_range=(1, 2), sublinear_tf=True)
    return [("characters 1-2", characters)] + [
        (
            f"jieba words 1-{longest}",
            TfidfVectorizer(tokenizer=words, token_pattern=None, ngram_range=(1, longest), sublinear_tf=True),
        )
        for longest in (1, 2)
    ]


def _jieba() -> Callable[[str], Sequence[str]]:
    from salience.data.tokens import Jieba

    cutter = Jieba()
    return lambda text: cutter.split(text).keys


def _fit(counts: Any, labels: list[str], strength: float) -> Any:
    from sklearn.linear_model import LogisticRegression

    return LogisticRegression(C=strength, max_iter=2000).fit(counts, labels)
