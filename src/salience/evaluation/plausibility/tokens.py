"""Which units would be marked, and how many of them people marked too: precision, recall and F1 of tokens.

Legend: M selections (or rankings) of the same row, L units, r marked by people, k selected.

Reference: DeYoung et al. 2020, "ERASER: A Benchmark to Evaluate Rationalized NLP Models".
"""

from __future__ import annotations

import numpy as np
from jaxtyping import Bool, Float

from salience.core.errors import ConfigError


def select(
    importance: Float[np.ndarray, "*M L"], k: int, *, generator: np.random.Generator
) -> Bool[np.ndarray, "*M L"]:
    """The k units that are most important (all if there are fewer); equal ones are drawn at random, never by position.

    >>> select(np.array([0.1, 0.7, 0.2]), 2, generator=np.random.default_rng(0)).tolist()
    [False, True, True]
    """
    order = np.lexsort((generator.random(importance.shape), -importance), axis=-1)
    selected = np.zeros(importance.shape, bool)
    np.put_along_axis(selected, order[..., :k], True, axis=-1)
    return selected


def token_scores(
    selected: Bool[np.ndarray, "*M L"], marked: Bool[np.ndarray, "L"]
) -> tuple[Float[np.ndarray, "*M"], Float[np.ndarray, "*M"], Float[np.ndarray, "*M"]]:
    r"""Precision, recall and F1 of each selection.

    With h units that are both selected and marked, :math:`P = h / k`, :math:`R = h / r` and
    :math:`F_1 = 2 h / (k + r)`. What would be 0 / 0 is 0.

    >>> [float(each) for each in token_scores(np.array([True, True, False]), np.array([True, False, False]))]
    [0.5, 1.0, 0.6666666666666666]
    """
    both = (selected & marked).sum(-1)
    k, r = selected.sum(-1), np.broadcast_to(marked.sum(), both.shape)
    return _share(both, k), _share(both, r), _share(2 * both, k + r)


def random_token_f1(length: int, marked: int, selected: int) -> float:
    r"""The F1 to expect of a random selection: :math:`2 r k / (L (r + k))`.

    It is exact, because F1 is linear in the number of hits, and that is rk / L on average.

    Raises:
        ConfigError: more units are marked or selected than there are, or none at all.

    >>> random_token_f1(20, marked=5, selected=5)
    0.25
    """
    if not (0 <= marked <= length and 0 <= selected <= length and marked + selected > 0):
        raise ConfigError(
            f"expected at most {length} units marked and selected, and not none of both; got {marked} and {selected}"
        )
    return 2 * marked * selected / (length * (marked + selected))


def _share(part: np.ndarray, whole: np.ndarray) -> Float[np.ndarray, "*M"]:
    return part / np.maximum(whole, 1)
