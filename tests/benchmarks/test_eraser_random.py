import numpy as np
import pytest

from benchmarks import eraser_random
from benchmarks.rationales import Marked
from salience.data.rationale import Rationale


def test_random_scores_reach_the_share_of_marked_words():
    generator = np.random.default_rng(1)
    marks = [generator.random(2003) < 0.3 for _ in range(7)]
    row = eraser_random.random_auprc("x", marks)
    assert row.value == pytest.approx(np.mean([mask.mean() for mask in marks]), abs=0.01)


def test_texts_without_a_mark_are_left_out_or_count_as_nothing():
    marks = [np.array([True, False]), np.zeros(2, bool)]
    left_out, counted = (eraser_random.random_auprc("x", marks, undefined=each) for each in (None, 0.0))
    assert left_out.note.startswith("1 reviews")
    assert counted.value == pytest.approx(left_out.value / 2)


def test_words_between_white_space_are_marked():
    side = Marked(["so  very\nfine", "bad"], ["POS", "NEG"], [Rationale((((4, 13),),)), None])
    assert [each.tolist() for each in eraser_random.word_marks(side)] == [[False, True, True]]
