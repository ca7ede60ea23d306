r"""What an attention looked at, exactly and without its matrix: the functions to call on query, key and value.

Legend: B examples, H heads, G heads of keys and values, T queries, S sources, E width of a head, F width of a value,
W vectors of query weights, K largest weights.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import torch
from jaxtyping import Float, Int
from torch import Tensor

from salience.core.errors import ConfigError, DataError, NotAvailable, did_you_mean
from salience.kernels.joint import joint
from salience.kernels.problem import Problem
from salience.kernels.row_panel import Statistics
from salience.kernels.streamed import received

REDUCTIONS = ("received", "entropy", "max", "top", "lse")


@dataclass(frozen=True)
class AttentionImportance:
    """What `attention_importance` was asked for; anything else raises NotAvailable and says how to ask."""

    _found: Statistics = field(repr=False)
    #: Were several vectors of query weights given?
    _several: bool = field(repr=False)

    @property
    def received(self) -> Float[Tensor, "B H S"] | Float[Tensor, "B H W S"]:
        """What each source received; one row for each of W vectors, if several were given."""
        received = _asked(self._found.received, "received")
        return received if self._several else received[:, :, 0]

    @property
    def entropy(self) -> Float[Tensor, "B H T"]:
        """How spread each query's weights are, in nats."""
        return _asked(self._found.entropy, "entropy")

    @property
    def max(self) -> Float[Tensor, "B H T"]:
        """The largest weight of each query."""
        return _asked(self._found.max, "max")

    @property
    def top_values(self) -> Float[Tensor, "B H T K"]:
        """The largest weights of each query, largest first; 0 where it sees fewer. Without gradients."""
        return _asked(self._found.top_values, "top")

    @property
    def top_indices(self) -> Int[Tensor, "B H T K"]:
        """The sources that `top_values` fall on."""
        return _asked(self._found.top_indices, "top")

    @property
    def lse(self) -> Float[Tensor, "B H T"]:
        """The natural logarithm of each row's sum of exponentials; minus infinity for a query that sees nothing."""
        return _asked(self._found.lse, "lse")

    @property
    def out(self) -> Float[Tensor, "B H T F"]:
        """The output of the attention."""
        if self._found.out is None:
            raise NotAvailable("the output was not asked for", fix="give `value` to attention_importance")
        return self._found.out


def attention_importance(
    query: Tensor,
    key: Tensor,
    value: Tensor | None = None,
    *,
    reduce: Sequence[str] = ("received",),
    query_weights: Tensor | None = None,
    lse: Tensor | None = None,
    is_causal: bool = False,
    key_padding_mask: Tensor | None = None,
    query_padding_mask: Tensor | None = None,
    scale: float | None = None,
    enable_gqa: bool = False,
    window: int | None = None,
    bias: Tensor | None = None,
    top_k: int = 8,
    backend: str = "auto",
) -> AttentionImportance:
    r"""What scaled dot-product attention looked at: exact sums over its weights, which are never held together.

    With :math:`P = \mathrm{softmax}(c\,q k^\top + b)` over what may be seen:
    `received` is :math:`\sum_t w_t P_{ts}`, `entropy` :math:`-\sum_s P_{ts} \ln P_{ts}`, `max` :math:`\max_s P_{ts}`,
    `top` the `top_k` largest weights and their sources, `lse` the logarithm of what P divides by. Memory is O(T + S),
    with gradients too: everything but `top` is differentiable with respect to all tensors given, once.

    Results are at least float32, computed from scores that are never rounded to half precision. A query that sees
    nothing has zeros everywhere (an `lse` of minus infinity), and what stands at padding counts for nothing.

    Args:
        query: [B, H, T, E].
        key: [B, G, S, E]. value: [B, G, S, F]; with it the output is computed in the same pass.
        reduce: what to compute, of received, entropy, max, top, lse.
        query_weights: w; None for the mean over real queries. [T], [B, T] or [B, H, T] for one vector, of examples and
            heads alike or for each; [B or 1, H or 1, W, T] for several, and then `received` is [B, H, W, S].
        lse: where a fused kernel has told it [B, H, T], what sources received costs one pass over tiles (without
            gradients).
        is_causal: query t sees sources 0 to t.
        key_padding_mask: bool [B, S], True for a real source.
        query_padding_mask: bool [B, T], True for a real query. Without it every query counts.
        scale: c, 1/sqrt(E) by default.
        enable_gqa: heads of keys may be fewer than those of queries, and are shared.
        window: query t sees sources at most this many positions away.
        bias: b, broadcastable to [B, H, T, S] in all axes but the last.
        backend: see `salience.kernels.streamed`.

    Raises:
        ConfigError: an unknown reduction or backend, or settings that cannot be combined.
        DataError: tensors of shapes or types that do not belong together.

    One query that gives the first of two sources 3/4 of its weight:

    >>> query, key = torch.ones(1, 1, 1, 1), torch.tensor([3.0, 1.0]).log().view(1, 1, 2, 1)
    >>> found = attention_importance(query, key, reduce=("received", "entropy"))
    >>> print(found.received[0, 0], f"{found.entropy.item():.4f}")
    tensor([0.7500, 0.2500]) 0.5623
    """
    reduce = _known(reduce)
    _check_values(query, key, value, enable_gqa)
    problem = Problem(
        query,
        key,
        query.shape[-1] ** -0.5 if scale is None else scale,
        seen=key_padding_mask,
        asked=query_padding_mask,
        causal=is_causal,
        window=window,
        bias=bias,
    )
    if "top" in reduce and top_k < 1:
        raise ConfigError(f"expected top_k of at least 1, got {top_k}", fix="raise `top_k`")
    weights = _weights(problem, query_weights) if "received" in reduce else None
    several = query_weights is not None and query_weights.ndim == 4
    if lse is not None:
        return AttentionImportance(_from_lse(problem, lse, weights, reduce, value, backend), several)
    found = joint(
        problem,
        value,
        weights=weights,
        entropy="entropy" in reduce,
        maximum="max" in reduce,
        top=top_k if "top" in reduce else 0,
        lse="lse" in reduce,
        backend=backend,
    )
    return AttentionImportance(found, several)


def scaled_dot_product_attention_with_importance(
    query: Tensor,
    key: Tensor,
    value: Tensor,
    *,
    query_weights: Tensor | None = None,
    dropout_p: float = 0.0,
    is_causal: bool = False,
    key_padding_mask: Tensor | None = None,
    query_padding_mask: Tensor | None = None,
    scale: float | None = None,
    enable_gqa: bool = False,
    window: int | None = None,
    bias: Tensor | None = None,
    backend: str = "auto",
) -> tuple[Tensor, Tensor]:
    """The output of scaled dot-product attention [B, H, T, F], and what each source received [B, H, S].

    For training: both are differentiable together, in O(T + S) memory, at about the price of the output alone. With
    several vectors of query weights the second is [B, H, W, S]. Arguments and errors are those of
    `attention_importance`; `dropout_p` is there to be refused: weights that were dropped are not those that are told.
    """
    if dropout_p:
        raise ConfigError(
            f"importances are those of weights without dropout, and dropout_p is {dropout_p}",
            fix="drop from the output instead: torch.nn.functional.dropout(out, p)",
        )
    found = attention_importance(
        query,
        key,
        value,
        query_weights=query_weights,
        is_causal=is_causal,
        key_padding_mask=key_padding_mask,
        query_padding_mask=query_padding_mask,
        scale=scale,
        enable_gqa=enable_gqa,
        window=window,
        bias=bias,
        backend=backend,
    )
    return found.out, found.received


def _asked(found: Tensor | None, name: str) -> Tensor:
    if found is None:
        raise NotAvailable(f"{name!r} was not asked for", fix=f"give reduce=(..., {name!r}) to attention_importance")
    return found


def _known(reduce: Sequence[str]) -> tuple[str, ...]:
    names = (reduce,) if isinstance(reduce, str) else tuple(reduce)
    for name in names:
        if name not in REDUCTIONS:
            raise ConfigError(f"there is no reduction {name!r}", fix=did_you_mean(name, REDUCTIONS))
    return names


def _check_values(query: Tensor, key: Tensor, value: Tensor | None, enable_gqa: bool) -> None:
    if query.ndim == 4 and key.ndim == 4 and query.shape[1] != key.shape[1] and not enable_gqa:
        raise DataError(
            f"query has {query.shape[1]} heads, key has {key.shape[1]}",
            where=f"query {tuple(query.shape)}, key {tuple(key.shape)}",
            fix="pass enable_gqa=True if heads of keys are shared",
        )
    if value is None:
        return
    if value.ndim != 4 or value.shape[:3] != key.shape[:3] or value.dtype != key.dtype or value.device != key.device:
        raise DataError(
            "expected a value for each key: all axes but the last alike, of the same type, on the same device",
            where=f"key {tuple(key.shape)} of {key.dtype}, value {tuple(value.shape)} of {value.dtype}",
            fix="give [examples, heads, positions, width]",
        )


def _weights(problem: Problem, given: Tensor | None) -> Float[Tensor, "B H W T"]:
    batch, heads, queries, _ = problem.shape
    if given is None:
        return _mean(problem)
    shaped = _four_axes(given)
    full = (batch, heads, None, queries)
    fits = shaped.ndim == 4 and all(
        size is None or found == size or (found == 1 and axis < 2)
        for axis, (found, size) in enumerate(zip(shaped.shape, full, strict=True))
    )
    if not fits or not given.dtype.is_floating_point:
        raise DataError(
            f"expected `query_weights` to be floating point of shape ({queries},), ({batch}, {queries}), "
            f"({batch}, {heads}, {queries}), or ({batch} or 1, {heads} or 1, vectors, {queries})",
            where=f"query_weights {tuple(given.shape)} of {str(given.dtype).removeprefix('torch.')}",
            fix="several vectors need four axes: unsqueeze the axis of heads",
        )
    return shaped.to(problem.dtype).expand(batch, heads, -1, -1)


def _four_axes(weights: Tensor) -> Tensor:
    """The axis of vectors put before that of queries, and missing ones of examples and heads before it."""
    if weights.ndim == 1:
        return weights[None, None, None]
    if weights.ndim == 2:
        return weights[:, None, None]
    return weights[:, :, None] if weights.ndim == 3 else weights


def _mean(problem: Problem) -> Float[Tensor, "B H 1 T"]:
    batch, heads, queries, _ = problem.shape
    if problem.asked is None:
        one = torch.full((1, 1), 1 / max(1, queries), dtype=problem.dtype, device=problem.query.device)
        return one.expand(batch, heads, 1, queries)
    real = problem.asked.to(problem.dtype)
    mean = real / real.sum(dim=1, keepdim=True).clamp(min=1)
    return mean[:, None, None].expand(-1, heads, -1, -1)


def _from_lse(
    problem: Problem,
    lse: Tensor,
    weights: Tensor | None,
    reduce: tuple[str, ...],
    value: Tensor | None,
    backend: str,
) -> Statistics:
    if reduce != ("received",) or value is not None or weights is None:
        raise ConfigError(
            "with a given `lse` only what sources received is computed",
            where=f"reduce={reduce}" + ("" if value is None else ", with a value"),
            fix="leave out `lse`",
        )
    if torch.is_grad_enabled() and any(each.requires_grad for each in (problem.query, problem.key, weights, lse)):
        raise ConfigError(
            "with a given `lse` there are no gradients",
            where="a tensor that requires them",
            fix="leave out `lse`, or compute under torch.no_grad()",
        )
    if tuple(lse.shape) != problem.shape[:3]:
        raise DataError(f"expected `lse` of shape {problem.shape[:3]}, got {tuple(lse.shape)}", fix="give [B, H, T]")
    return Statistics(received=received(problem, lse, weights, backend=backend))
