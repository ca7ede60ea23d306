"""A graph keeps what its owner wrote, and says what is wrong with it."""

import numpy as np
import pytest
import scipy.sparse

from salience.core.errors import DataError
from salience.data.graph import Graph

IDS = ["a", "b", "c", "d"]
#: A loop, an edge that stands there twice, both directions of one pair, and a node without any edge (d).
EDGES = np.array([[0, 0, 0, 1, 2], [0, 1, 1, 2, 1]])


def graph(**options) -> Graph:
    return Graph(**{"ids": IDS, "features": np.eye(4), "edges": EDGES, **options})


def told(found: Graph) -> list[tuple[int, int, int]]:
    messages = found.messages
    return list(zip(messages.source.tolist(), messages.target.tolist(), messages.edge.tolist(), strict=True))


def test_edges_stay_as_they_were_written() -> None:
    assert graph().num_edges == 5
    np.testing.assert_array_equal(graph().edges, EDGES)
    assert told(graph()) == [(0, 0, 0), (0, 1, 1), (0, 1, 2), (2, 1, 4), (1, 2, 3)]


def test_an_edge_without_direction_tells_both_ends_and_a_loop_once() -> None:
    both = told(graph(directed=False))
    assert sorted(both) == sorted(
        [(0, 0, 0), (0, 1, 1), (1, 0, 1), (0, 1, 2), (1, 0, 2), (1, 2, 3), (2, 1, 3), (2, 1, 4), (1, 2, 4)]
    )
    assert [target for _, target, _ in both] == sorted(target for _, target, _ in both)


def test_a_node_is_found_by_its_id() -> None:
    node = graph().at(["c"])[0]
    assert (node.id, node.number, str(node)) == ("c", 2, "c")
    assert graph(ids=[7, 5, 3, 2]).at([3])[0].number == 2


def test_numbers_of_numpy_are_whole_numbers() -> None:
    assert graph(ids=np.array([7, 5, 3, 2])).at([5])[0].id == 5


def test_without_edges_keeps_the_order_and_the_kinds_of_the_others() -> None:
    left = graph(kinds=np.array([0, 1, 0, 1, 1]), kind_names=("x", "y")).without_edges(np.array([0, 3]))
    assert left.edges.tolist() == [[0, 0, 2], [1, 1, 1]]
    assert left.kinds is not None
    assert left.kinds.tolist() == [1, 0, 1]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"ids": [], "features": np.zeros((0, 4))}, "the graph has no nodes"),
        ({"ids": ["a", 1, "c", "d"]}, r"all texts or all whole numbers, and these are int, str.*node 2, 1"),
        ({"ids": [1.5, 2.5, 3.5, 4.5]}, r"all texts or all whole numbers, and these are float"),
        ({"ids": ["a", "b", "a", "d"]}, "the id 'a' stands in the node table more than once"),
        ({"features": np.eye(3)}, r"a row of features for each of 4 nodes, got the shape \(3, 3\)"),
        ({"features": np.array([[1.0], [2.0], [np.nan], [1.0]])}, r"a feature is missing or infinite.*node 'c'"),
        (
            {"features": scipy.sparse.csr_array(np.array([[0.0], [2.0], [0.0], [np.inf]]))},
            r"a feature is missing or infinite.*node 'd'",
        ),
        ({"edges": np.array([[0, 1], [1, 4]])}, r"edge 2 leads from node number 1 to 4, and there are 4 nodes"),
        ({"kinds": np.array([0])}, "there are 5 edges and 1 kinds"),
    ],
)
def test_a_graph_that_cannot_be_is_an_error(options, message) -> None:
    with pytest.raises(DataError, match=f"(?s){message}"):
        graph(**options)


def test_an_unknown_node_is_an_error_with_the_nearest_id() -> None:
    with pytest.raises(DataError, match=r"(?s)there is no node 'paper-21'.*paper-12"):
        graph(ids=["paper-11", "paper-12", "x", "y"]).at(["paper-21"])


def test_edges_may_be_none_at_all() -> None:
    alone = graph(edges=np.zeros((2, 0)))
    assert alone.num_edges == 0
    assert told(alone) == []
