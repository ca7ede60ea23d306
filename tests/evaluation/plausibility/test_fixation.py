import itertools
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import roc_auc_score

from salience.core.errors import DataError
from salience.evaluation.plausibility import (
    auc,
    auc_judd,
    cc,
    information_gain,
    kl_divergence,
    nss,
    shuffled_auc,
    sim,
)

MAP = np.array([[0.0, 1.0, 2.0], [3.0, 4.0, 5.0]])
# The last pixel twice, and one in the first row: values 5, 5 and 1.
FIXATIONS = np.array([[1, 2], [1, 2], [0, 1]])
NOBODY = np.zeros((0, 2), int)
DENSITY = np.array([[0.0, 0.0, 0.0], [0.0, 0.25, 0.75]])
EPSILON = 2.2204e-16

seeds = st.integers(0, 2**32 - 1)


def generator(seed=0):
    return np.random.default_rng(seed)


def image(seed, *, levels=5, negative=True):
    """A map of 5 x 7 pixels with ties, a density of the same size, and 11 fixations with repeats."""
    drawn = generator(seed)
    saliency = drawn.integers(-levels * negative, levels + 1, (5, 7)) / 2
    density = drawn.integers(0, 4, (5, 7)) + np.eye(5, 7)
    return saliency, density / density.sum(), drawn.integers(0, [5, 7], (11, 2))


# Every metric by hand, on two rows of three pixels.


def test_auc_by_hand():
    # Of six pixels, 5 is above five and equals one; 1 is above one and equals one.
    assert auc(MAP, FIXATIONS) == pytest.approx((5.5 + 5.5 + 1.5) / 3 / 6)


def test_shuffled_auc_by_hand():
    # Elsewhere people looked at the values 0, 0 and 3; ties of the second set count one half.
    assert shuffled_auc(MAP, FIXATIONS, np.array([[0, 0], [0, 0], [1, 0]])) == pytest.approx((3 + 3 + 2) / 9)
    assert shuffled_auc(MAP, FIXATIONS, np.array([[1, 2], [0, 1]])) == pytest.approx((1.5 + 1.5 + 0.5) / 6)


def test_auc_judd_by_hand():
    # Each fixated pixel once, 5 and 1, against 0, 2, 3 and 4: the curve goes (0, 0), (0, 1/2), (3/4, 1), (1, 1).
    assert auc_judd(MAP, FIXATIONS, generator=generator()) == pytest.approx(0.75 * 0.75 + 0.25)


def test_nss_by_hand():
    # Mean 2.5, and a variance of 35 / 12 that divides by six pixels and not by five.
    assert nss(MAP, FIXATIONS) == pytest.approx((11 / 3 - 2.5) / math.sqrt(35 / 12))


def test_cc_by_hand():
    # Sum of products 2.25; sums of squares 17.5, and 10 / 16 less 6 / 36.
    assert cc(MAP, DENSITY) == pytest.approx(2.25 / math.sqrt(17.5 * (10 / 16 - 1 / 6)))


def test_sim_by_hand():
    assert sim(MAP, DENSITY) == pytest.approx(1 / 4 + 1 / 3)
    # Shifted by its minimum and divided by its sum, and not brought to values from 0 to 1.
    assert sim(MAP - 2, DENSITY) == pytest.approx(1 / 4 + 1 / 3)
    assert sim(MAP + 1, DENSITY) == pytest.approx(5 / 21 + 6 / 21)


def test_kl_divergence_by_hand():
    expected = 0.25 * math.log(0.25 / (4 / 15)) + 0.75 * math.log(0.75 / (1 / 3))
    assert kl_divergence(MAP, DENSITY) == pytest.approx(expected)


def test_kl_divergence_has_epsilon_in_both_places():
    # The map is zero where a quarter of the fixations lie.
    one = np.array([[0.0, 0.0, 0.0], [0.0, 0.0, 1.0]])
    expected = 0.25 * math.log(EPSILON + 0.25 / EPSILON) + 0.75 * math.log(EPSILON + 0.75 / (1 + EPSILON))
    assert kl_divergence(one, DENSITY) == pytest.approx(expected, rel=1e-12)


def test_information_gain_by_hand():
    model = np.array([[0.0, 0.25, 0.0], [0.25, 0.0, 0.5]])
    base = np.array([[0.125, 0.125, 0.25], [0.125, 0.125, 0.25]])
    # Twice as probable at every fixation.
    assert information_gain(model, base, FIXATIONS) == pytest.approx(1.0)
    assert information_gain(base, base, FIXATIONS) == 0.0


# The same against loops over pixels.


@given(seeds)
def test_areas_are_those_of_a_loop_over_pairs(seed):
    saliency, _, fixations = image(seed)
    others = generator(seed + 1).integers(0, [5, 7], (13, 2))

    def chance(negatives):
        wins = [(saliency[tuple(f)] > n) + (saliency[tuple(f)] == n) / 2 for f in fixations for n in negatives]
        return sum(wins) / len(wins)

    assert auc(saliency, fixations) == pytest.approx(chance(saliency.ravel()))
    assert shuffled_auc(saliency, fixations, others) == pytest.approx(chance([saliency[tuple(o)] for o in others]))


@given(seeds)
def test_auc_judd_is_the_area_of_a_library_where_thresholds_lie_between_positives(seed):
    # Without ties, trapezia between thresholds at fixations have the area of all thresholds up to the corners they cut.
    drawn = generator(seed)
    saliency = drawn.permutation(35.0 * np.arange(35)).reshape(5, 7)
    fixations = drawn.integers(0, [5, 7], (11, 2))
    fixated = np.zeros((5, 7), bool)
    fixated[tuple(fixations.T)] = True
    points = [(0.0, 0.0)]
    for threshold in sorted(saliency[fixated], reverse=True):
        above = saliency >= threshold
        points.append(((above & ~fixated).sum() / (~fixated).sum(), (above & fixated).sum() / fixated.sum()))
    points.append((1.0, 1.0))
    area = sum((x2 - x1) * (y1 + y2) / 2 for (x1, y1), (x2, y2) in itertools.pairwise(points))
    assert auc_judd(saliency, fixations, generator=drawn) == pytest.approx(area)
    # Each step of recall is cut by half of itself at most.
    exact = roc_auc_score(fixated.ravel(), saliency.ravel())
    assert exact - 1e-12 <= area <= exact + 1 / (2 * fixated.sum()) + 1e-12


@given(seeds)
def test_metrics_of_maps_are_those_of_loops_over_pixels(seed):
    saliency, density, fixations = image(seed)
    values, target = saliency.ravel().tolist(), density.ravel().tolist()
    count, mean = len(values), math.fsum(values) / len(values)
    deviation = math.sqrt(math.fsum((v - mean) ** 2 for v in values) / count)
    at = [saliency[tuple(each)] for each in fixations]
    assert nss(saliency, fixations) == pytest.approx(math.fsum((v - mean) / deviation for v in at) / len(at))

    spread = math.sqrt(math.fsum((t - 1 / count) ** 2 for t in target) / count)
    covariance = math.fsum((v - mean) * (t - 1 / count) for v, t in zip(values, target, strict=True)) / count
    assert cc(saliency, density) == pytest.approx(covariance / deviation / spread)

    least = min(0.0, *values)
    total = math.fsum(v - least for v in values)
    share = [(v - least) / total for v in values]
    assert sim(saliency, density) == pytest.approx(math.fsum(map(min, share, target)))
    divergence = math.fsum(t * math.log(EPSILON + t / (s + EPSILON)) for s, t in zip(share, target, strict=True))
    assert kl_divergence(saliency, density) == pytest.approx(divergence)


@given(seeds)
def test_information_gain_is_that_of_a_loop_over_fixations(seed):
    drawn = generator(seed)
    model, base = (each / each.sum() for each in drawn.random((2, 5, 7)) + 0.1)
    fixations = drawn.integers(0, [5, 7], (11, 2))
    bits = [math.log2(model[tuple(each)] / base[tuple(each)]) for each in fixations]
    assert information_gain(model, base, fixations) == pytest.approx(math.fsum(bits) / 11)


# What has no fixations, or one value only.


def test_a_constant_map_is_at_chance():
    constant = np.full((2, 3), 0.1)
    assert auc(constant, FIXATIONS) == 0.5
    assert shuffled_auc(constant, FIXATIONS, FIXATIONS[:1]) == 0.5
    assert nss(constant, FIXATIONS) == 0.0
    assert cc(constant, DENSITY) == 0.0
    assert sim(constant, DENSITY) == pytest.approx(2 / 6)
    assert sim(np.zeros((2, 3)), DENSITY) == pytest.approx(2 / 6)
    assert kl_divergence(np.zeros((2, 3)), DENSITY) == pytest.approx(kl_divergence(constant, DENSITY))


@pytest.mark.parametrize("fixations", [FIXATIONS[2:], FIXATIONS])
def test_noise_orders_a_constant_map_and_the_chance_of_auc_judd_is_above_one_half(fixations):
    drawn = [auc_judd(np.ones((11, 13)), fixations, generator=generator(seed)) for seed in range(400)]
    distinct = len(np.unique(fixations, axis=0))
    expected = 1 / 2 + 1 / (2 * (distinct + 1))
    assert np.mean(drawn) == pytest.approx(expected, abs=4 * np.std(drawn) / math.sqrt(400))


def test_the_noise_of_auc_judd_does_not_depend_on_the_scale_of_the_map():
    # A density over many pixels is smaller than the noise would be.
    assert auc_judd(MAP * 1e-12, FIXATIONS, generator=generator()) == pytest.approx(0.8125)


def test_without_fixations_nothing_is_defined():
    assert math.isnan(auc(MAP, NOBODY))
    assert math.isnan(shuffled_auc(MAP, NOBODY, FIXATIONS))
    assert math.isnan(shuffled_auc(MAP, FIXATIONS, NOBODY))
    assert math.isnan(auc_judd(MAP, NOBODY, generator=generator()))
    assert math.isnan(nss(MAP, NOBODY))
    assert math.isnan(information_gain(DENSITY, DENSITY, NOBODY))


def test_where_every_pixel_is_fixated_there_are_no_negatives_for_judd():
    everywhere = np.argwhere(np.ones((2, 3)))
    assert math.isnan(auc_judd(MAP, everywhere, generator=generator()))
    assert auc(MAP, everywhere) == 0.5


def test_a_constant_density_of_fixations_has_no_correlation():
    assert math.isnan(cc(MAP, np.full((2, 3), 1 / 6)))
    assert math.isnan(cc(np.ones((2, 3)), np.full((2, 3), 1 / 6)))


def test_parts_of_a_pixel_are_cut_off():
    assert auc(MAP, FIXATIONS + 0.9) == auc(MAP, FIXATIONS)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: auc(np.arange(3.0), FIXATIONS), r"height x width, got float64 of shape \(3,\)"),
        (lambda: auc(np.zeros((0, 3)), NOBODY), r"height x width, got float64 of shape \(0, 3\)"),
        (lambda: nss(np.array([["a"]]), NOBODY), "expected a map of numbers"),
        (lambda: nss(np.array([[1.0, np.nan]]), NOBODY), r"finite values in a map, got nan at \(0, 1\)"),
        (lambda: auc(MAP, [[2, 0]]), r"inside an image of 2 x 3 pixels, got \(row, column\) = \(2, 0\)"),
        (lambda: auc(MAP, [[0, -1]]), r"got \(row, column\) = \(0, -1\)"),
        (lambda: auc(MAP, [[0.0, np.nan]]), r"got \(row, column\) = \(0.0, nan\)"),
        (lambda: auc(MAP, [1, 2]), r"one \(row, column\) per fixation, got int64 of shape \(2,\)"),
        (lambda: cc(MAP, DENSITY.T), r"of one shape, got \(2, 3\) and \(3, 2\)"),
        (lambda: sim(MAP, DENSITY - 1), "expected no negative values, got -1"),
        (lambda: information_gain(MAP, DENSITY, FIXATIONS), "sums to one, got a sum of 15"),
        (lambda: information_gain(MAP - 2, DENSITY, FIXATIONS), "for logits take softmax_density"),
        (lambda: information_gain(DENSITY, DENSITY.T, FIXATIONS), "two densities of one shape"),
        (lambda: information_gain(DENSITY, DENSITY, FIXATIONS), "zero where someone looked"),
    ],
)
def test_what_does_not_fit_is_named(call, message):
    with pytest.raises(DataError, match=message):
        call()
