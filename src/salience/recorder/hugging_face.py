"""Attention of Hugging Face models: caught where `transformers` calls it, with the fused kernel left on.

Legend: B examples, H heads, G heads of the keys, T queries, S sources, E width of a head, D width of a head's values.

One attention function and one mask function are registered under one name, once. A model that is recorded is switched
to that name and back; nothing in it is replaced.
"""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

import torch
from jaxtyping import Float
from torch import Tensor, nn

from salience.core.errors import ConfigError, NotAvailable
from salience.kernels.problem import Problem
from salience.recorder.call import Attend, Kind
from salience.recorder.fused import fused
from salience.recorder.visible import Visible, mask

if TYPE_CHECKING:
    from transformers import PreTrainedModel

NAME = "salience"
# The modules that are recorded now, and who computes their attention.
_LISTENERS: WeakKeyDictionary[nn.Module, Attend] = WeakKeyDictionary()
# Which of them were called with sources of their own in the forward pass that runs now.
_CROSS: WeakKeyDictionary[nn.Module, bool] = WeakKeyDictionary()
# How modules call the sequence that they look at when it is not their own.
_SOURCES = ("key_value_states", "encoder_hidden_states", "cross_attention_states")
# Tensors that travel along and do not touch the weights.
_BESIDE = {"position_ids", "cache_position", "num_items_in_batch", "token_type_ids", "labels", "logits_to_keep"}
_EAGER = 'read `output_attentions=True` with `model.set_attn_implementation("eager")` for this model'


@contextmanager
def listening(model: PreTrainedModel, attend: Attend) -> Iterator[None]:
    """Let `attend` compute every attention inside the model.

    Raises:
        NotAvailable: the model, or a model within it, does not call attention where it could be caught.
        ConfigError: the model is being recorded already.
    """
    _refuse_own_ways(model)
    _refuse_checkpoints(model)
    modules = list(model.modules())
    if any(each in _LISTENERS for each in modules):
        raise ConfigError(
            "the model is being recorded already", where=type(model).__name__, fix="leave the other recorder first"
        )
    _register()
    before = [(config, config._attn_implementation_internal) for config in _configs(model)]
    handles = [each.register_forward_pre_hook(_note_sources, with_kwargs=True) for each in modules if _may_cross(each)]
    _LISTENERS.update(dict.fromkeys(modules, attend))
    try:
        for config, _ in before:
            config._attn_implementation_internal = NAME
        yield
    finally:
        for config, name in before:
            config._attn_implementation_internal = name
        for handle in handles:
            handle.remove()
        for each in modules:
            _LISTENERS.pop(each, None)
            _CROSS.pop(each, None)


def attention(
    module: nn.Module,
    query: Float[Tensor, "B H T E"],
    key: Float[Tensor, "B G S E"],
    value: Float[Tensor, "B G S D"],
    attention_mask: Tensor | None,
    *,
    scaling: float | None = None,
    dropout: float = 0.0,
    is_causal: bool | None = None,
    position_bias: Tensor | None = None,
    **others: object,
) -> tuple[Float[Tensor, "B T H D"], None]:
    """What `transformers` calls instead of its own attention; the names of the arguments are its own."""
    _refuse(module, dropout, others)
    # Learned queries may come once for all examples.
    query = query.expand(key.shape[0], -1, -1, -1)
    scale = query.shape[-1] ** -0.5 if scaling is None else scaling
    causal = bool(getattr(module, "is_causal", True) if is_causal is None else is_causal)
    kind = _kind(module, attention_mask, causal)
    problem = _problem(query, key, scale, attention_mask, causal, position_bias)
    if kind == "cross":
        # The mask tells which sources are real, and the queries are others.
        problem = replace(problem, asked=None)
    attend = _LISTENERS.get(module)
    out = fused(problem, value)[0] if attend is None else attend(module, problem, value, kind)
    return out.transpose(1, 2).contiguous(), None


def _problem(
    query: Tensor, key: Tensor, scale: float, attention_mask: Tensor | None, causal: bool, bias: Tensor | None
) -> Problem:
    queries = query.shape[2]
    if attention_mask is None:
        return Problem(query, key, scale, causal=causal and queries > 1, bias=bias)
    if not isinstance(attention_mask, Visible):
        return Problem(query, key, scale, bias=_added(_bias(attention_mask, query.dtype), bias))
    numbers, offset, padding = attention_mask.numbers, attention_mask.offset, attention_mask.padding
    asked = None
    if padding is not None and queries > 1 and padding.shape[1] >= offset + queries:
        asked = padding[:, offset : offset + queries]
    if numbers.shape[2] > 1:
        return Problem(query, key, scale, asked=asked, bias=_added(_bias(numbers, query.dtype), bias))
    pattern = attention_mask.pattern
    seen = None if padding is None and queries > 1 else numbers[:, 0, 0]
    return Problem(query, key, scale, seen, asked, pattern.causal, offset, pattern.window, bias)


def _bias(mask: Tensor, dtype: torch.dtype) -> Tensor:
    return (
        torch.zeros((), dtype=dtype, device=mask.device).where(mask, -torch.inf) if mask.dtype == torch.bool else mask
    )


def _added(mask: Tensor, bias: Tensor | None) -> Tensor:
    return mask if bias is None else mask + bias


def _kind(module: nn.Module, attention_mask: Tensor | None, causal: bool) -> Kind:
    if _CROSS.get(module, False):
        return "cross"
    known = attention_mask.causal if isinstance(attention_mask, Visible) else None
    return "decoder" if (causal if known is None else known) else "encoder"


def _refuse(module: nn.Module, dropout: float, others: dict[str, object]) -> None:
    where = f"{type(module).__name__} of a recorded model"
    if dropout > 0:
        raise NotAvailable(
            f"attention drops weights at random (p = {dropout}), and what it then looks at is no property of the model",
            where=where,
            fix="call `model.eval()`, or set the dropout of attention in its config to 0",
        )
    given = [name for name, each in others.items() if each is not None]
    if "s_aux" in given:
        raise NotAvailable(
            "the layer has attention sinks, so its weights over sources do not sum to one", where=where, fix=_EAGER
        )
    if "softcap" in given:
        raise NotAvailable("the layer caps its scores softly, which fused attention cannot do", where=where, fix=_EAGER)
    unknown = [
        name
        for name in given
        if name == "cache" or (isinstance(others[name], Tensor) and name not in _BESIDE and not name.startswith("cu_"))
    ]
    if unknown:
        raise NotAvailable(
            f"the layer gives its attention {', '.join(f'`{each}`' for each in unknown)}, whose meaning is not known",
            where=where,
            fix=_EAGER,
        )


def _refuse_own_ways(model: PreTrainedModel) -> None:
    from transformers import PreTrainedModel

    own = {
        type(each).__name__
        for each in model.modules()
        if isinstance(each, PreTrainedModel) and not each._can_set_attn_implementation()
    }
    if own:
        raise NotAvailable(
            f"{', '.join(sorted(own))} computes attention in its own way, not through the interface of `transformers`, "
            "and cannot be recorded",
            where=type(model).__name__,
            fix="pass `output_attentions=True` to the model, and take `outputs.attentions`",
        )


def _refuse_checkpoints(model: PreTrainedModel) -> None:
    if any(getattr(each, "gradient_checkpointing", False) and each.training for each in model.modules()):
        raise NotAvailable(
            "the model computes its layers a second time for their gradients, and would be recorded twice",
            where=type(model).__name__,
            fix="call `model.gradient_checkpointing_disable()`",
        )


def _configs(model: PreTrainedModel) -> list[Any]:
    """Every config that a part of the model reads, each once; parts may hold copies of their own."""
    from transformers import PreTrainedConfig

    found: dict[int, Any] = {}

    def add(config: object) -> None:
        if isinstance(config, PreTrainedConfig) and id(config) not in found:
            found[id(config)] = config
            for name in config.sub_configs:
                add(getattr(config, name, None))

    for each in model.modules():
        add(getattr(each, "config", None))
    return list(found.values())


def _register() -> None:
    from transformers import AttentionInterface, AttentionMaskInterface

    if NAME not in AttentionInterface._global_mapping:
        AttentionInterface.register(NAME, attention)
        AttentionMaskInterface.register(NAME, mask)


def _may_cross(module: nn.Module) -> bool:
    return any(name in inspect.signature(module.forward).parameters for name in _SOURCES)


def _note_sources(module: nn.Module, args: tuple, kwargs: dict) -> None:
    bound = inspect.signature(module.forward).bind_partial(*args, **kwargs).arguments
    _CROSS[module] = any(bound.get(name) is not None for name in _SOURCES)
