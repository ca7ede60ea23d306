"""Which sources the queries of a Hugging Face model may see: the mask it builds, told without a [T, S] matrix.

Legend: B examples, T queries, S sources.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from jaxtyping import Bool
from torch import Tensor

from salience.core.errors import NotAvailable

# What may be done with a mask on its way from where it is made to where it is used: nothing that changes a number.
_HARMLESS = {"__get__", "size", "dim", "stride", "is_contiguous", "detach", "contiguous", "clone"}


@dataclass(frozen=True)
class Pattern:
    """Who may see whom by position alone, as `Problem` tells it."""

    causal: bool = False
    window: int | None = None


class Visible(Tensor):
    """A mask that knows more than its numbers: True at real sources ([B, 1, 1, S]), and beside it a pattern.

    Where no pattern tells who sees whom, it holds the whole truth instead ([B, 1, T, S]).

    It travels through a model like any mask. A model that computes with it would compute with half of the truth, so
    every operation but asking for its shape, type or place raises.
    """

    pattern: Pattern
    offset: int
    padding: Bool[Tensor, "B S"] | None
    causal: bool | None

    @staticmethod
    def of(
        mask: Bool[Tensor, "B 1 #T S"],
        *,
        pattern: Pattern | None = None,
        offset: int = 0,
        padding: Bool[Tensor, "B S"] | None = None,
        causal: bool | None = None,
    ) -> Visible:
        """A mask with what goes beside it.

        Args:
            mask: True where a query may look.
            pattern: what holds beside the mask.
            offset: the source that the first query stands at.
            padding: False at sources that are not real; None where all are.
            causal: does nobody look ahead, whether `pattern` or `mask` says so? None where that is not known.
        """
        made = mask.as_subclass(Visible)
        made.pattern, made.offset, made.padding, made.causal = pattern or Pattern(), offset, padding, causal
        return made

    @property
    def numbers(self) -> Bool[Tensor, "B 1 #T S"]:
        """The mask as a plain tensor."""
        with torch._C.DisableTorchFunctionSubclass():
            return self.as_subclass(Tensor)

    @classmethod
    def __torch_function__(
        cls, func: Callable, types: Sequence[type], args: tuple = (), kwargs: dict | None = None
    ) -> Any:
        del types
        name = getattr(func, "__name__", str(func))
        if name == "to":
            return args[0]._moved(*args[1:], **(kwargs or {}))
        if name not in _HARMLESS:
            raise NotAvailable(
                f"the model computes with its attention mask (`{name}`), and the recorder would not know the result",
                where="the mask of a Hugging Face model",
                fix='read `output_attentions=True` with `model.set_attn_implementation("eager")` for this model',
            )
        with torch._C.DisableTorchFunctionSubclass():
            result = func(*args, **(kwargs or {}))
        return args[0] if isinstance(result, Tensor) and name != "__get__" else result

    def _moved(self, *args: Any, **kwargs: Any) -> Visible:
        numbers = self.numbers
        moved = numbers.to(*args, **kwargs)
        if moved is numbers or (moved.dtype == numbers.dtype and moved.device == numbers.device):
            return self
        if moved.dtype != torch.bool:
            raise NotAvailable(
                f"the model turns its attention mask into {moved.dtype}, and the recorder would not know what it means",
                where="the mask of a Hugging Face model",
                fix='read `output_attentions=True` with `model.set_attn_implementation("eager")` for this model',
            )
        padding = None if self.padding is None else self.padding.to(moved.device)
        return Visible.of(moved, pattern=self.pattern, offset=self.offset, padding=padding, causal=self.causal)


def mask(
    *,
    batch_size: int,
    q_length: int,
    kv_length: int,
    q_offset: int | Tensor = 0,
    kv_offset: int = 0,
    mask_function: Callable,
    attention_mask: Tensor | None = None,
    use_vmap: bool = False,
    device: torch.device | str = "cpu",
    **_: object,
) -> Visible:
    """What `transformers` calls to build a mask; the names of the arguments are its own."""
    padding = _padding(attention_mask, kv_length, kv_offset)
    pattern = read(mask_function)
    offset = int(q_offset) - int(kv_offset)
    causal = None if pattern is None else pattern.causal
    if pattern is not None and q_length > 1:
        seen = torch.ones(1, kv_length, dtype=torch.bool, device=device) if padding is None else padding
        seen = seen.expand(batch_size, kv_length)[:, None, None]
        return Visible.of(seen, pattern=pattern, offset=offset, padding=padding, causal=causal)
    # One query costs no more than a padding mask, and any pattern that has no name has to be written out.
    from transformers.masking_utils import sdpa_mask

    dense = sdpa_mask(
        batch_size=batch_size,
        q_length=q_length,
        kv_length=kv_length,
        q_offset=int(q_offset),
        kv_offset=kv_offset,
        mask_function=mask_function,
        attention_mask=attention_mask,
        allow_is_causal_skip=False,
        use_vmap=use_vmap,
        device=device,
    )
    assert dense is not None
    return Visible.of(dense, offset=offset, padding=padding, causal=causal)


def read(mask_function: Callable) -> Pattern | None:
    """The pattern of one of the mask functions of `transformers`, or None where it is none that `Problem` can tell."""
    from transformers import masking_utils

    if mask_function is masking_utils.causal_mask_function:
        return Pattern(causal=True)
    if mask_function is masking_utils.bidirectional_mask_function:
        return Pattern()
    parts = inspect.getclosurevars(mask_function).nonlocals.get("mask_functions")
    if getattr(mask_function, "__qualname__", "") != "and_masks.<locals>.and_mask" or parts is None or len(parts) != 2:
        return None
    overlay, base = parts
    whole = read(base)
    # `transformers` counts a sliding window with the query itself where it is causal, and without it where it is not.
    shapes = {
        "sliding_window_overlay.<locals>.inner_mask": (True, 1),
        "sliding_window_bidirectional_overlay.<locals>.inner_mask": (False, 0),
    }
    causal, itself = shapes.get(getattr(overlay, "__qualname__", ""), (None, 0))
    if whole is None or whole.window is not None or causal is not whole.causal:
        return None
    return Pattern(whole.causal, inspect.getclosurevars(overlay).nonlocals["sliding_window"] - itself)


def _padding(attention_mask: Tensor | None, kv_length: int, kv_offset: int) -> Bool[Tensor, "B S"] | None:
    if attention_mask is None:
        return None
    missing = kv_length + kv_offset - attention_mask.shape[-1]
    # Sources that no mask speaks of are free places of a cache.
    padded = torch.nn.functional.pad(attention_mask, (0, missing)) if missing > 0 else attention_mask
    padding = padded[:, kv_offset : kv_offset + kv_length].bool()
    return None if bool(padding.all()) else padding
