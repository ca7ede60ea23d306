"""Attention of torch modules: caught where they call `scaled_dot_product_attention`, as their own work.

Legend: B examples, H heads, T queries, S sources, E width of a head.

While somebody listens, `torch.nn.functional.scaled_dot_product_attention` is a function that runs the same kernel and
tells of it; other threads, and modules that nobody records, do not notice. torch's fast path for encoder layers in
evaluation would pass it by, so it is off meanwhile.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace

import torch
from jaxtyping import Bool, Float
from torch import Tensor, nn
from torch.nn import functional as F

from salience.core.errors import NotAvailable
from salience.kernels.problem import Problem
from salience.recorder.call import Call, Hear, Kind

_attend = F.scaled_dot_product_attention
_lock = threading.Lock()
_listeners = 0
_fast_path = True


@dataclass
class _Frame:
    """A module whose forward pass is running in this thread."""

    module: nn.Module
    hear: Hear | None
    #: Does it look at its own sequence? None where only shapes can tell.
    itself: bool | None = None
    #: False at sources that are not real, where the module was told so.
    seen: Bool[Tensor, "B S"] | None = None
    calls: int = 0


class _Running(threading.local):
    def __init__(self) -> None:
        self.frames: list[_Frame] = []


_running = _Running()


@contextmanager
def listening(modules: Sequence[nn.Module], hear: Hear, *, silent: Sequence[nn.Module] = ()) -> Iterator[None]:
    """Tell `hear` of every call of fused attention by one of the modules, but not within those that are silent."""
    handles = [handle for each in modules for handle in _watch(each, hear)]
    handles += [handle for each in silent for handle in _watch(each, None)]
    _install()
    try:
        yield
    finally:
        _uninstall()
        for handle in handles:
            handle.remove()


def attends(module: nn.Module) -> bool:
    """Is this a module that is known to compute attention: torch's own, or one written like those of timm?"""
    like_timm = isinstance(getattr(module, "qkv", None), nn.Linear) and all(
        hasattr(module, name) for name in ("num_heads", "scale", "fused_attn")
    )
    return like_timm or isinstance(module, nn.MultiheadAttention)


def _watch(module: nn.Module, hear: Hear | None) -> list[torch.utils.hooks.RemovableHandle]:
    def enter(module: nn.Module, args: tuple, kwargs: dict) -> None:
        frame = _Frame(module, hear)
        if isinstance(module, nn.MultiheadAttention):
            given = dict(zip(("query", "key", "value", "key_padding_mask"), args, strict=False)) | kwargs
            frame.itself = given.get("query") is given.get("key")
            frame.seen = _seen(given.get("key_padding_mask"))
        _running.frames.append(frame)

    def leave(module: nn.Module, args: tuple, output: object) -> None:
        del args
        frame = _running.frames.pop()
        # There is no output where the forward pass failed.
        if hear is not None and output is not None and attends(module) and not frame.calls:
            raise _passed_by(module)

    return [
        module.register_forward_pre_hook(enter, with_kwargs=True),
        module.register_forward_hook(leave, always_call=True),
    ]


def _install() -> None:
    global _listeners, _fast_path
    with _lock:
        if not _listeners:
            _fast_path = torch.backends.mha.get_fastpath_enabled()
            torch.backends.mha.set_fastpath_enabled(False)
            F.scaled_dot_product_attention = _tell
        _listeners += 1


def _uninstall() -> None:
    global _listeners
    with _lock:
        _listeners -= 1
        if not _listeners:
            F.scaled_dot_product_attention = _attend
            torch.backends.mha.set_fastpath_enabled(_fast_path)


def _tell(
    query: Tensor,
    key: Tensor,
    value: Tensor,
    attn_mask: Tensor | None = None,
    dropout_p: float = 0.0,
    is_causal: bool = False,
    scale: float | None = None,
    enable_gqa: bool = False,
) -> Tensor:
    """The fused kernel, and a word to who listens. The names of the arguments are torch's."""
    frame = _running.frames[-1] if _running.frames else None
    if frame is None or frame.hear is None:
        return _attend(query, key, value, attn_mask, dropout_p, is_causal, scale=scale, enable_gqa=enable_gqa)
    _refuse(frame.module, query, dropout_p)
    frame.calls += 1
    flat = query.ndim == 3
    out = _attend(query, key, value, attn_mask, 0.0, is_causal, scale=scale, enable_gqa=enable_gqa)
    if flat:
        query, key, value, out = query[:, None], key[:, None], value[:, None], out[:, None]
        attn_mask = attn_mask[:, None] if attn_mask is not None and attn_mask.ndim == 3 else attn_mask
    itself = query.shape[2] == key.shape[2] if frame.itself is None else frame.itself
    scale = query.shape[-1] ** -0.5 if scale is None else scale
    problem = _problem(query, key, scale, attn_mask, is_causal)
    seen = problem.seen if frame.seen is None else frame.seen
    problem = replace(problem, seen=seen, asked=seen if itself else None)
    frame.hear(frame.module, Call(problem, value, out, _kind(problem, itself)))
    return out[:, 0] if flat else out


def _problem(query: Tensor, key: Tensor, scale: float, mask: Tensor | None, causal: bool) -> Problem:
    if mask is None:
        return Problem(query, key, scale, causal=causal)
    mask = mask[(None,) * (4 - mask.ndim)]
    visible = mask if mask.dtype == torch.bool else mask > -torch.inf
    if visible.shape[2] == 1 and _same_for_all_heads(visible) and _adds_nothing(mask, visible):
        return Problem(query, key, scale, visible[:, 0, 0].expand(query.shape[0], -1))
    bias = mask
    if mask is visible:
        bias = torch.zeros((), dtype=query.dtype, device=mask.device).where(visible, -torch.inf)
    return Problem(query, key, scale, bias=bias)


def _same_for_all_heads(visible: Bool[Tensor, "#B #H #T S"]) -> bool:
    return bool((visible == visible[:, :1]).all())


def _adds_nothing(mask: Tensor, visible: Bool[Tensor, "#B #H #T S"]) -> bool:
    return mask is visible or bool((mask == 0).logical_or(~visible).all())


def _kind(problem: Problem, itself: bool) -> Kind:
    if not itself:
        return "cross"
    return "decoder" if problem.causal or _is_triangle(problem.bias) else "encoder"


def _is_triangle(bias: Float[Tensor, "#B #H #T S"] | None) -> bool:
    """Does nobody look ahead?"""
    return bias is not None and bias.shape[2] > 1 and not bool((bias > -torch.inf).triu(1).any())


def _seen(padding: Tensor | None) -> Bool[Tensor, "B S"] | None:
    """torch says where padding is, or adds minus infinity there."""
    if padding is None:
        return None
    seen = ~padding if padding.dtype == torch.bool else padding > -torch.inf
    return seen if seen.ndim == 2 else seen[None]


def _refuse(module: nn.Module, query: Tensor, dropout: float) -> None:
    where = f"{type(module).__name__} of a recorded model"
    if dropout > 0:
        raise NotAvailable(
            f"attention drops weights at random (p = {dropout}), and what it then looks at is no property of the model",
            where=where,
            fix="call `model.eval()`, or set the dropout of attention to 0",
        )
    if query.ndim not in (3, 4):
        raise NotAvailable(
            f"the queries have {query.ndim} axes, {tuple(query.shape)}, and which of them are heads is not known",
            where=where,
            fix="let the module call fused attention with [examples, heads, positions, width]",
        )


def _passed_by(module: nn.Module) -> NotAvailable:
    fix = "set its `fused_attn` to True"
    if isinstance(module, nn.MultiheadAttention):
        fix = "call it with `need_weights=False`, as torch's own layers do"
    return NotAvailable(
        "the module computed its attention without calling torch's fused attention, and cannot be recorded so",
        where=f"{type(module).__name__} of a recorded model",
        fix=fix,
    )
