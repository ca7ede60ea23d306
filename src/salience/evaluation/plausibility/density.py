"""Densities over the pixels of an image: of fixations, of a map, and of the bias to the centre.

Legend: N images, H x W pixels, F fixations as (row, column) in pixels. A density is not negative and sums to one.

A bias to the centre is learnt from the fixations of all other images, rescaled to the image. Its width is given and not
fitted; `mixed` keeps it from being zero anywhere.

Reference: Kuemmerer, Wallis, Bethge 2015, "Information-theoretic model comparison unifies saliency metrics".
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from jaxtyping import Float, Int

from salience.core.errors import ConfigError, DataError

# Rounding of a sum over a million pixels in single precision.
_TOLERANCE = 1e-3


def softmax_density(saliency: Float[np.ndarray, "H W"]) -> Float[np.ndarray, "H W"]:
    """The density in proportion to exp(S): for maps that are logits.

    >>> softmax_density(np.log([[1.0, 3.0]])).round(3).tolist()
    [[0.25, 0.75]]
    """
    saliency = as_map(saliency)
    raised = np.exp(saliency - saliency.max())
    return raised / raised.sum()


def normalised_density(saliency: Float[np.ndarray, "H W"]) -> Float[np.ndarray, "H W"]:
    """S divided by its sum; uniform where S is zero everywhere.

    Raises:
        DataError: a value is negative.

    >>> normalised_density(np.array([[1.0, 3.0]])).tolist()
    [[0.25, 0.75]]
    """
    return shifted_density(as_nonnegative(saliency))


def shifted_density(saliency: Float[np.ndarray, "H W"]) -> Float[np.ndarray, "H W"]:
    """As `normalised_density`, after a map with negative values was shifted by its minimum, as MIT's metrics do."""
    saliency = as_map(saliency)
    saliency = saliency - min(saliency.min(), 0.0)
    total = saliency.sum()
    return saliency / total if total > 0 else np.full(saliency.shape, 1 / saliency.size)


def mixed(density: Float[np.ndarray, "H W"], share: float) -> Float[np.ndarray, "H W"]:
    """The density with this share of a uniform one.

    >>> mixed(np.array([[0.0, 1.0]]), 0.5).tolist()
    [[0.25, 0.75]]
    """
    if not 0 <= share <= 1:
        raise ConfigError(f"expected a share from 0 to 1, got {share}")
    return (1 - share) * as_density(density) + share / np.size(density)


def fixation_density(
    fixations: Int[np.ndarray, "F 2"], shape: tuple[int, int], *, sigma: float
) -> Float[np.ndarray, "H W"]:
    """The density of fixations: one Gaussian around each, mirrored at the borders.

    Args:
        sigma: in pixels; about one degree of visual angle is usual. MIT300 takes 24, CAT2000 40.

    Raises:
        DataError: there are no fixations, or one lies outside.
    """
    counts = _counts(as_fixations(fixations, shape), shape)
    if not counts.any():
        raise DataError("an image without fixations has no density of them")
    return blurred(counts, sigma=sigma)


def centre_biases(
    fixations: Sequence[Int[np.ndarray, "F 2"]], shapes: Sequence[tuple[int, int]], *, width: float, share: float
) -> Iterator[Float[np.ndarray, "H W"]]:
    """For each image, one after the other, where people look in all the others.

    Args:
        width: of each Gaussian, as a share of the longer side of the image.
        share: of a uniform density that is mixed in.

    Raises:
        DataError: an image has no fixation in any other image, or one lies outside.
    """
    checked = [as_fixations(each, shape) for each, shape in zip(fixations, shapes, strict=True)]
    # All fixations on the grid of each shape once; an image takes its own away.
    totals = {
        shape: sum(_counts(rescaled(each, own, shape), shape) for each, own in zip(checked, shapes, strict=True))
        for shape in set(shapes)
    }
    for n, (each, shape) in enumerate(zip(checked, shapes, strict=True)):
        others = totals[shape] - _counts(each, shape)
        if not np.any(others):
            raise DataError("a bias to the centre comes from other images, and none has a fixation", where=f"image {n}")
        yield mixed(blurred(others, sigma=width * max(shape)), share)


def rescaled(fixations: Int[np.ndarray, "F 2"], shape: tuple[int, int], to: tuple[int, int]) -> Int[np.ndarray, "F 2"]:
    """Fixations of an image of one shape at the same relative place in an image of another.

    >>> rescaled(np.array([[1, 3]]), (2, 4), (4, 4)).tolist()
    [[2, 3]]
    """
    return np.asarray(fixations) * np.array(to) // np.array(shape)


def blurred(counts: Float[np.ndarray, "H W"], *, sigma: float) -> Float[np.ndarray, "H W"]:
    """Counts under a Gaussian of this many pixels, mirrored at the borders and not cut off, brought to sum one."""
    if not sigma > 0:
        raise ConfigError(f"expected a positive number of pixels, got sigma={sigma}")
    rows, columns = (_gaussian(length, sigma) for length in counts.shape)
    spread = rows @ counts @ columns.T
    return spread / spread.sum()


def as_map(values: Any, *, where: str | None = None) -> Float[np.ndarray, "H W"]:
    """A map of finite numbers, checked."""
    checked = np.asarray(values)
    if checked.ndim != 2 or not checked.size or checked.dtype.kind not in "fiub":
        raise DataError(
            f"expected a map of numbers, height x width, got {checked.dtype} of shape {checked.shape}", where=where
        )
    if not np.isfinite(checked).all():
        place = tuple(int(each) for each in np.argwhere(~np.isfinite(checked))[0])
        raise DataError(f"expected finite values in a map, got {checked[place]} at {place}", where=where)
    return checked.astype(float)


def as_nonnegative(values: Any) -> Float[np.ndarray, "H W"]:
    """A map without negative values, checked."""
    checked = as_map(values)
    if checked.min() < 0:
        raise DataError(f"expected no negative values, got {checked.min():g}", fix="for logits take softmax_density")
    return checked


def as_density(values: Any) -> Float[np.ndarray, "H W"]:
    """A map that sums to one, checked."""
    checked = as_nonnegative(values)
    if abs(checked.sum() - 1) > _TOLERANCE:
        raise DataError(
            f"expected a density, which sums to one, got a sum of {checked.sum():g}",
            fix="take normalised_density or softmax_density of the map",
        )
    return checked


def as_fixations(values: Any, shape: tuple[int, int], *, where: str | None = None) -> Int[np.ndarray, "F 2"]:
    """Fixations inside an image, checked; parts of a pixel are cut off."""
    given = np.asarray(values)
    if not given.size:
        return np.zeros((0, 2), int)
    if given.ndim != 2 or given.shape[1] != 2 or given.dtype.kind not in "fiu":
        raise DataError(
            f"expected one (row, column) per fixation, got {given.dtype} of shape {given.shape}", where=where
        )
    inside = (given >= 0).all(1) & (given < np.array(shape)).all(1)
    if not inside.all():
        wrong = given[~inside][0].tolist()
        raise DataError(
            f"expected fixations inside an image of {shape[0]} x {shape[1]} pixels, got (row, column) = {tuple(wrong)}",
            where=where,
        )
    return given.astype(int)


def _counts(fixations: Int[np.ndarray, "F 2"], shape: tuple[int, int]) -> Float[np.ndarray, "H W"]:
    flat = fixations[:, 0] * shape[1] + fixations[:, 1]
    return np.bincount(flat, minlength=shape[0] * shape[1]).reshape(shape).astype(float)


def _gaussian(length: int, sigma: float) -> Float[np.ndarray, "S S"]:
    """How much each position receives from each other one and from its mirror images."""
    to, source = np.arange(length)[:, None], np.arange(length)
    # Mirror images further off than twelve deviations are nothing in double precision.
    turns = range(-1 - int(6 * sigma / length), 2 + int(6 * sigma / length))
    offsets = [2 * length * turn for turn in turns]
    reached = [
        np.exp(-((to - each) ** 2) / (2 * sigma**2)) for turn in offsets for each in (source + turn, turn - 1 - source)
    ]
    return np.sum(reached, axis=0)
