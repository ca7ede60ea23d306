import pytest
from hypothesis import given
from hypothesis import strategies as st

from salience.evaluation import Score
from salience.evaluation.verdict import judge, more_inputs


def verdict(value, low, high):
    return judge(Score(value, low, high), method="received", best="leave_one_out", count=256)


@pytest.mark.parametrize(
    ("low", "value", "high", "word"),
    [
        (0.70, 0.85, 1.02, "pass"),
        (0.30, 0.50, 0.69, "weak"),
        (0.05, 0.15, 0.29, "fail"),
        (-0.10, 0.10, 0.29, "fail"),
        (-0.60, -0.40, -0.01, "misleading"),
        (0.60, 0.80, 1.00, "inconclusive"),
        (0.20, 0.40, 0.60, "inconclusive"),
        (-0.20, 0.40, 1.00, "inconclusive"),
    ],
)
def test_a_verdict_needs_the_whole_interval_on_one_side_of_each_line(low, value, high, word):
    assert verdict(value, low, high).word == word


def test_a_verdict_is_one_sentence_with_its_numbers():
    assert verdict(0.85, 0.71, 1.02).sentence == (
        "The parts that 'received' ranks first are the right ones: taking them away weakens the prediction (skill "
        "0.85, 95 % interval 0.71 to 1.02, from 256 inputs; 0 is a random order, 1 the best other method, 'leave one "
        "out')."
    )


@pytest.mark.parametrize(
    ("numbers", "words"),
    [
        ((0.5, 0.4, 0.6), "are right only to some degree: taking them away weakens the prediction, but less than"),
        (
            (0.1, 0.0, 0.2),
            "are not the right ones: taking them away weakens the prediction hardly more than taking away",
        ),
        ((-0.5, -0.6, -0.4), "Do not use 'received': taking away the parts it ranks first weakens the prediction less"),
        ((0.6, 0.4, 0.8), "taking them away weakens the prediction more; how much more is not certain yet"),
        ((0.2, -0.1, 0.5), "It is not certain yet whether taking away the parts that 'received' ranks first weakens"),
    ],
)
def test_each_verdict_says_what_it_means(numbers, words):
    assert words in verdict(*numbers).sentence


def test_an_open_verdict_says_how_many_more_inputs_would_decide_it():
    # The lower end is 0.3 below, the line 0.2: the interval must shrink to two thirds, with 2.25 times the inputs.
    found = verdict(0.9, 0.6, 1.2)
    assert found.more == 320
    assert found.sentence.endswith("About 320 more inputs would decide it.")


def test_a_skill_on_a_line_cannot_be_decided():
    found = verdict(0.701, 0.5, 0.9)
    assert found.more is None
    assert "so near to a line between two verdicts that more inputs would hardly decide it" in found.sentence


def test_no_skill_means_no_verdict_and_says_why():
    found = judge(Score(None, reason="all parts are the same"), method="leave_one_out", best="received", count=80)
    assert found.word == "inconclusive"
    assert found.sentence == "Nothing can be said about 'leave one out': all parts are the same."


def test_a_value_is_moved_and_not_weakened():
    found = judge(Score(0.9, 0.8, 1.0), method="received", best="leave_one_out", count=256, value=True)
    assert "taking them away moves the value (skill 0.90" in found.sentence


def test_a_method_without_signs_is_compared_with_others_without_theirs():
    found = judge(
        Score(0.9, 0.8, 1.0), method="received", best="leave_one_out", count=256, with_signs=Score(0.43, 0.4, 0.5)
    )
    assert "1 the best other method without its signs, 'leave one out')." in found.sentence
    assert found.sentence.endswith(
        "'received' has no signs, so it cannot tell parts that speak for the prediction from parts that speak against "
        "it, and is compared with others as if they had none; against the best with its signs, its skill is 0.43."
    )
    without = judge(
        Score(0.9, 0.8, 1.0), method="received", best="leave_one_out", count=256, with_signs=Score(None, reason="no")
    )
    assert without.sentence.endswith("as if they had none.")


def test_few_inputs_or_groups_are_never_enough():
    found = judge(Score(0.9, 0.8, 1.0), method="received", best="leave_one_out", count=12)
    assert (found.word, found.more) == ("inconclusive", 18)
    assert found.sentence == "12 inputs are too few to judge 'received': a verdict needs 30 that are independent."
    found = judge(Score(0.9, 0.8, 1.0), method="received", best="leave_one_out", count=256, num_groups=7)
    assert found.sentence.startswith("256 inputs in 7 groups are too few to judge 'received'")
    # 23 more groups of 36.6 inputs each.
    assert found.more == 850


def test_groups_are_named_in_the_verdict():
    found = judge(Score(0.9, 0.8, 1.0), method="received", best="leave_one_out", count=256, num_groups=40)
    assert "from 256 inputs in 40 groups" in found.sentence


def test_without_draws_there_is_no_verdict():
    found = judge(Score(0.9), method="received", best="leave_one_out", count=256)
    assert found.sentence == "Without bootstrap draws there is no verdict on 'received'."


@given(st.floats(-1, 1.5), st.floats(0.01, 1), st.floats(0.01, 1))
def test_as_many_more_inputs_as_it_says_do_decide(value, below, above):
    before = verdict(value, value - below, value + above)
    if before.more is None:
        return
    shrunk = (256 / (256 + before.more)) ** 0.5
    # A little more, because the number is rounded up and an end may come to lie on the line.
    assert verdict(value, value - 0.999 * below * shrunk, value + 0.999 * above * shrunk).word != "inconclusive"


def test_two_lines_inside_need_the_larger_number():
    assert more_inputs(0.6, 0.2, 1.0, 100) == 1500
