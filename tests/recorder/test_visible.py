"""The masks of `transformers`: each is told without a matrix, and tells the same as the one with a matrix."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from transformers import masking_utils as hf

from salience.kernels.problem import Problem
from salience.recorder.visible import Pattern, Visible, mask, read

PATTERNS = {
    "both ways": (hf.bidirectional_mask_function, Pattern()),
    "causal": (hf.causal_mask_function, Pattern(causal=True)),
    "window, causal": (hf.sliding_window_causal_mask_function(3), Pattern(causal=True, window=2)),
    "window, both ways": (hf.sliding_window_bidirectional_mask_function(2), Pattern(window=2)),
}


def real(sources: int) -> torch.Tensor:
    found = torch.ones(2, sources, dtype=torch.bool)
    found[1, :2] = False
    return found


@pytest.mark.parametrize("name", PATTERNS)
@pytest.mark.parametrize("padded", [False, True])
@pytest.mark.parametrize(("queries", "sources", "offset"), [(7, 7, 0), (3, 7, 4), (5, 11, 2)])
def test_a_pattern_tells_what_the_matrix_tells(
    name: str, padded: bool, queries: int, sources: int, offset: int
) -> None:
    function, pattern = PATTERNS[name]
    padding = real(sources) if padded else None
    found = made(function, queries, sources, offset, padding)
    assert read(function) == pattern == found.pattern
    assert tuple(found.shape) == (2, 1, 1, sources)
    query, key = torch.zeros(2, 1, queries, 2), torch.zeros(2, 1, sources, 2)
    seen = found.numbers[:, 0, 0]
    problem = Problem(query, key, 1.0, seen, None, pattern.causal, found.offset, pattern.window)
    told = problem.visible(slice(0, queries), slice(0, sources))
    assert torch.equal(told, dense(function, queries, sources, offset, padding))


@pytest.mark.parametrize(
    "function",
    [
        hf.or_masks(hf.causal_mask_function, hf.blockwise_overlay(torch.tensor([[0, 0, 0, 1, 1, 1, 1]] * 2))),
        hf.chunked_causal_mask_function(3, torch.zeros(2, dtype=torch.long)),
        hf.and_masks(hf.causal_mask_function, lambda example, head, query, source: source != 2),
    ],
)
def test_a_mask_without_a_name_is_written_out(function: Callable) -> None:
    found = made(function, 7, 7, 0, real(7))
    assert read(function) is None
    assert found.pattern == Pattern()
    assert torch.equal(found.numbers, dense(function, 7, 7, 0, real(7)))
    assert torch.equal(found.padding, real(7))


def test_one_query_is_written_out_whatever_the_pattern() -> None:
    function = hf.sliding_window_causal_mask_function(3)
    found = made(function, 1, 7, 5, real(7))
    assert found.numbers[:, 0, 0].tolist() == [[False] * 3 + [True] * 3 + [False]] * 2
    assert found.causal


def test_free_places_of_a_cache_are_not_seen() -> None:
    found = made(hf.causal_mask_function, 3, 7, 0, real(3))
    assert found.numbers[:, 0, 0].tolist() == [[True] * 3 + [False] * 4, [False, False, True] + [False] * 4]


def test_a_mask_keeps_what_it_knows_on_its_way() -> None:
    found = made(hf.causal_mask_function, 3, 7, 0, None)
    for each in (found.to("cpu"), found.to(torch.bool), found.detach(), found.contiguous(), found.clone()):
        assert isinstance(each, Visible)
        assert each.pattern == Pattern(causal=True)
    elsewhere = found.to("meta")
    assert elsewhere.device.type == "meta"
    assert elsewhere.pattern == Pattern(causal=True)


def made(function: Callable, queries: int, sources: int, offset: int, padding: torch.Tensor | None) -> Visible:
    return mask(
        batch_size=2,
        q_length=queries,
        kv_length=sources,
        q_offset=offset,
        kv_offset=0,
        mask_function=function,
        attention_mask=padding,
    )


def dense(function: Callable, queries: int, sources: int, offset: int, padding: torch.Tensor | None) -> torch.Tensor:
    found = hf.sdpa_mask(
        2, queries, sources, offset, mask_function=function, attention_mask=padding, allow_is_causal_skip=False
    )
    assert found is not None
    return found
