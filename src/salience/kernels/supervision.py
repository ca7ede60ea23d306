"""Attention that learns from people: how far what was received is from where somebody says the reasons are.

Legend: B examples, H heads, S sources.

Reference: Zhong, Shao and McKeown 2019, "Fine-grained Sentiment Analysis with Faithful Attention" (KL); Barrett et al.
2018, "Sequence Classification with Human Attention" (mean squared error).
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from salience.core.errors import ConfigError, DataError, did_you_mean


def attention_supervision_loss(
    received: Float[Tensor, "B *H S"],
    human: Float[Tensor, "..."],
    *,
    kind: str = "kl",
    mask: Bool[Tensor, "..."] | None = None,
) -> Float[Tensor, ""]:
    r"""How far `received` is from `human`, both scaled to sum to one over the keys of `mask`: the mean over rows.

    :math:`\mathrm{kl} = \sum_s h_s \log (h_s / r_s)` in nats (cross-entropy has the same gradient), and
    :math:`\mathrm{mse} = \frac{1}{n} \sum_s (r_s - h_s)^2` over the n keys of the row.

    A row without annotation (`human` is zero on all its keys, or it has no keys) is left out of the mean and gets no
    gradient: nobody said that all keys were equally good. So is a row that received nothing. If no row is left, the
    loss is zero. What stands outside of `mask` may be anything, NaN included. Where a row received exactly nothing at a
    key that people marked, its logarithm is that of the smallest positive number, so that loss and gradient stay
    finite. Sums are at least float32.

    Args:
        received: [B, S], or [B, H, S] to hold every head to the same human; of `attention_importance` or of
            `scaled_dot_product_attention_with_importance`, which give it a gradient.
        human: [B, S], 0 or more: marks, counts or shares.
        kind: "kl" or "mse".
        mask: [B, S], True for keys that count; all of them by default.

    Raises:
        ConfigError: no such kind.
        DataError: a shape does not fit, or `human` holds a negative number, NaN or infinity.

    >>> received = torch.tensor([[0.5, 0.25, 0.25], [0.2, 0.2, 0.6]])
    >>> human = torch.tensor([[1.0, 1.0, 0.0], [0.0, 0.0, 0.0]])
    >>> attention_supervision_loss(received, human)  # 0.5 ln (0.5 / 0.5) + 0.5 ln (0.5 / 0.25); nobody marked row 1
    tensor(0.3466)
    """
    if kind not in _DISTANCES:
        raise ConfigError(f"no kind of loss is called {kind!r}", where="kind", fix=did_you_mean(kind, _DISTANCES))
    keys = torch.ones_like(human, dtype=torch.bool) if mask is None else mask
    _check(received, human, keys)
    exact = torch.promote_types(received.dtype, torch.float32)
    heads = received.ndim - human.ndim
    keys, human = (each[(slice(None), *[None] * heads)] for each in (keys, human.to(exact)))
    wanted, _ = _shares(human, keys)
    found, any_found = _shares(received.to(exact), keys)
    told = (wanted > 0).any(-1) & any_found
    return torch.where(told, _DISTANCES[kind](found, wanted, keys), 0.0).sum() / told.sum().clamp(min=1)


def _kl(
    found: Float[Tensor, "B *H S"], wanted: Float[Tensor, "B *h S"], _keys: Bool[Tensor, "B *h S"]
) -> Float[Tensor, "B *H"]:
    logarithm = found.clamp(min=torch.finfo(found.dtype).tiny).log()
    return (torch.xlogy(wanted, wanted) - wanted * logarithm).sum(-1)


def _mse(
    found: Float[Tensor, "B *H S"], wanted: Float[Tensor, "B *h S"], keys: Bool[Tensor, "B *h S"]
) -> Float[Tensor, "B *H"]:
    return (found - wanted).square().sum(-1) / keys.sum(-1).clamp(min=1)


_DISTANCES: dict[str, Callable[[Tensor, Tensor, Tensor], Tensor]] = {"kl": _kl, "mse": _mse}


def _shares(
    values: Float[Tensor, "B *H S"], keys: Bool[Tensor, "B *h S"]
) -> tuple[Float[Tensor, "B *H S"], Bool[Tensor, "B *H"]]:
    """Each key's share of the row's sum over `keys`, and whether there is anything to share."""
    kept = torch.where(keys, values, 0.0)
    total = kept.sum(-1)
    # Not `total > 0`: a NaN that somebody computed has to show in the loss.
    any_left = total != 0
    return kept / torch.where(any_left, total, 1.0)[..., None], any_left


def _check(received: Tensor, human: Tensor, keys: Tensor) -> None:
    wanted = (received.shape[0], received.shape[-1])
    if received.ndim not in (2, 3):
        raise DataError(
            f"expected `received` of shape [B, S] or [B, H, S], got {tuple(received.shape)}",
            fix="take the mean over whatever else it has: layers, or several vectors of query weights",
        )
    for name, each in (("human", human), ("mask", keys)):
        if each.shape != wanted:
            raise DataError(
                f"expected `{name}` of shape {wanted}, got {tuple(each.shape)}",
                where=f"`received` has shape {tuple(received.shape)}",
                fix=f"give {name} one number for each source of each example",
            )
    wrong = keys & ~((human >= 0) & human.isfinite())
    if wrong.any():
        row, key = (int(each) for each in wrong.nonzero()[0])
        raise DataError(
            f"expected human attention of 0 or more, got {human[row, key].item():g}",
            where=f"`human`, example {row}, key {key}",
            fix="mark what people pointed at with positive numbers, everything else with 0; padding belongs to `mask`",
        )
