"""A model without what it has learned: made anew, or with the numbers of its weights in random order.

A model of ours is made again with new random weights. What was trained elsewhere (a model of Hugging Face, or a model
with such an encoder) cannot be: how it was initialised is not known. There the entries of each weight tensor are put
in random order, in all tensors or, from the answer down to the input, in the last ones alone. That keeps the size of
every weight and leaves nothing that was learned.

Reference: Adebayo et al. 2018, "Sanity Checks for Saliency Maps", section 3 (cascading randomisation).
"""

from __future__ import annotations

from collections.abc import Iterator
from copy import copy, deepcopy

import torch
from torch import nn

from salience.core.errors import NotAvailable
from salience.core.seed import derive
from salience.models import Ensemble, Model
from salience.models.encoders import Pretrained
from salience.models.networks.network import Network
from salience.models.outside import Outside
from salience.pipeline import Pipeline

#: Models without training. Any one prefers some units by chance, which may be those of the trained model.
UNTRAINED = 3
#: Shares of the weights, from the answer down, that have lost what they had learned.
CASCADE = (0.25, 0.5, 0.75)


def untrained(pipeline: Pipeline, *, seed: int) -> Iterator[Pipeline]:
    """Three models without training, one after another.

    Raises:
        NotAvailable: nothing is known of the model.
    """
    _check(pipeline)
    for number in range(UNTRAINED):
        own = derive(seed, "untrained", number)
        yield shuffled(pipeline, 1.0, seed=own) if is_foreign(pipeline) else pipeline.untrained(seed=own)


def cascade(pipeline: Pipeline, *, seed: int) -> Iterator[tuple[float, Pipeline]]:
    """The model with a growing share of its weights in random order, from the answer down; of foreign models only."""
    for share in CASCADE if is_foreign(pipeline) else ():
        yield share, shuffled(pipeline, share, seed=derive(seed, "cascade"))


def is_foreign(pipeline: Pipeline) -> bool:
    """Was the model, or its encoder, trained elsewhere?"""
    return any(isinstance(each, Outside | Pretrained) for each in pipeline.model.modules())


def shuffled(pipeline: Pipeline, share: float, *, seed: int) -> Pipeline:
    """The same pipeline with a copy of its model, of which the last `share` of the weights are in random order."""
    made = copy(pipeline)
    made.model = deepcopy(pipeline.model)
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for each in _last(made.model, share):
            order = torch.randperm(each.numel(), generator=generator).to(each.device)
            each.copy_(each.flatten()[order].view_as(each))
    return made


def _last(model: nn.Module, share: float) -> list[nn.Parameter]:
    """The tensors next to the answer which together hold this share of the tensors; a tied one counts where it stands
    first. Modules name their parameters from the input to the answer."""
    parameters = list(model.parameters())
    return parameters[len(parameters) - round(share * len(parameters)) :]


def _check(pipeline: Pipeline) -> None:
    if not isinstance(pipeline.model, Model | Network | Ensemble | Outside):
        raise NotAvailable(
            "this model was trained elsewhere, and cannot be made again without its training",
            fix="give a model of salience or of Hugging Face",
        )
