r"""What flowed from the inputs to a position through all layers: rollout and relevance, one vector at a time.

Legend: B examples, H heads, G heads of the keys, T queries, S sources, W asked vectors, D width of a head's values.

Both multiply vectors through the layers from the last to the first, so that no N x N matrix is made, of one layer or of
a product of layers. Neither has a gradient of its own.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from salience.core.errors import ConfigError, DataError
from salience.kernels.column_pass import received
from salience.kernels.problem import Problem
from salience.kernels.relevance_pass import relevant


@dataclass(frozen=True)
class Layer:
    """One layer of self-attention as it was computed, from which its weights can be told again.

    Fields:
        problem: whose weights.
        lse: the natural logarithm of the sum of exponentials of each row of scores; fused kernels return it.
        value: what the weights mixed (relevance only).
        grad_out: the gradient of what is explained with respect to the output of each head (relevance only).
    """

    problem: Problem
    lse: Float[Tensor, "B H T"]
    value: Float[Tensor, "B G S D"] | None = None
    grad_out: Float[Tensor, "B H T D"] | None = None


def attention_rollout(
    layers: Sequence[Layer], targets: int | Tensor | None = None, *, residual: float = 0.5
) -> Float[Tensor, "B W S"]:
    r"""Attention rollout: the share of each input in the positions that are asked for.

    :math:`r \leftarrow \alpha\, r + (1 - \alpha)\, \frac{1}{H} \sum_h r P_h`, from the last layer to the first, where
    :math:`\alpha` is `residual`, the share that stays. Rows sum to what the rows of `targets` sum to (to one, unless
    weights are given), except that a query which may see nothing passes on its residual only.

    It costs one pass over the scores of each layer, and memory for the [B, H, W, S] of one layer.

    Args:
        layers: from input to output.
        targets: the positions of the last layer that are explained. None for the mean over real queries; a number, or
            one for each example ([B]), of a real query, counted among the real queries of the example, so that -1 is
            the last real one on whichever side the padding is; or weights [B, W, T] for W vectors at once, of which
            those on padding count for nothing.
        residual: 0 to 1. With 0 the layers need not be self-attention, only fit one another.

    Raises:
        ConfigError: `residual` is out of range.
        DataError: layers do not follow one another, or targets do not belong to the last one.

    Reference: Abnar and Zuidema 2020, "Quantifying Attention Flow in Transformers", section 3.
    """
    if not 0 <= residual <= 1:
        raise ConfigError(f"expected a share from 0 to 1, got {residual}", where="residual", fix="0.5 is usual")
    _check(layers, itself=residual > 0)
    flow = _start(layers[-1].problem, targets)
    for layer in reversed(layers):
        heads = layer.problem.shape[1]
        gathered = received(layer.problem, layer.lse, flow[:, None].expand(-1, heads, -1, -1)).mean(1)
        flow = residual * flow + (1 - residual) * gathered if residual else gathered
    return flow


def attention_relevance(layers: Sequence[Layer], targets: int | Tensor | None = None) -> Float[Tensor, "B W S"]:
    r"""The relevance of Chefer et al.: rollout of weights times their gradients, where that is positive.

    :math:`r \leftarrow r + \frac{1}{H} \sum_h r\, (P_h \circ \nabla P_h)^+` with :math:`\nabla P = \dot o\, v^\top`,
    from the last layer to the first; :math:`\dot o` is `grad_out`. This is the rule for self-attention (encoders, and
    decoders without an encoder). The rule for cross-attention, equation 10, first scales the rows of whole relevance
    matrices; it is not offered.

    It costs one pass over scores and gradients of each layer, and memory for vectors. To keep no `grad_out` beyond its
    layer, call `relevance_step` during backward instead.

    Args:
        layers: from input to output, each with `value` and `grad_out`.
        targets: as for `attention_rollout`. All W vectors share the gradients of the layers.

    Raises:
        DataError: layers do not follow one another or lack something, or targets do not belong to the last one.

    Reference: Chefer, Gur and Wolf 2021, "Generic Attention-model Explainability for Interpreting Bi-Modal and
    Encoder-Decoder Transformers", equations 5 and 6.
    """
    _check(layers, itself=True)
    gradients = [_gradients(layer, f"layer {number}") for number, layer in enumerate(layers)]
    flow = _start(layers[-1].problem, targets)
    for layer, (value, grad_out) in zip(reversed(layers), reversed(gradients), strict=True):
        flow = flow + relevant(layer.problem, layer.lse, value, grad_out, flow)
    return flow


def relevance_step(layer: Layer, weights: Float[Tensor, "B W T"]) -> Float[Tensor, "B W S"]:
    r"""What one layer passes on: :math:`\frac{1}{H} \sum_h w\, (P_h \circ \nabla P_h)^+`; add it to what stays.

    Backward meets layers from the last to the first, as relevance does. So `flow = flow + relevance_step(layer, flow)`
    can run in a hook on each layer, while its `grad_out` is at hand. Queries and sources may differ.

    Raises:
        DataError: the layer lacks `value` or `grad_out`, or the weights are not of its queries.
    """
    value, grad_out = _gradients(layer, "the layer")
    _check_layer(layer, "the layer")
    batch, _, queries, _ = layer.problem.shape
    _check_shape("weights", weights, (batch, weights.shape[1], queries), "the layer")
    return relevant(layer.problem, layer.lse, value, grad_out, weights.detach())


def _start(problem: Problem, targets: int | Tensor | None) -> Float[Tensor, "B W T"]:
    """The vectors that the last layer is asked for."""
    batch, _, queries, _ = problem.shape
    device = problem.query.device
    asked = torch.ones((batch, queries), dtype=torch.bool, device=device) if problem.asked is None else problem.asked
    if targets is None:
        return (asked / asked.sum(-1, keepdim=True).clamp(min=1)).to(problem.dtype)[:, None]
    if isinstance(targets, int):
        targets = torch.full((batch,), targets, device=device)
    if targets.is_floating_point():
        count = targets.shape[1] if targets.ndim == 3 else 1
        _check_shape("targets", targets, (batch, count, queries), "the last layer")
        return torch.where(asked[:, None], targets.detach().to(problem.dtype), 0.0)
    _check_shape("targets", targets, (batch,), "the last layer")
    return _one_of(asked, targets.to(device)).to(problem.dtype)[:, None]


def _one_of(asked: Bool[Tensor, "B T"], targets: Int[Tensor, "B"]) -> Bool[Tensor, "B T"]:
    """True at the real query of that number, counted from the end where it is negative."""
    real = asked.sum(-1)
    number = torch.where(targets < 0, targets + real, targets)
    outside = (number < 0) | (number >= real)
    if outside.any():
        example = int(outside.nonzero()[0, 0])
        raise DataError(
            f"expected a target from {-int(real[example])} to {int(real[example]) - 1}, got {int(targets[example])}",
            where=f"`targets`, example {example}, which has {int(real[example])} real queries",
            fix="count real queries only; negative numbers count from the last of them",
        )
    return asked & (asked.cumsum(-1) - 1 == number[:, None])


def _check(layers: Sequence[Layer], *, itself: bool) -> None:
    if not layers:
        raise DataError("expected at least one layer", where="layers", fix="give the layers from input to output")
    for number, layer in enumerate(layers):
        _check_layer(layer, f"layer {number}")
        batch, _, queries, sources = layer.problem.shape
        if itself and (queries != sources or layer.problem.offset):
            raise DataError(
                f"expected self-attention, got {queries} queries of {sources} sources, offset {layer.problem.offset}",
                where=f"layer {number}",
                fix="what stays at a position needs queries that are the sources; attention_rollout(..., residual=0) "
                "does without, relevance_step tells one layer of any kind",
            )
        before = layers[number - 1].problem.shape if number else (batch, 0, sources, 0)
        if (before[0], before[2]) != (batch, sources):
            raise DataError(
                f"{sources} sources of {batch} examples do not read the {before[2]} queries of {before[0]} before them",
                where=f"layer {number}",
                fix="give the layers from input to output, each reading what the one before it wrote",
            )


def _check_layer(layer: Layer, where: str) -> None:
    _check_shape("lse", layer.lse, layer.problem.shape[:3], where)


def _gradients(layer: Layer, where: str) -> tuple[Float[Tensor, "B G S D"], Float[Tensor, "B H T D"]]:
    if layer.value is None or layer.grad_out is None:
        missing = "value" if layer.value is None else "grad_out"
        raise DataError(f"relevance needs `{missing}`", where=where, fix=f"make it Layer(..., {missing}=...)")
    batch, heads, queries, sources = layer.problem.shape
    width = layer.value.shape[-1]
    _check_shape("value", layer.value, (batch, layer.problem.groups, sources, width), where)
    _check_shape("grad_out", layer.grad_out, (batch, heads, queries, width), where)
    return layer.value, layer.grad_out


def _check_shape(name: str, values: Tensor, expected: tuple[int, ...], where: str) -> None:
    if values.shape != expected:
        raise DataError(
            f"expected `{name}` of shape {expected}, got {tuple(values.shape)}",
            where=where,
            fix=f"give the {name} that belong to its query and key",
        )
