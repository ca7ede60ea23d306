import gzip
import io
import json
import tarfile

import numpy as np
import pytest

from benchmarks import rationales, teaching
from salience.data.rationale import Rationale


@pytest.mark.parametrize(
    ("offsets", "expected"), [([], []), ([4], [(4, 5)]), ([9, 3, 4, 8, 8, 1], [(1, 2), (3, 5), (8, 10)])]
)
def test_neighbouring_characters_are_one_run(offsets, expected):
    assert rationales.runs(offsets) == expected


def test_evidence_counts_words_between_white_space():
    piece = {"start_token": 1, "end_token": 3}
    rows = [
        {"annotation_id": "a", "classification": "POS", "evidences": [[piece], [{"start_token": 4, "end_token": 5}]]},
        {"annotation_id": "b", "classification": "NEG", "evidences": [[]]},
    ]
    side = rationales._eraser(rows, {"a": "so  very fine ,\nthe end", "b": "bad"})
    assert side.rationales == [Rationale((((4, 13), (16, 19)),)), None]
    assert side.labels == ["POS", "NEG"]


def test_reviews_of_the_validation_file_do_not_teach(tmp_path, monkeypatch):
    folder = tmp_path / "data" / "movies"
    folder.mkdir(parents=True)
    with gzip.open(tmp_path / "docs.tar.gz", "wb") as packed, tarfile.open(fileobj=packed, mode="w") as archive:
        for name in "abc":
            archive.addfile(_member(f"docs/{name}", 4), io.BytesIO(b"fine"))
    for file, names in (("train", "abc"), ("val", "b"), ("test", "c")):
        rows = [json.dumps({"annotation_id": name, "classification": "POS", "evidences": []}) for name in names]
        (folder / f"{file}.jsonl").write_text("\n".join(rows))
    monkeypatch.setattr(rationales, "get", lambda name: tmp_path)
    assert len(rationales.movies()["train"].texts) == 2


def _member(name, size):
    member = tarfile.TarInfo(name)
    member.size = size
    return member


def test_space_between_two_predicted_words_is_predicted_too():
    text = "you big fool, you"
    places = np.array([[0, 3], [4, 7], [8, 12], [12, 13], [14, 17]])
    found = teaching._joined(places, np.array([False, True, True, False, True]), text)
    assert "".join(np.where(found, list(text), "-")) == "----big fool--you"


def test_an_interval_is_over_rows_for_one_seed_and_over_seeds_for_several():
    one = teaching.over_seeds("x", [[0.5, 0.4, 0.6]])
    assert (one.value, one.low, one.high) == (0.5, 0.4, 0.6)
    assert "one seed" in one.note
    two = teaching.over_seeds("x", [[0.5, 0.4, 0.6], [0.7, 0.6, 0.8]])
    assert two.value == pytest.approx(0.6)
    # Student's t of one degree of freedom, 12.706, times 0.1.
    assert two.high - two.value == pytest.approx(1.2706, abs=1e-4)


def test_differences_are_paired_by_row():
    def record(right, precision):
        return {
            "right": np.packbits(right).tobytes().hex(),
            "rows": len(right),
            "average_precision": precision,
            "token_f1": precision,
        }

    pairs = [(record([1, 1, 0], [0.5, 0.9]), record([1, 0, 0], [0.4, 0.8]))]
    found = {row.what.rpartition(", ")[2]: row for row in teaching._differences(1.0, pairs)}
    assert found["accuracy"].value == pytest.approx(1 / 3)
    precision = found["average precision"]
    assert (precision.low, precision.value, precision.high) == pytest.approx((0.1, 0.1, 0.1))


def test_verdicts_are_counted_over_seeds_and_their_word_is_read_anew():
    said = ((1, "needed"), (0, "decorative"), (1, "inconclusive"), (1, "needed"))
    known = [{"weight": weight, "verdicts": {"needed": verdict, "all": "an old word"}} for weight, verdict in said]
    assert teaching.verdicts(known) == {
        "0": {"needed": "decorative 1", "all": "decoration 1"},
        "1": {"needed": "needed 2, inconclusive 1", "all": "not proven 3"},
    }


def test_the_first_words_end_where_the_last_of_them_does():
    assert teaching._stop("so  very\nfine , the end", 3) == len("so  very\nfine")
    assert teaching._stop("so fine", 9) == len("so fine")
    assert teaching._stop(" ", 9) == 0
