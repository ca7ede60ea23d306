from salience.evaluation import Score


def test_a_score_reads_as_value_and_interval():
    assert str(Score(0.8714, 0.84, 0.9)) == "0.871 [0.840, 0.900]"


def test_a_score_without_interval_reads_as_its_value():
    assert str(Score(0.5)) == "0.500"


def test_an_undefined_score_says_why():
    assert str(Score(None, reason="only one class occurs")) == "undefined: only one class occurs"


def test_a_score_becomes_plain_values_and_a_reason_only_where_there_is_one():
    assert Score(0.5, 0.25, 0.75).to_dict() == {"value": 0.5, "low": 0.25, "high": 0.75}
    assert Score(None, reason="no rows").to_dict() == {"value": None, "low": None, "high": None, "reason": "no rows"}
