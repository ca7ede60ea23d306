"""A part of a graph holds everything an answer depends on, and nothing else."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from salience.data.graph import Graph
from salience.data.graph_cut import ADDED, Cut, around, whole


def line(length: int) -> Graph:
    """0 -> 1 -> 2 -> ..."""
    return Graph(list(range(length)), np.eye(length), np.stack([np.arange(length - 1), np.arange(1, length)]))


def told(cut: Cut) -> set[tuple[int, int, int]]:
    return set(zip(cut.nodes[cut.source].tolist(), cut.nodes[cut.target].tolist(), cut.edge.tolist(), strict=True))


def test_as_many_steps_back_as_there_are_layers() -> None:
    cut = around(line(7), [5], hops=2, self_loops=False)
    assert cut.nodes.tolist() == [5, 4, 3]
    assert told(cut) == {(4, 5, 4), (3, 4, 3)}


def test_loops_are_added_where_a_node_still_hears() -> None:
    assert told(around(line(7), [5], hops=2, self_loops=True)) == {(4, 5, 4), (3, 4, 3), (5, 5, ADDED), (4, 4, ADDED)}


def test_no_loop_is_added_beside_one_of_the_user() -> None:
    graph = Graph(["a", "b"], np.eye(2), np.array([[0, 1, 0], [0, 0, 0]]))
    assert told(whole(graph, self_loops=True)) == {(0, 0, 0), (0, 0, 2), (1, 0, 1), (1, 1, ADDED)}


def test_several_asked_nodes_stand_first_and_once() -> None:
    cut = around(line(7), [5, 2, 5], hops=1, self_loops=False)
    assert cut.nodes.tolist() == [5, 2, 1, 4]


def test_a_node_without_edges_is_alone() -> None:
    graph = Graph(["a", "b"], np.eye(2), np.zeros((2, 0)))
    assert around(graph, [1], hops=3, self_loops=False).nodes.tolist() == [1]
    assert told(around(graph, [1], hops=3, self_loops=True)) == {(1, 1, ADDED)}


def test_a_fan_out_keeps_the_messages_with_the_smallest_keys() -> None:
    graph = Graph(list(range(5)), np.eye(5), np.array([[0, 1, 2, 3], [4, 4, 4, 4]]))
    cut = around(graph, [4], hops=1, self_loops=False, most=2, keys=np.array([0.7, 0.1, 0.9, 0.3]))
    assert sorted(cut.nodes[cut.source].tolist()) == [1, 3]


@pytest.mark.parametrize("most", [None, 2])
@settings(deadline=None, max_examples=40)
@given(edges=st.lists(st.tuples(st.integers(0, 10), st.integers(0, 10)), max_size=40), hops=st.integers(0, 3))
def test_the_part_of_one_node_lies_in_the_part_of_several(most, edges, hops) -> None:
    graph = Graph(list(range(11)), np.eye(11), np.array(edges, dtype=np.int64).reshape(-1, 2).T)
    keys = np.random.default_rng(0).random(len(edges))
    options = {"hops": hops, "self_loops": True, "most": most, "keys": keys}
    together = told(around(graph, [3, 7], **options))
    for asked in (3, 7):
        alone = around(graph, [asked], **options)
        assert told(alone) <= together
        assert len(set(alone.nodes.tolist())) == len(alone.nodes)
        # Whatever hears inside the part hears all that it hears in the whole.
        for target in {target for _, target, _ in told(alone)}:
            assert {each for each in told(alone) if each[1] == target} == {
                each for each in together if each[1] == target
            }


def test_drawing_spares_asked_nodes_and_takes_both_directions_of_an_edge() -> None:
    size = 41
    graph = Graph(list(range(size)), np.eye(size), np.stack([np.zeros(size - 1), np.arange(1, size)]), directed=False)
    cut = around(graph, [0], hops=2, self_loops=True)
    kept = cut.drawn(1, 0.5, np.random.default_rng(0))
    left = set(kept.tolist())
    for edge in range(size - 1):
        both = [i for i in range(len(cut.edge)) if cut.edge[i] == edge]
        assert sum(i in left for i in both) in (0, 2)
    assert 0.1 < len(kept) / len(cut.edge) < 0.6
