import pytest

from salience.data.mend import mended
from salience.data.table import read

HALF, REPLACEMENT = chr(0xD83D), "\ufffd"


@pytest.mark.parametrize("text", ["", "plain", "好电影", "🙂", "\x00\x1b"])
def test_whole_texts_stay_as_they_are(text):
    assert mended(text) == text


def test_half_characters_are_replaced_in_their_places():
    assert mended(f"a{HALF}b{HALF}{HALF}") == f"a{REPLACEMENT}b{REPLACEMENT * 2}"


def test_a_table_holds_texts_that_can_be_written():
    frame = read([{"text": f"so {HALF} good", "label": 1}, {"text": None, "label": [HALF]}])
    assert frame["text"].tolist() == [f"so {REPLACEMENT} good", None]
    frame["text"].iloc[0].encode()
