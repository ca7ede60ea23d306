"""What flows to many answers at once is what flows to each alone."""

import numpy as np
import pytest
import torch

from salience.core.batch import Layout
from salience.core.errors import NotAvailable
from salience.models.encoders import GraphStack
from salience.models.flow import along_edges, rollout
from salience.models.graph_flow import flows
from salience.models.pools import AtNode

EDGES = torch.tensor([(0, 1), (0, 1), (1, 0), (2, 2), (3, 2), (4, 3), (2, 4), (0, 0), (1, 1), (3, 3), (4, 4)]).T


def records(asked: list[int], *, residual: bool, **options):
    torch.manual_seed(0)
    stack = GraphStack(6, attention={"GAT": {"heads": 2, **options}}, residual=residual).double().eval()
    layout = Layout(torch.tensor([5]), 5, edges=EDGES, asked=torch.tensor(asked)[:, None])
    encoded = stack(torch.randn(1, 5, 6, dtype=torch.float64, generator=torch.Generator().manual_seed(1)), layout)
    return (*encoded.records, AtNode(6)(encoded.values, layout)[1])


@pytest.mark.parametrize("residual", [False, True])
def test_each_answer_is_told_as_if_it_were_alone(residual) -> None:
    asked = [2, 0, 4]
    together = flows(records(asked, residual=residual))
    for row, node in enumerate(asked):
        alone = records([node], residual=residual)
        np.testing.assert_allclose(together.nodes.toarray()[row], rollout(alone)[0].detach(), rtol=1e-12)
        np.testing.assert_allclose(together.edges.toarray()[row], along_edges(alone).detach(), rtol=1e-12, atol=1e-15)


def test_shares_sum_to_one() -> None:
    found = flows(records([1, 3], residual=False))
    np.testing.assert_allclose(found.nodes.sum(1), 1, rtol=1e-12)
    np.testing.assert_allclose(found.edges.sum(1), 1, rtol=1e-12)


def test_loops_of_a_mechanism_are_not_told() -> None:
    with pytest.raises(NotAvailable, match="let the data add loops"):
        flows(records([1], residual=False, self_loops=True))
