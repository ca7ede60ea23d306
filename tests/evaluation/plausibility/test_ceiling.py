import numpy as np
import pytest

from salience.evaluation.bootstrap import Bootstrap
from salience.evaluation.plausibility import majority, measure_plausibility, position_prior, union
from salience.evaluation.plausibility.ceiling import measure_ceiling, places
from salience.evaluation.plausibility.marks import read


def measured(heats, rationales, *, priors=None, together=union, draws=0, groups=None):
    rows = read(heats, rationales)
    return measure_ceiling(
        rows,
        position_prior([row.marks for row in rows]) if priors is None else priors,
        together=together,
        bootstrap=Bootstrap(draws, groups=groups),
        generator=np.random.default_rng(0),
    )


def crowd(*, count=211, length=17, noise=0.08):
    """Three people who mark what each row has to be marked, and err; and an importance that knows some of it."""
    generator = np.random.default_rng(0)
    truth = generator.random((count, length)) < 0.25
    rationales = truth[:, None] ^ (generator.random((count, 3, length)) < noise)
    heats = truth + generator.normal(size=(count, length)) * 0.5
    return list(heats), list(rationales)


def test_each_annotator_stands_against_the_others():
    marks = np.array([[1, 1, 0, 0], [1, 0, 0, 0], [1, 0, 1, 0]], dtype=bool)
    assert [each[1].tolist() for each in places(marks, union)] == [
        [True, False, True, False],
        [True, True, True, False],
        [True, True, False, False],
    ]
    assert [each[1].tolist() for each in places(marks, majority)] == [[True, False, False, False]] * 3


def test_who_marked_nothing_has_no_place_and_others_who_mark_nothing_or_all_ask_no_question():
    assert len(list(places(np.array([[0, 0, 0], [1, 0, 0], [1, 1, 0]], dtype=bool), union))) == 2
    assert not list(places(np.array([[1, 0, 0], [0, 0, 0]], dtype=bool), union))
    assert len(list(places(np.array([[1, 0, 0], [1, 1, 1]], dtype=bool), majority))) == 1
    assert not list(places(np.array([[1, 0, 0]], dtype=bool), union))


def test_a_ceiling_by_hand():
    # Two people: {0, 1} and {0}. The importance puts 0 first, then 2; the prior puts 2 first, then 0.
    found = measured([[0.9, 0.1, 0.5]], [[[1, 1, 0], [1, 0, 0]]], priors=[np.array([0.5, 0.1, 0.9])])
    f1 = found.token_f1
    # In the place of the first: two units against {0}. In the place of the second: one unit against {0, 1}.
    assert f1.human.value == pytest.approx((2 / 3 + 2 / 3) / 2)
    assert f1.importance.value == pytest.approx((2 / 3 + 2 / 3) / 2)
    assert f1.position_prior.value == pytest.approx((2 / 3 + 0) / 2)
    ap = found.average_precision
    # As a ranking, {0, 1} has two equal units on top, one of which is right; {0} has one, and then the rest.
    assert ap.human.value == pytest.approx((1 / 2 + (1 + 2 / 3) / 2) / 2)
    assert ap.importance.value == pytest.approx((1 + (1 + 2 / 3) / 2) / 2)
    assert ap.position_prior.value == pytest.approx((1 / 2 + (1 / 2 + 2 / 3) / 2) / 2)
    assert (found.num_rows, found.num_places) == (1, 2)


def test_the_share_is_the_place_between_prior_and_people():
    found = measured(*crowd(), draws=200).token_f1
    share = (found.importance.value - found.position_prior.value) / (found.human.value - found.position_prior.value)
    assert found.share.value == pytest.approx(share)
    assert found.share.low < share < found.share.high
    assert found.human.low < found.human.value < found.human.high


def test_one_more_person_explains_all_of_it_and_noise_nothing():
    generator = np.random.default_rng(0)
    truth = generator.random((211, 1, 17)) < 0.25
    people = truth ^ (generator.random((211, 4, 17)) < 0.08)
    rationales, fourth = list(people[:, :3]), list(people[:, 3].astype(float))
    assert measured(fourth, rationales, draws=200).average_precision.share.value == pytest.approx(1, abs=0.05)
    share = measured(list(generator.random((211, 17))), rationales, draws=200).average_precision.share
    assert share.low < 0 < share.high < 0.1


def test_people_who_do_not_agree_give_no_scale():
    generator = np.random.default_rng(0)
    rationales = list(generator.random((53, 3, 11)) < 0.3)
    share = measured(list(generator.random((53, 11))), rationales, draws=200).token_f1.share
    assert str(share) == "undefined: people do not certainly agree more with each other than with the position prior"


def test_groups_follow_their_rows():
    heats, rationales = crowd(count=31)
    groups = np.arange(31) // 3
    # The first row has one annotator only, and takes no part.
    rationales[0] = rationales[0][:1]
    rows = read(heats, rationales)
    priors = position_prior([row.marks for row in rows])
    found = measured(heats, rationales, priors=priors, draws=100, groups=list(groups))
    without = measured(heats[1:], rationales[1:], priors=priors[1:], draws=100, groups=list(groups[1:]))
    assert found == without
    assert found != measured(heats[1:], rationales[1:], priors=priors[1:], draws=100, groups=list(groups[:-1]))


def test_without_a_second_annotator_there_is_no_ceiling():
    found = measure_plausibility([[0.1, 0.9], [0.2, 0.8]], [[True, False], [[False, True]]], draws=0)
    assert found.ceiling is None
    assert found.position_prior is not None
