"""Do the spans agree? IOU F1, as ERASER's released script computes it, and with its two mistakes mended.

Legend: M selections of the same row, L units, K spans of a row.

A predicted span is right if it shares at least half of its union with a human span: intersection / union >= 0.5.

- released: every selected unit is a span of its own and never joined with its neighbours. Hence a human span of three
  units or more cannot be found at all, and one of two units is found twice, so that recall may exceed one.
- merged: neighbouring selected units are one span, and a human span is found at most once.

Reference: DeYoung et al. 2020, "ERASER: A Benchmark to Evaluate Rationalized NLP Models".
"""

from __future__ import annotations

import numpy as np
from jaxtyping import Bool, Float, Int

#: The share of its union with a human span from which a predicted span is right.
THRESHOLD = 0.5


def spans(marked: Bool[np.ndarray, "L"], texts: Int[np.ndarray, "L"] | None = None) -> Int[np.ndarray, "K 2"]:
    """Runs of neighbouring units, from start to stop (exclusive). No run goes from one text into the next.

    >>> spans(np.array([True, True, False, True])).tolist()
    [[0, 2], [3, 4]]
    """
    same = marked[1:] & marked[:-1]
    if texts is not None:
        same &= texts[1:] == texts[:-1]
    joined = np.concatenate([[False], same, [False]])
    starts, stops = marked & ~joined[:-1], marked & ~joined[1:]
    return np.stack([np.flatnonzero(starts), np.flatnonzero(stops) + 1], axis=1)


def iou(predicted: Int[np.ndarray, "K 2"], actual: Int[np.ndarray, "J 2"]) -> Float[np.ndarray, "K J"]:
    """Intersection over union of each predicted with each actual span.

    >>> iou(np.array([[0, 2]]), np.array([[1, 4], [5, 6]])).tolist()
    [[0.25, 0.0]]
    """
    first, second = predicted[:, None], actual[None]
    both = np.minimum(first[..., 1], second[..., 1]) - np.maximum(first[..., 0], second[..., 0])
    both = np.maximum(both, 0)
    return both / np.maximum(np.diff(first)[..., 0] + np.diff(second)[..., 0] - both, 1)


def released_counts(
    selected: Bool[np.ndarray, "M L"], marked: Bool[np.ndarray, "L"], texts: Int[np.ndarray, "L"] | None = None
) -> Int[np.ndarray, "M 3"]:
    """Per selection, the spans that are right, predicted and actual, as ERASER's released script counts them."""
    actual = spans(marked, texts)
    # A single unit inside a span of n has 1 / n of the union, and nothing outside of all spans.
    near = [span for span in actual if 1 / (span[1] - span[0]) >= THRESHOLD]
    right = np.zeros(marked.shape, bool)
    for start, stop in near:
        right[start:stop] = True
    num_actual = np.full(len(selected), len(actual))
    return np.stack([(selected & right).sum(1), selected.sum(1), num_actual], axis=1)


def merged_counts(
    selected: Bool[np.ndarray, "M L"], marked: Bool[np.ndarray, "L"], texts: Int[np.ndarray, "L"] | None = None
) -> Int[np.ndarray, "M 3"]:
    """Per selection, the spans that are right, predicted and actual, with neighbouring selected units joined."""
    actual = spans(marked, texts)
    counts = [_matched(spans(each, texts), actual) for each in selected]
    return np.array(counts, dtype=int).reshape(len(selected), 3)


def _matched(predicted: Int[np.ndarray, "K 2"], actual: Int[np.ndarray, "J 2"]) -> tuple[int, int, int]:
    # No span can be matched twice: two spans with half of their union each in a third would have to fill it without
    # a gap, and spans without a gap between them have been joined.
    right = (iou(predicted, actual) >= THRESHOLD).any(1).sum()
    return int(right), len(predicted), len(actual)
