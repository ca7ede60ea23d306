"""An ensemble: several models of the same settings and other seeds, which answer together (deep ensembles).

Legend: B examples, S sources, D width of all embeddings together, C numbers per answer, M members.

Reference: Lakshminarayanan, Pritzel and Blundell 2017, "Simple and Scalable Predictive Uncertainty Estimation using
Deep Ensembles".
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import cast

import torch
from jaxtyping import Float
from torch import Tensor, nn

from salience.core.batch import Batch
from salience.core.errors import ConfigError
from salience.models.intervene import LastLook, last_look
from salience.models.model import Model, Output
from salience.models.networks.network import Network

#: From the answers of all members to one answer; `task.average`.
Average = Callable[[Float[Tensor, "M B C"]], Float[Tensor, "B C"]]


class Ensemble(nn.Module):
    """Members that read the same batch, side by side; it is embedded, read and explained like a single model.

    Its embeddings are those of the members one after another, so that gradients reach each of them. Its output holds
    that of each member in `members`, and no records of its own: what a member saw is in the output of that member.

    Args:
        members: two models or more, with embeddings of the same width.
        average: from their raw numbers to those of the ensemble.

    Raises:
        ConfigError: there are fewer than two members.
    """

    def __init__(self, members: Sequence[Model | Network], average: Average) -> None:
        super().__init__()
        if len(members) < 2:
            raise ConfigError(f"an ensemble has at least two members, got {len(members)}", fix="train a single model")
        self.members = nn.ModuleList(members)
        self._average = average

    @property
    def models(self) -> list[Model | Network]:
        """The members as what they are."""
        return cast("list[Model | Network]", list(self.members))

    def forward(self, batch: Batch) -> Output:
        return self.read(self.embed(batch), batch)

    def embed(self, batch: Batch) -> dict[str, Float[Tensor, "B S D"]]:
        """What the encoders read, per column: that of each member in turn."""
        each = [member.embed(batch) for member in self.models]
        return {column: torch.cat([of[column] for of in each], dim=-1) for column in each[0]}

    def read(self, embedded: Mapping[str, Float[Tensor, "B S D"]], batch: Batch) -> Output:
        """The answer to embeddings, which a caller may have changed or may want gradients for."""
        parts = {column: values.chunk(len(self.members), dim=-1) for column, values in embedded.items()}
        outputs = tuple(
            member.read({column: values[number] for column, values in parts.items()}, batch)
            for number, member in enumerate(self.models)
        )
        return Output(self.average([each.raw for each in outputs]), {}, outputs)

    def last_look(self, batch: Batch) -> LastLook:
        """The looks of all members, one after another.

        Raises:
            NotAvailable: what a member answers is no function of where it looks.
        """
        return LastLook.together([last_look(member, batch) for member in self.models]).then(self.average)

    def average(self, raws: Sequence[Float[Tensor, "B C"]]) -> Float[Tensor, "B C"]:
        """One answer out of those of the members."""
        return self._average(torch.stack(list(raws)))
