"""What is known of edges: mechanisms that read it against plain sums in double precision, and errors of the others."""

from dataclasses import replace

import pytest
import torch
from torch import nn

from salience.attention import GAT, GATv2, GraphTransformer
from salience.core.batch import Layout
from salience.core.errors import ConfigError, DataError
from salience.models.encoders import GraphStack

NODES, EDGES, FEATURES, WIDTH, HEADS = 5, 7, 3, 8, 2
ENDS = torch.tensor([[0, 1, 2, 3, 1, 4, 1], [1, 2, 1, 1, 1, 2, 2]])  # one loop, and an edge that stands there twice
READERS = pytest.mark.parametrize("made", [GATv2, GraphTransformer])


def question(seed: int = 0) -> tuple[torch.Tensor, Layout]:
    generator = torch.Generator().manual_seed(seed)
    values = torch.randn(1, NODES, WIDTH, dtype=torch.float64, generator=generator)
    along = torch.randn(EDGES, FEATURES, dtype=torch.float64, generator=generator)
    return values, Layout(torch.tensor([NODES]), NODES, edges=ENDS, edge_features=along)


def mechanism(made: type[nn.Module], **options) -> nn.Module:
    torch.manual_seed(1)
    found = made(WIDTH, heads=HEADS, edge_features=FEATURES, **options).double()
    return found.requires_grad_(False)


def parts(linear: nn.Linear, values: torch.Tensor) -> torch.Tensor:
    """Projected, one row of channels for each head."""
    projected = linear.weight @ values
    return (projected if linear.bias is None else projected + linear.bias).view(HEADS, -1)


def gatv2(made: nn.Module, query, source, along):
    hidden = parts(made.query, query) + parts(made.source, source) + parts(made.edge, along)
    return (torch.where(hidden > 0, hidden, 0.2 * hidden) * made.v).sum(1), parts(made.source, source)


def transformer(made: nn.Module, query, source, along):
    told = parts(made.edge, along)
    key = parts(made.key, source) + told
    return (parts(made.query, query) * key).sum(1) / key.shape[1] ** 0.5, parts(made.source, source) + told


@pytest.mark.parametrize(("made", "scored"), [(GATv2, gatv2), (GraphTransformer, transformer)])
def test_features_of_edges_enter_as_in_a_plain_sum_over_edges(made, scored):
    found, (values, layout) = mechanism(made), question()
    out, record = found(values, layout=layout)
    for node in range(NODES):
        edges = [i for i in range(EDGES) if ENDS[1, i] == node]
        if not edges:
            assert not out[0, node].any()
            continue
        told = [scored(found, values[0, node], values[0, ENDS[0, i]], layout.edge_features[i]) for i in edges]
        weights = torch.stack([score for score, _ in told]).softmax(0)  # [edges, H]
        mixed = sum(weight[:, None] * value for weight, (_, value) in zip(weights, told, strict=True))
        torch.testing.assert_close(out[0, node], mixed.flatten(), rtol=1e-12, atol=1e-14)
        torch.testing.assert_close(record.edge_weights()[:, edges], weights.T, rtol=1e-12, atol=1e-14)


@READERS
def test_other_features_give_other_weights_and_zeros_the_plain_mechanism(made):
    found, (values, layout) = mechanism(made), question()
    plain = made(WIDTH, heads=HEADS).double()
    plain.load_state_dict({name: each for name, each in found.state_dict().items() if name != "edge.weight"})
    nothing = replace(layout, edge_features=torch.zeros_like(layout.edge_features))
    torch.testing.assert_close(found(values, layout=nothing)[0], plain(values, layout=layout)[0])
    _, other = question(2)
    assert not torch.allclose(found(values, layout=layout)[0], found(values, layout=other)[0])


@READERS
def test_a_loop_that_the_mechanism_adds_has_zeros(made):
    values, layout = question()
    found = mechanism(made, self_loops=True)
    out, _ = found(values, layout=layout)
    own = torch.tensor([0, 2, 3, 4])
    edges = torch.cat([ENDS, own.expand(2, -1)], 1)
    along = torch.cat([layout.edge_features, torch.zeros(len(own), FEATURES, dtype=torch.float64)])
    written = mechanism(made)
    written.load_state_dict(found.state_dict())
    torch.testing.assert_close(
        out, written(values, layout=replace(layout, edges=edges, edge_features=along))[0], rtol=1e-12, atol=1e-14
    )


@READERS
def test_gradients_reach_what_projects_the_features(made):
    found, (values, layout) = mechanism(made).requires_grad_(True), question()
    found(values, layout=layout)[0].square().sum().backward()
    assert found.edge.weight.grad.abs().max() > 0


@READERS
def test_a_layout_without_so_many_features_is_an_error(made):
    found, (values, layout) = mechanism(made), question()
    for along, count in ((None, "none"), (layout.edge_features[:, :2], "2")):
        with pytest.raises(DataError, match=rf"reads 3 features of each edge, and the layout has {count}"):
            found(values, layout=replace(layout, edge_features=along))


def test_a_mechanism_that_reads_no_features_names_those_that_do():
    stack = GraphStack(WIDTH, attention={"GATv2": {"heads": 2}}, edge_features=FEATURES)
    assert [each.edge.in_features for each in stack.layers] == [FEATURES] * 2
    for name in ("GAT", "Relational", "GatedGraph"):
        with pytest.raises(ConfigError, match=rf"(?s){name} does not read the features.*GATv2 or GraphTransformer"):
            GraphStack(WIDTH, attention={name: {"heads": 2}}, edge_features=FEATURES)
    assert GAT(WIDTH).edge is None
