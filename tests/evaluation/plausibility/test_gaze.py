import json

import numpy as np
import pytest

from salience.core.errors import ConfigError, DataError
from salience.evaluation.plausibility import (
    auc,
    cc,
    centre_biases,
    fixation_density,
    information_gain,
    kl_divergence,
    measure_gaze,
    mixed,
    normalised_density,
    nss,
    rescaled,
    shuffled_auc,
    sim,
    softmax_density,
)


def case(*, count=7, signal=True, seed=0):
    """Images of two sizes where people look near one place each, and maps that know it or not."""
    generator = np.random.default_rng(seed)
    shapes = [(11, 13) if n % 2 else (13, 17) for n in range(count)]
    centres = [generator.integers(3, np.array(each) - 3) for each in shapes]
    fixations = [
        np.clip(generator.normal(centre, 1.0, (19, 2)).round().astype(int), 0, np.array(shape) - 1)
        for centre, shape in zip(centres, shapes, strict=True)
    ]
    grids = [np.stack(np.mgrid[: each[0], : each[1]], axis=-1) for each in shapes]
    known = [np.exp(-((grid - at) ** 2).sum(-1) / 4) for grid, at in zip(grids, centres, strict=True)]
    unknown = [generator.random(each) for each in shapes]
    return known if signal else unknown, fixations


def test_averages_are_those_of_each_image():
    maps, fixations = case(count=5)
    found = measure_gaze(maps, fixations, sigma=1.5, draws=0)
    shapes = [each.shape for each in maps]
    biases = list(centre_biases(fixations, shapes, width=found.centre_width, share=found.uniform_share))
    targets = [fixation_density(at, shape, sigma=1.5) for at, shape in zip(fixations, shapes, strict=True)]
    others = [
        np.concatenate([rescaled(fixations[m], shapes[m], shapes[n]) for m in range(5) if m != n]) for n in range(5)
    ]
    expected = {
        "auc": [auc(*each) for each in zip(maps, fixations, strict=True)],
        "shuffled_auc": [shuffled_auc(*each) for each in zip(maps, fixations, others, strict=True)],
        "nss": [nss(*each) for each in zip(maps, fixations, strict=True)],
        "cc": [cc(*each) for each in zip(maps, targets, strict=True)],
        "sim": [sim(*each) for each in zip(maps, targets, strict=True)],
        "kl_divergence": [kl_divergence(*each) for each in zip(maps, targets, strict=True)],
        "information_gain": [
            information_gain(mixed(normalised_density(each), found.uniform_share), bias, at)
            for each, bias, at in zip(maps, biases, fixations, strict=True)
        ],
    }
    for name, values in expected.items():
        assert getattr(found.importance, name).value == pytest.approx(np.mean(values)), name
    assert found.centre_bias.nss.value == pytest.approx(np.mean(list(map(nss, biases, fixations))))
    assert (found.num_images, found.num_fixations, found.sigma) == (5, 95, 1.5)


def test_maps_that_know_are_above_the_bias_to_the_centre_and_maps_that_do_not_are_at_chance():
    known, unknown = (measure_gaze(*case(count=23, signal=each), sigma=1.5, draws=200) for each in (True, False))
    for name in ("auc", "shuffled_auc", "auc_judd", "nss", "cc", "sim"):
        assert getattr(known.importance, name).low > getattr(known.centre_bias, name).high, name
    assert known.importance.kl_divergence.high < known.centre_bias.kl_divergence.low
    assert known.importance.information_gain.low > 0
    assert unknown.importance.auc.low < 0.5 < unknown.importance.auc.high
    assert unknown.importance.information_gain.high < 0


def test_the_bias_to_the_centre_gains_nothing_over_itself():
    assert measure_gaze(*case(), sigma=1.5, draws=0).centre_bias.information_gain.value == 0.0


def test_images_without_fixations_are_left_out_and_counted_and_change_nothing():
    maps, fixations = case()
    more = measure_gaze([*maps, np.ones((2, 3))], [*fixations, []], sigma=1.5, draws=50)
    assert more.num_without_fixations == 1
    assert more.num_images == 7
    assert more.importance == measure_gaze(maps, fixations, sigma=1.5, draws=50).importance


def test_constant_maps_are_counted():
    maps, fixations = case()
    found = measure_gaze([np.ones_like(maps[0]), *maps[1:]], fixations, sigma=1.5, draws=0)
    assert found.num_constant == 1
    assert np.isfinite(found.importance.information_gain.value)


def test_logits_are_made_a_density_by_softmax():
    maps, fixations = case()
    logits = [np.log(each + 1e-3) for each in maps]
    same = [each + 1e-3 for each in maps]
    found = measure_gaze(logits, fixations, sigma=1.5, density=softmax_density, draws=0).importance
    assert found.information_gain.value == pytest.approx(
        measure_gaze(same, fixations, sigma=1.5, draws=0).importance.information_gain.value
    )


def test_whole_groups_are_drawn():
    maps, fixations = case()
    single = measure_gaze(maps * 3, fixations * 3, sigma=1.5, draws=200).importance.nss
    grouped = measure_gaze(maps * 3, fixations * 3, sigma=1.5, draws=200, groups=[*range(7)] * 3).importance.nss
    assert grouped.high - grouped.low > 1.3 * (single.high - single.low)


def test_a_result_is_plain_json():
    found = measure_gaze(*case(), sigma=1.5, draws=50)
    told = json.loads(json.dumps(found.to_dict()))
    assert told["importance"]["information_gain"]["value"] == found.importance.information_gain.value
    assert told["sigma"] == 1.5


def bad(*, maps=None, fixations=None, sigma=1.5, **options):
    known, looked = case(count=3)
    return measure_gaze(
        known if maps is None else maps, looked if fixations is None else fixations, sigma=sigma, **options
    )


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: bad(sigma=0.0), ConfigError, "positive number of pixels, got sigma=0.0"),
        (lambda: bad(fixations=[]), DataError, "fixations of each image, 3, got 0"),
        (lambda: bad(groups=[1]), DataError, "one group per image, 3, got 1"),
        (lambda: bad(fixations=[[[1, 1]], [], []]), DataError, "two images with fixations.*got 1"),
        (lambda: bad(maps=[np.full((13, 17), np.nan)] * 3), DataError, r"(?s)got nan at \(0, 0\).*where: maps\[0\]"),
        (lambda: bad(fixations=[[[1, 1]], [[99, 1]], []]), DataError, r"(?s)\(99, 1\).*where: fixations\[1\]"),
        (lambda: bad(maps=[-each for each in case(count=3)[0]]), DataError, "(?s)no negative.*softmax_density"),
        (lambda: bad(density=lambda each: each), DataError, "expected a density, which sums to one"),
    ],
)
def test_what_cannot_be_measured_is_named(call, error, message):
    with pytest.raises(error, match=message):
        call()
