"""What the benchmark of the two papers does with its numbers."""

import pytest
import torch

from benchmarks.explanation import CUTS, PARTS, PlainRecurrent, _over_seeds, _rounded, cleaned, some
from salience.models.encoders import Recurrent


def test_texts_are_words_in_lower_case():
    assert cleaned("It's <br /><br />GOOD -- 9/10!") == "it s good 9 10"


def test_the_same_rows_are_taken_whatever_their_order():
    texts = [f"text {i}" for i in range(20)]
    assert some(texts, 7) == some(texts[::-1], 7)


def test_one_seed_keeps_its_interval_and_several_have_one_over_seeds():
    one = _over_seeds("x", [{"value": 0.5, "low": 0.4, "high": 0.6}], "published 1")
    assert (one.value, one.low, one.high, one.note) == (0.5, 0.4, 0.6, "one seed, interval over rows; published 1")
    two = _over_seeds("x", [{"value": 0.4}, {"value": 0.6}], "")
    # Student's t with one degree of freedom is 12.706, and the standard error is 0.1.
    assert (two.value, two.low, two.high) == pytest.approx((0.5, 0.5 - 1.2706, 0.5 + 1.2706), abs=1e-4)


def test_records_are_plain_values_of_five_digits():
    assert _rounded({"a": [0.1234567, (1, "x")], "b": None}) == {"a": [0.12346, [1, "x"]], "b": None}


def test_a_plain_encoder_starts_as_torch_makes_it():
    plain, ours = PlainRecurrent(8).network, Recurrent(8).network
    assert ours.bias_ih_l0[4:8].tolist() == [1.0] * 4
    assert plain.bias_ih_l0.abs().max() <= 0.5
    assert torch.isfinite(plain.weight_hh_l0).all()


def test_adversaries_are_there_before_words_are_led_by_one():
    order = list(PARTS)
    assert order.index("base") == 0
    assert order.index("adversary") < order.index("words")
    assert set(CUTS) == {"sst2", "imdb"}
