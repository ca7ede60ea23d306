import numpy as np
import pytest

from salience.data.modalities import Text
from salience.evaluation.importance import RandomOrder
from salience.evaluation.trust.learned import learned, position_prior, rank_correlation
from tests.evaluation.linear import linear
from tests.evaluation.trust.trials import WORDS, pointer, texts, trial, verdict

RANDOM_WORDS = {
    word: (float(score), 1.0) for word, score in zip(WORDS, np.random.default_rng(5).normal(size=99), strict=False)
}


class ByPlace(RandomOrder):
    """The first unit counts most, whatever it is, for trained and untrained models alike."""

    def scores(self, pipeline, rows):
        return [{"a": np.arange(len(row["a"].places), 0, -1.0)} for row in rows]


def test_rank_correlation_by_hand():
    # Ranks 1, 2.5, 2.5, 4 and 1, 2, 3, 4.
    found = rank_correlation({"a": np.array([0.1, 0.2, 0.2, 0.9])}, {"a": np.array([1.0, 2.0, 3.0, 4.0])})
    assert found == pytest.approx(np.corrcoef([1, 2.5, 2.5, 4], [1, 2, 3, 4])[0, 1])
    assert np.isnan(rank_correlation({"a": np.ones(3)}, {"a": np.arange(3.0)}))


def test_what_depends_on_words_alone_is_learned():
    found = learned(trial(pointer(RANDOM_WORDS), texts()))
    assert verdict(found) == "pass"
    assert set(found.statistics) == {"correlation_untrained", "correlation_position"}


def test_what_an_untrained_model_does_too_is_wiring():
    found = learned(trial(pointer(RANDOM_WORDS), texts(), method=ByPlace()))
    assert verdict(found) == "fail"
    assert found.statistics["correlation_untrained"].value == pytest.approx(1)


def test_the_prior_of_a_row_comes_from_the_others():
    one, two, three = ({"a": np.array(each)} for each in ([9.0, 0.0], [1.0, 0.0], [0.0, 1.0]))
    first, *_ = position_prior([one, two, three])
    assert first["a"].tolist() == pytest.approx([0.5, 0.5])


def test_columns_have_priors_of_their_own_and_may_be_empty():
    rows = [{"a": np.array([1.0, 0.0]), "b": np.zeros(0)}, {"a": np.array([0.0, 1.0, 0.0]), "b": np.array([1.0])}]
    found = position_prior(rows)
    assert [len(each) for row in found for each in row.values()] == [2, 0, 3, 1]


def test_where_nothing_has_an_order_positions_are_not_asked(monkeypatch):
    monkeypatch.setattr(Text, "ordered", False, raising=False)
    found = learned(trial(pointer(RANDOM_WORDS), texts()))
    assert verdict(found) == "pass"
    assert set(found.statistics) == {"correlation_untrained"}


def test_constant_attention_is_called_constant():
    found = learned(trial(pointer(RANDOM_WORDS, pool="Mean"), texts()))
    assert found.verdict == "constant"
    assert found.sentence.startswith("Constant: it is the same for all parts of a row")


def test_a_model_of_others_cannot_be_made_again():
    found = learned(trial(linear({word: 1.0 + i for i, word in enumerate(WORDS)}), texts()))
    assert found.verdict == "not available"
    assert "this model was trained elsewhere" in found.sentence
