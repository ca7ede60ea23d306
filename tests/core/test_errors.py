import pytest

from salience.core.errors import DataError, MissingPackage, did_you_mean
from salience.core.packages import hugging_face, require


def test_an_error_has_three_lines_at_most():
    error = DataError("expected a number, got 'x'", where="a.csv, row 3", fix="remove the row")
    assert str(error).splitlines() == ["expected a number, got 'x'", "  where: a.csv, row 3", "  to do: remove the row"]


def test_an_error_is_also_the_builtin_one():
    with pytest.raises(ValueError, match="wrong"):
        raise DataError("wrong")


def test_nothing_near_lists_what_is_known():
    assert did_you_mean("zzz", ["Dot", "Additive"]) == "Known: Additive, Dot"
    assert did_you_mean("zzz", []) == "Known: none"


def test_of_very_many_names_the_first_are_listed():
    told = did_you_mean("zzz", [f"p{number}" for number in range(100, 160)])
    assert told.startswith("Known: p100, p101, ")
    assert told.endswith(", p149 and 10 others")


def test_a_missing_package_comes_with_its_install_line():
    with pytest.raises(MissingPackage, match=r"pip install 'salience\[chinese\]'"):
        require("a_package_that_is_not_there", extra="chinese")


def test_an_error_about_hostile_text_still_has_three_short_lines():
    error = DataError("got 'a\nb\x1b[2J\ud800\u202e'", where="x\r\ny", fix="z" * 10_000)
    first, second, third = str(error).splitlines()
    assert first == r"got 'a b\x1b[2J\ud800\u202e'"
    assert second == "  where: x y"
    assert len(third) < 2000
    assert error.problem == "got 'a\nb\x1b[2J\ud800\u202e'"


@pytest.mark.parametrize("download", [True, False])
def test_hugging_face_tells_nothing_and_reaches_the_network_only_to_download(download):
    from huggingface_hub import constants

    before = constants.HF_HUB_OFFLINE, constants.HF_HUB_DISABLE_TELEMETRY
    with hugging_face(download=download):
        assert constants.HF_HUB_DISABLE_TELEMETRY
        assert constants.HF_HUB_OFFLINE is (before[0] if download else True)
    assert before == (constants.HF_HUB_OFFLINE, constants.HF_HUB_DISABLE_TELEMETRY)
