"""Attention of any model, recorded while it runs with its fused kernels on.

Legend: B examples, H heads, T queries, S sources, W asked vectors.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from contextlib import ExitStack
from types import TracebackType
from typing import Any, Literal

import torch
from jaxtyping import Float
from torch import Tensor, nn

from salience.core.errors import ConfigError, NotAvailable
from salience.kernels.flow import Layer, attention_relevance, attention_rollout
from salience.kernels.problem import Problem
from salience.recorder import hugging_face, torch_modules
from salience.recorder.call import Call, Kind
from salience.recorder.memory import Memory
from salience.recorder.records import Kept, Recorded, Told
from salience.recorder.selection import Selection, below


class AttentionRecorder:
    r"""Importances of a model that is not ours, while its fused attention stays on.

    Inside the `with` block, every attention of the model is remembered, and its output stays what it was. Models of
    Hugging Face are reached through the attention interface of `transformers`, other modules through torch's
    `scaled_dot_product_attention`. No [T, S] matrix is made where padding, causality and a window tell who sees whom.

    Args:
        model: a `transformers` model, or any module whose attention calls torch's fused attention.
        layers: which layers; numbers count the layers of one kind from 0 in the order they run, names are paths of
            modules (`"decoder"` stands for all below it). None for all.
        heads: which heads, from 0. None for all.
        kind: `self`, or one of `encoder` (self-attention both ways), `decoder` (nobody looks ahead) and `cross`. None
            for all.
        keep: `qk` keeps query and key, so that everything can be asked later, with gradients. `statistics` computes
            what `statistics` names at once and keeps O(T + S) numbers of each layer, without gradients; on a CPU, and
            where the model needs no gradients, in one pass with the output, which then is the same to rounding.
        statistics: of `received` and `entropy`.
        query_weights: what counts for `received`, [T] or [B, T]; on padding it counts for nothing. None for the mean
            over real queries.

    Raises:
        ConfigError: an option has no such value, or the model is compiled or being recorded already.
        NotAvailable: a part of the model computes attention where it cannot be caught; or, on leaving the block, none
            was caught, or none in a layer that was named.

    >>> encoder = nn.TransformerEncoderLayer(d_model=6, nhead=2, dim_feedforward=5, batch_first=True).eval()
    >>> with AttentionRecorder(encoder) as recorder, torch.no_grad():
    ...     out = encoder(torch.randn(3, 7, 6))
    >>> recorder.records
    (Kept('self_attn', 'encoder', step=0, shape=(3, 2, 7, 7)),)
    >>> recorder.received[0].shape, recorder.rollout(targets=0).shape
    (torch.Size([3, 2, 7]), torch.Size([3, 1, 7]))
    """

    def __init__(
        self,
        model: nn.Module,
        *,
        layers: Sequence[int | str] | None = None,
        heads: Sequence[int] | None = None,
        kind: Literal["self", "encoder", "decoder", "cross"] | None = None,
        keep: Literal["qk", "statistics"] = "qk",
        statistics: Sequence[Literal["received", "entropy"]] = ("received", "entropy"),
        query_weights: Float[Tensor, "*B T"] | None = None,
    ) -> None:
        self._model = model
        self._selection = Selection(layers=layers, heads=heads, kind=kind)
        self._memory = Memory(self._selection, keep=keep, statistics=tuple(statistics), query_weights=query_weights)
        self._context: ExitStack | None = None

    def clear(self) -> None:
        """Forget what was recorded, as between two batches in one block."""
        self._memory.clear()

    def __enter__(self) -> AttentionRecorder:
        if self._context is not None:
            raise ConfigError("the recorder is in use already", fix="make one recorder for each `with` block")
        if hasattr(self._model, "_orig_mod"):
            raise ConfigError(
                "a compiled model does not call what it was compiled from",
                where=type(self._model).__name__,
                fix="record the model that was given to `torch.compile`",
            )
        self.clear()
        with ExitStack() as stack:
            self._attach(stack)
            self._context = stack.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._context is not None
        self._context.close()
        self._context = None
        if kind is None:
            self._selection.check(type(self._model).__name__)

    @property
    def records(self) -> tuple[Recorded, ...]:
        """One record for each call of attention, in the order they ran.

        Raises:
            NotAvailable: there is none.
        """
        if not self._memory.records:
            raise NotAvailable(
                "nothing was recorded", where=type(self._model).__name__, fix="run the model inside the `with` block"
            )
        return tuple(self._memory.records)

    @property
    def steps(self) -> tuple[tuple[Recorded, ...], ...]:
        """The records by forward pass: one for each token of `model.generate(...)`, the first with the whole prompt."""
        numbers = dict.fromkeys(each.step for each in self.records)
        return tuple(tuple(each for each in self.records if each.step == number) for number in numbers)

    @property
    def received(self) -> tuple[Float[Tensor, "B H S"], ...]:
        """What each source received, for each record, under the query weights of the recorder."""
        return tuple(
            each.received(None if isinstance(each, Told) else self._memory.weights(each.shape)) for each in self.records
        )

    @property
    def entropy(self) -> tuple[Float[Tensor, "B H T"], ...]:
        """How spread the weights of each query are, in nats, for each record."""
        return tuple(each.entropy() for each in self.records)

    def rollout(
        self, targets: int | Tensor | None = -1, *, under: str = "", residual: float = 0.5
    ) -> Float[Tensor, "B W S"]:
        """Attention rollout through the self-attention of the last forward pass.

        Args:
            targets: the positions that are explained: a number among the real ones of each example (-1 for the last),
                one for each example, weights [B, W, T], or None for the mean over real queries.
            under: the path of a part of the model with one stack of layers, where it has several, as `encoder`.
            residual: the share that stays, from 0 to 1.

        Raises:
            NotAvailable: query and key were not kept.
            DataError: layers do not follow one another, or targets do not belong to them.
        """
        layers = [Layer(each.problem.detached(), each.lse) for each in self._stack(under)]
        return attention_rollout(layers, targets, residual=residual)

    def relevance(
        self, score: Float[Tensor, ""], targets: int | Tensor | None = -1, *, under: str = ""
    ) -> Float[Tensor, "B W S"]:
        """The relevance of Chefer et al. for `score`, which the model computed in the last forward pass.

        Weights times their gradients, where that is positive, are passed from the last layer to the first. One backward
        pass tells the gradient of each layer's output; no gradient of a matrix of weights is made, and none reaches
        the parameters.

        Args:
            score: what is explained, one number: a logit, summed over the examples of the batch.
            targets: as for `rollout`.
            under: as for `rollout`.

        Raises:
            NotAvailable: query and key were not kept, or gradients were off.
            DataError: layers do not follow one another, or targets do not belong to them.
        """
        stack = self._stack(under)
        graphs = [each.graph for each in stack if each.graph is not None]
        if score.numel() != 1 or not score.requires_grad or len(graphs) < len(stack):
            raise NotAvailable(
                "relevance needs one number, and gradients that lead from it to every layer",
                where=f"a score of shape {tuple(score.shape)}",
                fix="run the model outside `torch.no_grad()` and `torch.inference_mode()`, with parameters or inputs "
                "that require gradients, and sum the score over the batch",
            )
        found = torch.autograd.grad(score, [each.out for each in graphs], retain_graph=True)
        # Gradients lead to the output of all heads at once.
        heads = self._selection.heads
        grads = found if heads is None else [each[:, heads] for each in found]
        layers = [
            Layer(each.problem.detached(), each.lse, graph.value.detach(), grad)
            for each, graph, grad in zip(stack, graphs, grads, strict=True)
        ]
        return attention_relevance(layers, targets)

    def _attach(self, stack: ExitStack) -> None:
        names = {module: name or type(module).__name__ for name, module in self._model.named_modules()}

        def attend(module: nn.Module, problem: Problem, value: Tensor, kind: Kind) -> Tensor:
            return self._memory.attend(names[module], problem, value, kind)

        def hear(module: nn.Module, call: Call) -> None:
            self._memory.hear(names[module], call)

        enter = self._model.register_forward_pre_hook(lambda *_: self._selection.enter())
        leave = self._model.register_forward_hook(lambda *_: self._selection.leave(), always_call=True)
        stack.callback(enter.remove)
        stack.callback(leave.remove)
        pretrained = _outermost_pretrained(self._model)
        for each in pretrained:
            stack.enter_context(hugging_face.listening(each, attend))
        inside = {module for each in pretrained for module in each.modules()}
        others = [each for each in self._model.modules() if each not in inside]
        if others:
            stack.enter_context(torch_modules.listening(others, hear, silent=pretrained))

    def _stack(self, under: str) -> list[Kept]:
        """The records of self-attention in the last step, all of them."""
        ran = [each for each in self._selection.ran if each.kind != "cross" and below(each.name, under)]
        last = [each for each in self.steps[-1] if each.kind != "cross" and below(each.name, under)]
        kept = [each for each in last if isinstance(each, Kept)]
        if not kept or len(kept) < len(ran):
            raise NotAvailable(
                f"of {len(ran)} layers of self-attention, {len(kept)} were recorded with query and key",
                where="the last forward pass" + (f", layers under {under!r}" if under else ""),
                fix='record one forward pass over the whole sequence, all of its layers, with keep="qk"',
            )
        return kept


def _outermost_pretrained(model: nn.Module) -> list[Any]:
    """The models of Hugging Face within a module; there is none before `transformers` is imported."""
    library = sys.modules.get("transformers")
    if library is None:
        return []
    if isinstance(model, library.PreTrainedModel):
        return [model]
    return [found for child in model.children() for found in _outermost_pretrained(child)]
