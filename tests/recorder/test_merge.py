"""Words and patches: what belongs to each, and that no sum is lost on the way."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from tokenizers import Tokenizer, models, pre_tokenizers, processors
from transformers import BatchEncoding, PreTrainedTokenizerFast

from salience.core.errors import DataError, NotAvailable
from salience.core.place import Span
from salience.recorder import Box, Part, Parts, merge, patches, words


def tokenizer(padding: str = "right") -> PreTrainedTokenizerFast:
    pieces = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "super", "##b", "film", "a", "so", "##so", "."]
    inner = Tokenizer(models.WordPiece({each: number for number, each in enumerate(pieces)}, unk_token="[UNK]"))
    inner.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    inner.post_processor = processors.BertProcessing(("[SEP]", 3), ("[CLS]", 2))
    return PreTrainedTokenizerFast(
        tokenizer_object=inner,
        pad_token="[PAD]",
        unk_token="[UNK]",
        cls_token="[CLS]",
        sep_token="[SEP]",
        padding_side=padding,
    )


def test_tokens_become_words_and_special_tokens_stay_apart() -> None:
    text = "a superb film."
    found = words(tokenizer()([text]), text)
    assert found.parts == (
        Part("[CLS]", None),
        Part("a", Span(0, 1)),
        Part("superb", Span(2, 8)),
        Part("film", Span(9, 13)),
        Part(".", Span(13, 14)),
        Part("[SEP]", None),
    )
    assert found.owner.tolist() == [0, 1, 2, 2, 3, 4, 5]
    merged = merge(torch.tensor([1.0, 2, 3, 4, 5, 6, 7]), found)
    assert merged.tolist() == [1, 2, 7, 5, 6, 7]


@pytest.mark.parametrize("side", ["left", "right"])
def test_padding_is_one_part_and_the_rest_moves_with_it(side: str) -> None:
    texts = ["a superb film.", "soso"]
    encoding = tokenizer(side)(texts, padding=True)
    found = words(encoding, texts[1], example=1)
    expected = [Part("[CLS]", None), Part("soso", Span(0, 4)), Part("[SEP]", None)]
    padding = [Part("[PAD]", None)]
    assert list(found.parts) == (padding + expected if side == "left" else expected + padding)
    merged = merge(torch.ones(7), found)
    assert merged.sum() == 7
    assert merged[0 if side == "left" else -1] == 3


def test_a_word_of_the_second_text_is_cut_from_it() -> None:
    text, pair = "a film", "superb"
    found = words(tokenizer()(text, pair), text, pair=pair)
    assert [each.text for each in found.parts] == ["[CLS]", "a", "film", "[SEP]", "superb", "[SEP]"]
    assert found.parts[4].place == Span(0, 6)


def test_a_slow_tokenizer_is_refused() -> None:
    with pytest.raises(NotAvailable, match=r"does not tell which words its tokens came from\n.*\n.*use_fast=True"):
        words(BatchEncoding({"input_ids": [[1, 2]]}), "a film")


def test_patches_are_boxes_row_by_row() -> None:
    found = patches(grid=(2, 3), size=(20, 33), special=["[CLS]"])
    assert [each.text for each in found.parts[:3]] == ["[CLS]", "patch 0, 0", "patch 0, 1"]
    assert found.parts[5].place == Box(left=11, top=10, right=22, bottom=20)
    assert sum(
        (box.right - box.left) * (box.bottom - box.top) for box in (each.place for each in found.parts[1:]) if box
    ) == (20 * 33)
    assert merge(torch.rand(2, 5, 7), found).shape == (2, 5, 7)


def test_weights_of_another_input_are_refused() -> None:
    with pytest.raises(DataError, match="6 weights cannot belong to 7 positions"):
        merge(torch.ones(2, 6), patches(grid=(1, 7), size=(5, 35)))


@given(st.data())
def test_sums_are_conserved(data: Any) -> None:
    owners = data.draw(st.lists(st.integers(0, 4), min_size=1, max_size=13))
    parts = Parts(tuple(Part(str(number), None) for number in range(5)), torch.tensor(owners))
    weights = torch.tensor(data.draw(st.lists(st.floats(0, 1, width=32), min_size=len(owners), max_size=len(owners))))
    weights = weights.double().expand(3, -1)
    merged = merge(weights, parts)
    torch.testing.assert_close(merged.sum(-1), weights.sum(-1))
    for number in range(5):
        torch.testing.assert_close(merged[0, number], weights[0, parts.owner == number].sum())
