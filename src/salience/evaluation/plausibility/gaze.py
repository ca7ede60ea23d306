"""Do maps agree with where people look? All fixation metrics, averaged over images, beside the bias to the centre.

Legend: N images, H x W pixels, F fixations as (row, column) in pixels, C metrics.

People look at the middle of pictures, so a map that has never seen the image is the reference here: the density of the
fixations of all other images. One map serves all metrics; a model of densities can do better on each with a map made
for it (Kuemmerer et al. 2018).
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from jaxtyping import Float, Int

from salience.core.errors import ConfigError, DataError
from salience.evaluation.bootstrap import Bootstrap
from salience.evaluation.plausibility.averages import mean_of_defined, scores
from salience.evaluation.plausibility.density import (
    as_fixations,
    as_map,
    centre_biases,
    fixation_density,
    mixed,
    normalised_density,
    rescaled,
)
from salience.evaluation.plausibility.fixation import (
    auc,
    auc_judd,
    cc,
    information_gain,
    kl_divergence,
    nss,
    shuffled_auc,
    sim,
)
from salience.evaluation.score import Score

# Of the Gaussians of the bias to the centre: the share of the longer side.
CENTRE_WIDTH = 0.05
# Of a uniform density, in that of a map and in the bias to the centre: no fixation costs more than its bits.
UNIFORM_SHARE = 0.01
_UNDEFINED = "no image determines it"


@dataclass(frozen=True, slots=True)
class MapScores:
    """The fixation metrics of one kind of map, averaged over images. See `fixation` for each."""

    auc: Score
    shuffled_auc: Score
    auc_judd: Score
    nss: Score
    cc: Score
    sim: Score
    #: In nats; less is better.
    kl_divergence: Score
    #: In bits per fixation over the bias to the centre.
    information_gain: Score


@dataclass(frozen=True, slots=True)
class Gaze:
    """How well maps agree with where people looked, beside the bias to the centre."""

    importance: MapScores
    centre_bias: MapScores
    #: Images that were looked at, and images without a fixation: these are left out.
    num_images: int
    num_without_fixations: int
    num_fixations: int
    #: Images whose map has one value everywhere.
    num_constant: int
    #: Of the density of fixations, in pixels; the width of the bias to the centre and the uniform share mixed in.
    sigma: float
    centre_width: float
    uniform_share: float
    seed: int
    draws: int

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON values."""
        return asdict(self)


def measure_gaze(
    maps: Sequence[Float[np.ndarray, "H W"]],
    fixations: Sequence[Int[np.ndarray, "F 2"]],
    *,
    sigma: float,
    density: Callable[[Float[np.ndarray, "H W"]], Float[np.ndarray, "H W"]] = normalised_density,
    groups: Sequence[Hashable] | None = None,
    seed: int = 0,
    draws: int = 2000,
) -> Gaze:
    """Compare the map of each image with the fixations on it.

    Args:
        maps: one per image, in the size of the image; sizes may differ.
        fixations: per image, one (row, column) per fixation, repeats kept. Leave out the first one of each viewer if
            the viewers were told where to look first.
        sigma: of the density of fixations that CC, SIM and KL compare with, in pixels: about one degree of
            visual angle.
        density: from a map to the density whose information is measured: `normalised_density`, or `softmax_density`
            for logits. A hundredth of a uniform density is mixed in.
        groups: a label per image (a scene, a film) whose images are not independent.
        seed: of the noise in `auc_judd` and of the draws.
        draws: of the bootstrap; 0 for no intervals.

    Raises:
        DataError: fewer than two images have fixations, or maps, fixations and groups do not fit each other.
        ConfigError: `sigma` is not positive.
    """
    if not sigma > 0:
        raise ConfigError(f"expected a positive number of pixels, got sigma={sigma}")
    index = _with_fixations(maps, fixations, groups)
    chosen = [maps[n] for n in index]
    shapes = [as_map(maps[n], where=f"maps[{n}]").shape for n in index]
    looked = [
        as_fixations(fixations[n], shape, where=f"fixations[{n}]") for n, shape in zip(index, shapes, strict=True)
    ]
    bootstrap = Bootstrap(draws, seed, None if groups is None else [groups[n] for n in index])
    generator = np.random.default_rng(seed)
    numbers = np.array(list(_numbers(chosen, shapes, looked, density=density, sigma=sigma, generator=generator)))
    return Gaze(
        importance=_scores(numbers[:, 0], bootstrap),
        centre_bias=_scores(numbers[:, 1], bootstrap),
        num_images=len(index),
        num_without_fixations=len(maps) - len(index),
        num_fixations=sum(map(len, looked)),
        num_constant=sum(bool(np.ptp(each) == 0) for each in chosen),
        sigma=sigma,
        centre_width=CENTRE_WIDTH,
        uniform_share=UNIFORM_SHARE,
        seed=seed,
        draws=draws,
    )


def _with_fixations(maps: Sequence[Any], fixations: Sequence[Any], groups: Sequence[Hashable] | None) -> list[int]:
    """The images that someone looked at."""
    if len(maps) != len(fixations):
        raise DataError(f"expected the fixations of each image, {len(maps):,}, got {len(fixations):,}")
    if groups is not None and len(groups) != len(maps):
        raise DataError(f"expected one group per image, {len(maps):,}, got {len(groups):,}")
    index = [n for n, each in enumerate(fixations) if np.size(each)]
    if len(index) < 2:
        raise DataError(
            f"expected two images with fixations, so that each can be compared with others, got {len(index)}"
        )
    return index


def _numbers(
    maps: Sequence[Float[np.ndarray, "H W"]],
    shapes: Sequence[tuple[int, int]],
    looked: Sequence[Int[np.ndarray, "F 2"]],
    *,
    density: Callable[[Float[np.ndarray, "H W"]], Float[np.ndarray, "H W"]],
    sigma: float,
    generator: np.random.Generator,
) -> Iterator[list[list[float]]]:
    """Every metric of the map and of the bias to the centre, image by image: large images are many numbers."""
    biases = centre_biases(looked, shapes, width=CENTRE_WIDTH, share=UNIFORM_SHARE)
    for n, (own, shape, bias, at) in enumerate(zip(maps, shapes, biases, looked, strict=True)):
        target = fixation_density(at, shape, sigma=sigma)
        elsewhere = [rescaled(each, shapes[m], shape) for m, each in enumerate(looked) if m != n]
        others = np.concatenate(elsewhere)
        informed = mixed(density(own), UNIFORM_SHARE)
        yield [
            _metrics(each, probable, bias, target, at, others, generator)
            for each, probable in ((own, informed), (bias, bias))
        ]


def _metrics(
    saliency: Float[np.ndarray, "H W"],
    density: Float[np.ndarray, "H W"],
    bias: Float[np.ndarray, "H W"],
    target: Float[np.ndarray, "H W"],
    at: Int[np.ndarray, "F 2"],
    others: Int[np.ndarray, "K 2"],
    generator: np.random.Generator,
) -> list[float]:
    """In the order of the fields of `MapScores`."""
    return [
        auc(saliency, at),
        shuffled_auc(saliency, at, others),
        auc_judd(saliency, at, generator=generator),
        nss(saliency, at),
        cc(saliency, target),
        sim(saliency, target),
        kl_divergence(saliency, target),
        information_gain(density, bias, at),
    ]


def _scores(numbers: Float[np.ndarray, "N C"], bootstrap: Bootstrap) -> MapScores:
    return MapScores(*scores(mean_of_defined(numbers), len(numbers), bootstrap, undefined=_UNDEFINED))
