"""Graph: nodes among their neighbours, pairs of nodes, or whole graphs; units are the nodes and edges of the user.

Legend: B examples, S positions (nodes), M messages, U units, F features, K asked nodes.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any, ClassVar, Self, final

import numpy as np
import scipy.sparse
import torch
from jaxtyping import Float, Int
from torch import Tensor, nn

from salience.core.batch import Example, Layout, Links, Stream
from salience.core.errors import ConfigError, DataError, NotAvailable
from salience.core.place import Unit
from salience.data.graph import Graph as Store
from salience.data.graph import NodeView, PairView
from salience.data.graph_cut import Cut, around, whole
from salience.data.graph_example import Cell, Neighbourhood, blanked, graph_of, kinds_of, links_of, shortened, unit
from salience.data.graph_features import BARE, SCALES, Scaling
from salience.data.modalities.graph_stem import GraphStem

# Unions that are held: those of train, validation and test.
KEPT = 3
_CELLS: dict[type, str] = {NodeView: "node", PairView: "pair", Store: "graph"}


@final
class Graph:
    """Nodes of a graph, each with what can reach it; pairs of nodes; or whole graphs.

    A position is a node. Units are the nodes and, after them, the edges of the user's table, each once, and last the
    loops that were added (`Edge(..., added=True)`). A node is read with its features, never with its id.

    `without` takes a node out together with its edges, as if neither were in the tables; an asked node stays, with
    zeros for features. It cuts an edge. `blank` lets a node stand with the features of the average training node, and
    an edge come from such a node.

    A run reads the node table as its data; the name of the input is the column of ids, and `edges` the edge table.

    Args:
        edges: the file of the edge table, for a run.
        source: its column with the id of the node that an edge comes from.
        target: its column with the id of the node that an edge leads to.
        kind: its column with the kind of an edge, if there are several.
        directed: whether an edge tells its target only; otherwise each of its ends learns of the other.
        features: columns of the node table to read; by default all numbers and texts of few different ones.
        hops: how far an answer about a node looks along edges; as many as the model has layers.
        self_loops: whether a node without an edge to itself gets one, so that it hears itself beside its neighbours.
            Not needed where layers add their input to their output.
        fan_out: messages that a node hears at most, drawn anew for each training batch and held fixed otherwise; all
            by default.
        scale: "standard": features have mean 0 and standard deviation 1 on training nodes; "rows": those of a node sum
            to one, as shares of words do; "none". By default "rows" for sparse features, "standard" for dense ones.
        drop_features: share of the features of each node left out in training.

    Raises:
        ConfigError: an option is out of its range.

    >>> store = Store(["a", "b", "c"], np.eye(3), np.array([[0, 1], [1, 2]]))
    >>> graph = Graph(hops=1).fit(store.at(["a", "b", "c"]))
    >>> example = graph.encode(store.at(["c"])[0])
    >>> [unit.text for unit in graph.units(example, "node")]
    ['c', 'b', 'b -> c', 'c -> c (added)']
    """

    #: Nodes stand in no order, and neither do edges.
    ordered: ClassVar[bool] = False

    def __init__(
        self,
        *,
        edges: str | None = None,
        source: str = "source",
        target: str = "target",
        kind: str | None = None,
        directed: bool = True,
        features: Sequence[str] | None = None,
        hops: int = 2,
        self_loops: bool = True,
        fan_out: int | None = None,
        scale: str | None = None,
        drop_features: float = 0.0,
    ) -> None:
        if hops < 0 or (fan_out is not None and fan_out < 1) or not 0 <= drop_features < 1:
            raise ConfigError(
                f"hops must be 0 or more, fan_out 1 or more, and drop_features at least 0 and below 1, got {hops}, "
                f"{fan_out} and {drop_features}",
                where="the options of Graph",
            )
        if scale is not None and scale not in SCALES:
            raise ConfigError(f"there is no scale '{scale}'", where="Graph", fix=f"choose one of {', '.join(SCALES)}")
        self.edges = edges
        self.source, self.target, self.kind = source, target, kind
        self.directed = directed
        self.features = features
        self.hops = hops
        self.self_loops = self_loops
        self.fan_out = fan_out
        self.scale = scale
        self.drop_features = drop_features
        self._state: dict[str, Any] | None = None
        self._scaling: Scaling | None = None
        self._keys: tuple[Store, Float[np.ndarray, "A"]] | None = None
        # The union of the last sets of asked nodes: each epoch asks for the same ones again.
        self._unions: dict[tuple[int, bytes], tuple[Store, Cut, Tensor]] = {}

    @property
    def gives(self) -> frozenset[str]:
        """The fields of `Layout` that batches have."""
        return frozenset({"edges", *(name for name in ("asked", "kinds") if self._fitted[name])})

    @property
    def kinds(self) -> int:
        """How many kinds of edges there are, that of added loops included; 0 where edges have no kinds."""
        names = self._fitted["kinds"]
        return len(names) + 1 if names else 0

    @property
    def _fitted(self) -> dict[str, Any]:
        if self._state is None:
            raise NotAvailable("this graph has not been fitted", fix="call fit(cells), or restore(state)")
        return self._state

    def fit(self, cells: Sequence[Any]) -> Self:
        """Learn the mean and the spread of features from the nodes of training cells.

        Raises:
            DataError: a cell of another kind, or no cell.
        """
        read = [_checked(cell) for cell in cells if cell is not None]
        kinds = {type(cell) for cell in read}
        if len(kinds) != 1:
            names = ", ".join(sorted(kind.__name__ for kind in kinds)) or "none"
            raise DataError(
                f"the cells of a graph column must be of one kind, got {names}",
                fix="give nodes (graph.at), pairs (graph.between) or graphs",
            )
        first = _graph(read[0])
        self._scaling = Scaling.fit(_read_rows(read), self.scale)
        self._state = {
            "cell": _CELLS[type(read[0])],
            "asked": 0 if isinstance(read[0], Store) else len(read[0].asked),
            "kinds": list(first.kind_names) if first.kinds is not None else [],
            **self._scaling.to_json(),
        }
        self._unions.clear()
        return self

    def encode(self, cell: Any) -> Example:
        """A node with what reaches it, a pair likewise, or a graph; a missing cell is one node without features.

        Raises:
            DataError: anything else, or a graph with other features than those of training.
        """
        if cell is None or (isinstance(cell, float) and np.isnan(cell)):
            return self._nothing(None)
        self._check_alike(_graph(_checked(cell)), cell)
        return Neighbourhood(cell, self.cut)

    def cut(self, cell: Cell) -> Cut:
        """The part of the graph that an answer about a cell can depend on."""
        if isinstance(cell, Store):
            return whole(cell, self_loops=self.self_loops)
        return self._around(cell.graph, np.array(cell.asked), None)

    def collate(self, examples: Sequence[Example]) -> Stream:
        lengths = [len(example) for example in examples]
        size = max(lengths, default=0)
        values = self._learned.padded([(graph_of(each), each.values) for each in examples], size)
        links = [links_of(each) for each in examples]
        edges = np.concatenate([each.edges + row * size for row, each in enumerate(links)], axis=1)
        asked = np.stack([each.asked + row * size for row, each in enumerate(links)])
        kinds = np.concatenate([each.kinds for each in links if each.kinds is not None] or [np.zeros(0, np.int64)])
        return Stream(values, self._layout(lengths, size, edges, asked, kinds))

    def unite(
        self, examples: Sequence[Example], *, drop: float = 0.0, chance: np.random.Generator | None = None
    ) -> Stream | None:
        """Examples of one graph as a single one that is asked for all of them; None for graphs, or altered examples.

        What several examples share is read and computed once, with the same answers.

        Args:
            drop: share of nodes (the asked ones aside) and of edges that are left out.
            chance: draws what is left out, and the messages that nodes hear if there is a `fan_out`.
        """
        cells = [each.cell for each in examples if isinstance(each, Neighbourhood)]
        views = [each for each in cells if isinstance(each, NodeView | PairView)]
        if len(views) < len(examples) or len({id(each.graph) for each in views}) != 1:
            return None
        graph, asked = views[0].graph, np.array([each.asked for each in views])  # [R, K]
        wanted, place = np.unique(asked, return_inverse=True)
        cut, values = self._union(graph, wanted, chance)
        kept = cut.drawn(len(wanted), drop, chance) if drop and chance is not None else np.arange(len(cut.edge))
        kinds = kinds_of(graph, cut.edge[kept])
        edges = np.stack([cut.source, cut.target])[:, kept]
        return Stream(values, self._layout([len(cut.nodes)], len(cut.nodes), edges, place.reshape(asked.shape), kinds))

    def stem(self, width: int) -> nn.Module:
        """A linear map of features."""
        features = self._learned
        return GraphStem(len(features.mean), width, drop=self.drop_features, sparse=features.sparse)

    def units(self, example: Example, column: str) -> list[Unit]:
        graph = graph_of(example)
        return [] if graph is None else [unit(graph, column, *each) for each in example.places.tolist()]

    def without(self, example: Example, removed: Collection[int]) -> Example:
        """The example without some nodes, with their edges, and without some edges; see `Graph`.

        Raises:
            DataError: an index that is no unit of this example.
        """
        return shortened(example, removed, nothing=self._nothing(example.cell))

    def blank(self, example: Example, hidden: Collection[int]) -> Example:
        """The example with average features at some nodes, and with some edges coming from an average node beside it.

        Raises:
            DataError: an index that is no unit of this example.
        """
        return blanked(example, hidden)

    def state(self) -> dict[str, Any]:
        return dict(self._fitted)

    def restore(self, state: dict[str, Any]) -> Self:
        self._state = dict(state)
        self._scaling = Scaling.from_json(state)
        self._unions.clear()
        return self

    @property
    def _learned(self) -> Scaling:
        assert self._scaling is not None or self._fitted
        assert self._scaling is not None
        return self._scaling

    def _union(
        self, graph: Store, wanted: Int[np.ndarray, "n"], chance: np.random.Generator | None
    ) -> tuple[Cut, Tensor]:
        if chance is not None and self.fan_out is not None:
            cut = self._around(graph, wanted, chance)
            return cut, self._learned.padded([(graph, cut.nodes)], len(cut.nodes))
        key = (id(graph), wanted.tobytes())
        if key not in self._unions:
            cut = self._around(graph, wanted, None)
            if len(self._unions) >= KEPT:
                self._unions.pop(next(iter(self._unions)))
            # The graph itself is held, so that its number is not given to another one.
            self._unions[key] = graph, cut, self._learned.padded([(graph, cut.nodes)], len(cut.nodes))
        return self._unions[key][1:]

    def _around(self, graph: Store, asked: Int[np.ndarray, "K"], chance: np.random.Generator | None) -> Cut:
        keys = None
        if self.fan_out is not None:
            keys = self._held_keys(graph) if chance is None else chance.random(len(graph.messages.source))
        return around(graph, asked, hops=self.hops, self_loops=self.self_loops, most=self.fan_out, keys=keys)

    def _held_keys(self, graph: Store) -> Float[np.ndarray, "A"]:
        """The draw of messages that stays the same, so that an answer and its explanation are about the same ones."""
        if self._keys is None or self._keys[0] is not graph:
            self._keys = graph, np.random.default_rng(0).random(len(graph.messages.source))
        return self._keys[1]

    def _layout(
        self,
        lengths: list[int],
        size: int,
        edges: Int[np.ndarray, "2 M"],
        asked: Int[np.ndarray, "R K"],
        kinds: Int[np.ndarray, "M"] | None,
    ) -> Layout:
        state = self._fitted
        return Layout(
            torch.tensor(lengths, dtype=torch.int64),
            size,
            edges=torch.from_numpy(edges),
            kinds=torch.from_numpy(kinds) if state["kinds"] and kinds is not None else None,
            asked=torch.from_numpy(asked) if state["asked"] else None,
        )

    def _nothing(self, cell: object) -> Example:
        """An example without units: the nodes that are asked about, or a single one, without features."""
        count = max(1, self._fitted["asked"])
        asked = np.arange(self._fitted["asked"])
        none = np.zeros(0, dtype=np.int64)
        links = Links(np.zeros((2, 0), dtype=np.int64), none, asked, none)
        return Example(cell, np.full(count, BARE), np.zeros((0, 2), dtype=np.int64), np.full(count, -1), links=links)

    def _check_alike(self, graph: Store, cell: Cell) -> None:
        state = self._fitted
        if _CELLS[type(cell)] != state["cell"]:
            raise DataError(f"expected a {state['cell']}, as in training, got {type(cell).__name__}")
        if graph.num_features != len(state["mean"]):
            raise DataError(
                f"the nodes of {graph.source} have {graph.num_features} features; in training they had "
                f"{len(state['mean'])}",
                fix="give the same columns",
            )
        known = list(graph.kind_names) if graph.kinds is not None else []
        if known != state["kinds"]:
            raise DataError(f"edges are of the kinds {known}; in training they were of {state['kinds']}")


def _checked(cell: Any) -> Cell:
    if not isinstance(cell, NodeView | PairView | Store):
        raise DataError(
            f"expected a node, a pair or a graph, got {type(cell).__name__} ({cell!r:.40})",
            fix="give what graph.at([...]) or graph.between([...]) return, or a Graph",
        )
    return cell


def _graph(cell: Cell) -> Store:
    return cell if isinstance(cell, Store) else cell.graph


def _read_rows(cells: Sequence[Cell]) -> Any:
    """The features of all nodes of graphs, or of the nodes that are asked about, each once."""
    numbers: dict[int, tuple[Store, list[int]]] = {}
    for cell in cells:
        graph = _graph(cell)
        nodes = range(graph.num_nodes) if isinstance(cell, Store) else cell.asked
        numbers.setdefault(id(graph), (graph, []))[1].extend(nodes)
    parts = [graph.features[np.unique(nodes)] for graph, nodes in numbers.values()]
    return scipy.sparse.vstack(parts).tocsr() if scipy.sparse.issparse(parts[0]) else np.concatenate(parts)
