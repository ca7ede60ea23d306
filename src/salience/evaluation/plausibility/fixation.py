"""Does one map agree with where people looked at one image? The metrics of MIT and Tuebingen, one function each.

Legend: H x W pixels, F fixations as (row, column) in pixels; a pixel that is fixated twice stands twice.

S is the map, Q the density of fixations (`fixation_density`). Each function gives one number; NaN where the
image has no fixations. Averages are over images, not over fixations.

References: Bylinskii et al. 2019, "What Do Different Evaluation Metrics Tell Us About Saliency Models?"; Kuemmerer et
al. 2018, "Saliency Benchmarking Made Easy: Separating Models, Maps and Metrics".
"""

from __future__ import annotations

import numpy as np
from jaxtyping import Float, Int

from salience.core.errors import DataError
from salience.evaluation.plausibility.density import as_density, as_fixations, as_map, as_nonnegative, shifted_density

# The smallest step of double precision, as the code of MIT writes it.
EPSILON = 2.2204e-16
# What noise adds to a map with values from 0 to 1, so that equal ones are ordered at random.
JITTER = 1e-7


def auc(saliency: Float[np.ndarray, "H W"], fixations: Int[np.ndarray, "F 2"]) -> float:
    """The chance that S is larger at a fixation than at a pixel of the image, any pixel; ties count one half.

    Fixated pixels are among the negatives as well, so that 1 cannot be reached quite. A constant map has 0.5.

    >>> auc(np.array([[0.0, 1.0], [2.0, 3.0]]), np.array([[1, 1]]))
    0.875
    """
    saliency, at = _looked_at(saliency, fixations)
    return _above(at, saliency.ravel())


def shuffled_auc(
    saliency: Float[np.ndarray, "H W"], fixations: Int[np.ndarray, "F 2"], others: Int[np.ndarray, "K 2"]
) -> float:
    """As `auc`, against the pixels that were fixated in other images, repeats kept: being central does not help.

    Args:
        others: all fixations of all other images, rescaled to this one (`rescaled`).
    """
    saliency, at = _looked_at(saliency, fixations)
    _, below = _looked_at(saliency, others)
    return _above(at, below)


def auc_judd(
    saliency: Float[np.ndarray, "H W"], fixations: Int[np.ndarray, "F 2"], *, generator: np.random.Generator
) -> float:
    """The area of Judd et al. 2009 as the old benchmark of MIT has it.

    Positives are fixated pixels, each once; negatives are all other pixels; the curve goes straight between thresholds,
    which are the values at fixations. S is brought to values from 0 to 1, and noise of 1e-7 orders equal ones.

    With few fixations the straight lines add much: with F fixated pixels, chance is 1/2 + 1 / (2 (F + 1)).
    """
    saliency, at = _looked_at(saliency, fixations)
    fixated = np.zeros(saliency.shape, bool)
    fixated[tuple(as_fixations(fixations, saliency.shape).T)] = True
    if not len(at) or fixated.all():
        return float("nan")
    spread = np.ptp(saliency)
    scaled = (saliency - saliency.min()) / (spread if spread > 0 else 1.0)
    scaled = scaled + JITTER * generator.random(scaled.shape)
    thresholds = np.sort(scaled[fixated])[::-1]
    negatives = np.sort(scaled[~fixated])
    false = 1 - np.searchsorted(negatives, thresholds, side="left") / len(negatives)
    true = np.arange(1, len(thresholds) + 1) / len(thresholds)
    return float(np.trapezoid([0.0, *true, 1.0], [0.0, *false, 1.0]))


def nss(saliency: Float[np.ndarray, "H W"], fixations: Int[np.ndarray, "F 2"]) -> float:
    r"""Normalised scanpath saliency: the mean over fixations of :math:`(S - \bar{S}) / \sigma_S`.

    The deviation is that of the population. A constant map has 0.
    """
    saliency, at = _looked_at(saliency, fixations)
    if not len(at):
        return float("nan")
    return 0.0 if np.ptp(saliency) == 0 else float((at.mean() - saliency.mean()) / saliency.std())


def cc(saliency: Float[np.ndarray, "H W"], density: Float[np.ndarray, "H W"]) -> float:
    """Pearson correlation of S and Q; 0 if S alone is constant, NaN if Q is."""
    saliency, density = _pair(saliency, density)
    if np.ptp(density) == 0:
        return float("nan")
    return 0.0 if np.ptp(saliency) == 0 else float(np.corrcoef(saliency.ravel(), density.ravel())[0, 1])


def sim(saliency: Float[np.ndarray, "H W"], density: Float[np.ndarray, "H W"]) -> float:
    """The sum over pixels of min(S, Q), both brought to sum one; a negative map is first shifted by its minimum."""
    saliency, density = _pair(saliency, density)
    return float(np.minimum(shifted_density(saliency), shifted_density(density)).sum())


def kl_divergence(saliency: Float[np.ndarray, "H W"], density: Float[np.ndarray, "H W"]) -> float:
    """The sum over pixels of Q log(e + Q / (S + e)) in nats, e = 2.2204e-16, both maps as in `sim`; less is better."""
    saliency, density = _pair(saliency, density)
    p, q = shifted_density(saliency), shifted_density(density)
    return float((q * np.log(EPSILON + q / (p + EPSILON))).sum())


def information_gain(
    density: Float[np.ndarray, "H W"], base: Float[np.ndarray, "H W"], fixations: Int[np.ndarray, "F 2"]
) -> float:
    r"""How much better one density predicts fixations than another, in bits per fixation.

    :math:`\frac{1}{F} \sum_f \log_2 p(f) - \log_2 b(f)`, with b the bias to the centre (`centre_biases`).

    Raises:
        DataError: a density does not sum to one, or is zero at a fixation.

    >>> information_gain(np.array([[0.25, 0.75]]), np.array([[0.5, 0.5]]), np.array([[0, 0]]))
    -1.0
    """
    density, base = as_density(density), as_density(base)
    if density.shape != base.shape:
        raise DataError(f"expected two densities of one shape, got {density.shape} and {base.shape}")
    gained, lost = (_looked_at(each, fixations)[1] for each in (density, base))
    if not len(gained):
        return float("nan")
    if gained.min() == 0 or lost.min() == 0:
        raise DataError(
            "a density is zero where someone looked, so that it has infinitely many bits",
            fix="mix it with a uniform one: mixed(density, 0.01)",
        )
    return float((np.log2(gained) - np.log2(lost)).mean())


def _looked_at(
    saliency: Float[np.ndarray, "H W"], fixations: Int[np.ndarray, "F 2"]
) -> tuple[Float[np.ndarray, "H W"], Float[np.ndarray, "F"]]:
    """The map, and its values where people looked."""
    saliency = as_map(saliency)
    return saliency, saliency[tuple(as_fixations(fixations, saliency.shape).T)]


def _above(positives: Float[np.ndarray, "F"], negatives: Float[np.ndarray, "K"]) -> float:
    if not len(positives) or not len(negatives):
        return float("nan")
    ordered = np.sort(negatives)
    below, not_above = (np.searchsorted(ordered, positives, side=side) for side in ("left", "right"))
    return float((below + not_above).mean() / (2 * len(negatives)))


def _pair(
    saliency: Float[np.ndarray, "H W"], density: Float[np.ndarray, "H W"]
) -> tuple[Float[np.ndarray, "H W"], Float[np.ndarray, "H W"]]:
    saliency, density = as_map(saliency), as_nonnegative(density)
    if saliency.shape != density.shape:
        raise DataError(f"expected a map and a density of one shape, got {saliency.shape} and {density.shape}")
    return saliency, density
