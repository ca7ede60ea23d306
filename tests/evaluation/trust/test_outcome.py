import json
from dataclasses import asdict

from salience.evaluation.score import Score
from salience.evaluation.trust.claim import Claim
from salience.evaluation.trust.outcome import Measured, judged, unavailable

MEANINGS = {"low": "It is low", "high": "It is high"}


def measured(name, *claims):
    return Measured(name, "Is it high?", {"x": Score(0.5, 0.4, 0.6)}, claims, MEANINGS, numbers="x 0.5")


def test_the_first_claim_that_is_sure_is_the_verdict():
    (found,) = judged([measured("a", Claim("low", 0.3, -1.0), Claim("high", 0.01, 3.0))], count=100)
    assert found.verdict == "high"
    assert found.sentence == "It is high (x 0.5)."
    assert (found.p, found.level) == (0.01, 0.05)
    (found,) = judged([measured("a", Claim("low", 0.001, 5.0), Claim("high", 0.001, 5.0))], count=100)
    assert found.verdict == "low"


def test_many_tests_need_surer_claims():
    alone = judged([measured("a", Claim("high", 0.03, 2.2))], count=100)
    assert alone[0].verdict == "high"
    among = judged([measured(name, Claim("high", 0.03, 2.2)) for name in "abc"], count=100)
    assert [each.verdict for each in among] == ["inconclusive"] * 3


def test_an_open_case_says_how_many_more_inputs_would_decide_it():
    # 1.96 standard errors are needed and 0.98 are there: four times as many inputs, three times as many more.
    (found,) = judged([measured("a", Claim("high", 0.3, 0.98))], count=100)
    assert found.more_inputs == 300
    assert found.sentence == "100 inputs do not decide this; about 300 more would decide it (x 0.5)."


def test_on_a_line_more_inputs_hardly_help():
    for margin in (0.01, -0.5):
        (found,) = judged([measured("a", Claim("high", 0.9, margin))], count=100)
        assert found.more_inputs is None
        assert "more inputs would hardly decide it" in found.sentence


def test_few_inputs_or_groups_decide_nothing():
    sure = measured("a", Claim("high", 0.001, 9.0))
    (found,) = judged([sure], count=29)
    assert (found.verdict, found.more_inputs) == ("inconclusive", 1)
    (found,) = judged([sure], count=200, num_groups=7)
    assert found.sentence.startswith("200 inputs in 7 groups are too few for a verdict")
    assert found.more_inputs == 660


def test_information_is_told_as_it_is_and_does_not_count():
    told = Measured("t", "What?", {"x": Score(1.0)}, sentence="So it is.")
    found = judged(
        [told, unavailable("u", "Can it?", "there is no pool"), measured("a", Claim("high", 0.04, 2.1))], count=99
    )
    assert [each.verdict for each in found] == ["information", "not available", "high"]
    assert found[0].sentence == "So it is."
    assert found[1].sentence == "Not available: there is no pool."
    assert found[0].p is None


def test_an_outcome_is_json():
    table = ({"stated": 0.1, "measured": 0.2, "count": 3.0},)
    (found,) = judged([Measured("t", "What?", {"x": Score(None, reason="no")}, sentence="So.", table=table)], count=9)
    assert json.loads(json.dumps(asdict(found)))["table"] == list(table)
