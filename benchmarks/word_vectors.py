"""Word vectors from texts alone: positive pointwise mutual information of neighbours, and its largest directions.

For a word i and a word j within five words of it, PPMI_ij = max(0, ln p(i, j) / (p(i) p(j))). The vectors are the left
singular vectors times the square root of the singular values (Levy, Goldberg and Dagan 2015, "Improving Distributional
Similarity with Lessons Learned from Word Embeddings").
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from pathlib import Path

import numpy as np
from scipy.sparse import csr_matrix

WINDOW, FEWEST = 5, 10
#: The standard deviation of all numbers of the vectors.
SPREAD = 0.3


def write_vectors(texts: Iterable[str], path: Path, *, width: int, seed: int = 0) -> None:
    """Write a file that `Text(vectors=...)` reads: a line per word, which is the word and its numbers."""
    rows = [text.split() for text in texts]
    counts = Counter(word for row in rows for word in row)
    words = sorted(word for word, count in counts.items() if count >= FEWEST)
    vectors = _vectors(_mutual_information(_pairs(rows, words)), width, seed)
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", encoding="utf-8") as file:
        for word, vector in zip(words, vectors, strict=True):
            file.write(f"{word} {' '.join(f'{each:.5f}' for each in vector)}\n")


def _pairs(rows: list[list[str]], words: list[str]) -> csr_matrix:
    """How often each word stands within five words of each other one."""
    number = {word: i for i, word in enumerate(words)}
    # Words that are too rare, and gaps between texts, have no number.
    gap = [-1] * WINDOW
    stream = np.array([i for row in rows for i in (*(number.get(word, -1) for word in row), *gap)], dtype=np.int64)
    total = csr_matrix((len(words), len(words)), dtype=np.float64)
    for distance in range(1, WINDOW + 1):
        first, second = stream[:-distance], stream[distance:]
        both = (first >= 0) & (second >= 0)
        found = csr_matrix((np.ones(both.sum()), (first[both], second[both])), shape=total.shape)
        total = total + found + found.T
    return total


def _mutual_information(pairs: csr_matrix) -> csr_matrix:
    of_word = np.asarray(pairs.sum(1)).ravel()
    found = pairs.tocoo()
    values = np.log(found.data * of_word.sum() / (of_word[found.row] * of_word[found.col]))
    kept = values > 0
    return csr_matrix((values[kept], (found.row[kept], found.col[kept])), shape=pairs.shape)


def _vectors(matrix: csr_matrix, width: int, seed: int) -> np.ndarray:
    from sklearn.utils.extmath import randomized_svd

    left, sizes, _ = randomized_svd(matrix, n_components=width, n_iter=3, random_state=seed)
    vectors = left * np.sqrt(sizes)
    return vectors * (SPREAD / vectors.std())
