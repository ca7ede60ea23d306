import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.ndimage import gaussian_filter

from salience.core.errors import ConfigError, DataError
from salience.evaluation.plausibility import (
    blurred,
    centre_biases,
    fixation_density,
    mixed,
    normalised_density,
    rescaled,
    softmax_density,
)


def test_densities_of_a_map_by_hand():
    assert normalised_density(np.array([[0.0, 1.0, 3.0]])).tolist() == [[0, 0.25, 0.75]]
    assert normalised_density(np.zeros((1, 4))).tolist() == [[0.25] * 4]
    assert softmax_density(np.log([[1.0, 2.0, 5.0]])) == pytest.approx(np.array([[1, 2, 5]]) / 8)
    assert mixed(np.array([[0.0, 1.0]]), 0.1) == pytest.approx(np.array([[0.05, 0.95]]))


def test_large_logits_do_not_overflow():
    assert softmax_density(np.array([[1e4, 1e4]])).tolist() == [[0.5, 0.5]]


@given(st.floats(0.3, 40.0), st.integers(0, 2**32 - 1))
def test_blurring_is_that_of_a_library_with_mirrored_borders(sigma, seed):
    counts = np.random.default_rng(seed).integers(0, 3, (5, 7)).astype(float)
    counts[0, 0] += 1
    reference = gaussian_filter(counts, sigma, mode="reflect", truncate=12)
    assert blurred(counts, sigma=sigma) == pytest.approx(reference / reference.sum(), abs=1e-12)


def test_a_density_of_fixations_by_hand():
    # One row: a Gaussian on the first of two pixels, and its mirror images left and right.
    mass = [sum(np.exp(-((to - at) ** 2) / 2) for at in (-12, -9, -8, -5, -4, -1, 0, 3, 4, 7, 8, 11)) for to in (0, 1)]
    found = fixation_density(np.array([[0, 0]]), (1, 2), sigma=1.0)
    assert found == pytest.approx(np.array([mass]) / sum(mass))


def test_a_pixel_fixated_twice_counts_twice():
    found = fixation_density(np.array([[0, 0], [0, 0], [1, 2]]), (2, 3), sigma=0.1)
    assert found == pytest.approx(np.array([[2 / 3, 0, 0], [0, 0, 1 / 3]]))


def test_fixations_keep_their_relative_place():
    assert rescaled(np.array([[0, 0], [4, 6], [2, 3]]), (5, 7), (10, 14)).tolist() == [[0, 0], [8, 12], [4, 6]]
    assert rescaled(np.array([[4, 6]]), (5, 7), (2, 3)).tolist() == [[1, 2]]


@settings(max_examples=5)
@given(st.integers(0, 2**32 - 1))
def test_the_bias_of_an_image_is_a_sum_over_the_fixations_of_all_others(seed):
    generator = np.random.default_rng(seed)
    shapes = [(5, 7), (5, 7), (11, 3)]
    fixations = [generator.integers(0, each, (number, 2)) for each, number in zip(shapes, (2, 3, 5), strict=True)]
    biases = list(centre_biases(fixations, shapes, width=0.2, share=0.1))
    for n, (shape, found) in enumerate(zip(shapes, biases, strict=True)):
        sigma, size = 0.2 * max(shape), np.array(shape)
        pixels = np.stack(np.mgrid[: shape[0], : shape[1]], axis=-1)
        dense = np.zeros(shape)
        for other in {0, 1, 2} - {n}:
            for at in np.floor(fixations[other] / shapes[other] * size + 1e-9):
                images = [
                    [turn * 2 * length + each for turn in range(-9, 10) for each in (place, -1 - place)]
                    for place, length in zip(at, shape, strict=True)
                ]
                for row in images[0]:
                    away = (pixels[..., 1, None] - np.array(images[1])) ** 2 + (pixels[..., :1] - row) ** 2
                    dense += np.exp(-away / (2 * sigma**2)).sum(-1)
        assert found == pytest.approx(0.9 * dense / dense.sum() + 0.1 / dense.size, abs=1e-9)
        assert found.sum() == pytest.approx(1)


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: normalised_density(np.array([[-1.0, 2.0]])), DataError, "no negative values, got -1"),
        (lambda: mixed(np.array([[1.0, 1.0]]), 0.1), DataError, "sums to one, got a sum of 2"),
        (lambda: mixed(np.array([[1.0]]), 1.5), ConfigError, "a share from 0 to 1, got 1.5"),
        (lambda: blurred(np.ones((2, 3)), sigma=0.0), ConfigError, "positive number of pixels, got sigma=0.0"),
        (lambda: fixation_density([], (2, 3), sigma=1.0), DataError, "without fixations has no density"),
        (
            lambda: list(centre_biases([np.array([[0, 0]]), []], [(2, 3)] * 2, width=0.1, share=0.1)),
            DataError,
            "comes from other images, and none has a fixation",
        ),
    ],
)
def test_what_does_not_fit_is_named(call, error, message):
    with pytest.raises(error, match=message):
        call()
