"""Graph: nodes among their neighbours, pairs of nodes, or whole graphs; units are the nodes and edges of the user.

Legend: B examples, S positions (nodes), M messages, U units, F features, K asked nodes, R rows, G features of edges.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any, ClassVar, Self, final

import numpy as np
import torch
from jaxtyping import Float, Int
from torch import Tensor, nn

from salience.core.batch import Example, Layout, Links, Stream
from salience.core.errors import ConfigError, NotAvailable
from salience.core.place import Unit
from salience.data.graph import Graph as Store
from salience.data.graph import NodeView, PairView
from salience.data.graph_columns import Columns
from salience.data.graph_cut import Cut
from salience.data.graph_example import Cell, Neighbourhood, blanked, graph_of, kinds_of, links_of, shortened, unit
from salience.data.graph_features import BARE, SCALES
from salience.data.graph_learned import Learned, checked, tensor
from salience.data.graph_reach import KEPT, Reach, hidden
from salience.data.modalities.graph_stem import GraphStem

#: What a row of the data is.
ROWS = ("nodes", "pairs", "graphs")


@final
class Graph:
    """Nodes of a graph, each with what can reach it; pairs of nodes; or whole graphs.

    A position is a node. Units are the nodes and, after them, the edges of the user's table, each once, and last the
    loops that were added (`Edge(..., added=True)`). A node is read with its features, never with its id.

    `without` takes a node out together with its edges, as if neither were in the tables; an asked node stays, with
    zeros for features. It cuts an edge. `blank` lets a node stand with the features of the average training node, and
    an edge come from such a node.

    A run reads a table of questions as its data: nodes, pairs of nodes, or graphs. Where they are nodes, the name of
    the input is the column of their ids, and the node table is that table itself unless `nodes` names another one.
    Where they are pairs, it has the columns `source` and `target`. Where they are graphs, the name of the input is the
    column of their ids, in the node table and the edge table too.

    Args:
        rows: what a row of the data asks about: "nodes", "pairs" or "graphs".
        nodes: the file of the node table, for a run; by default the data itself.
        edges: the file of the edge table. Pairs without a target are edges themselves; then it is the data by default.
        node: the column of the node table with the ids of nodes, where the name of the input is not it; by default
            "node".
        source: its column with the id of the node that an edge comes from.
        target: its column with the id of the node that an edge leads to.
        kind: its column with the kind of an edge, if there are several.
        directed: whether an edge tells its target only; otherwise each of its ends learns of the other.
        features: columns of the node table to read; by default all numbers and texts of few different ones.
        edge_features: columns of the edge table to read; by default none. `GATv2` and `GraphTransformer` read them.
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
        rows: str = "nodes",
        nodes: str | None = None,
        edges: str | None = None,
        node: str | None = None,
        source: str = "source",
        target: str = "target",
        kind: str | None = None,
        directed: bool = True,
        features: Sequence[str] | None = None,
        edge_features: Sequence[str] = (),
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
        if rows not in ROWS:
            raise ConfigError(f"rows of a graph are no '{rows}'", where="Graph", fix=f"choose one of {', '.join(ROWS)}")
        self.rows, self.nodes, self.edges, self.node = rows, nodes, edges, node
        self.source, self.target, self.kind = source, target, kind
        self.directed = directed
        self.features, self.edge_features = features, tuple(edge_features)
        self.hops = hops
        self.self_loops = self_loops
        self.fan_out = fan_out
        self.scale = scale
        self.drop_features = drop_features
        self._reach = Reach(hops=hops, self_loops=self_loops, fan_out=fan_out)
        self._learned: Learned | None = None
        # What the stem reads of the unions that are held.
        self._values: dict[int, tuple[Cut, Tensor]] = {}

    @property
    def gives(self) -> frozenset[str]:
        """The fields of `Layout` that batches have."""
        learned = self._fitted
        given = {"asked": learned.asked, "kinds": learned.kinds, "edge_features": learned.edges}
        return frozenset({"edges", *(name for name, there in given.items() if there)})

    @property
    def kinds(self) -> int:
        """How many kinds of edges there are, that of added loops included; 0 where edges have no kinds."""
        names = self._fitted.kinds
        return len(names) + 1 if names else 0

    @property
    def edge_numbers(self) -> int:
        """How many numbers each edge has; 0 where edges have no features."""
        edges = self._fitted.edges
        return 0 if edges is None else len(edges.mean)

    @property
    def columns(self) -> Columns | None:
        """How the tables were read in training, for other tables to be read alike; None where there were none."""
        return self._fitted.columns

    @property
    def _fitted(self) -> Learned:
        if self._learned is None:
            raise NotAvailable("this graph has not been fitted", fix="call fit(cells), or restore(state)")
        return self._learned

    def fit(self, cells: Sequence[Any]) -> Self:
        """Learn the mean and the spread of features from the nodes of training cells and the edges of their graphs.

        Raises:
            DataError: a cell of another kind, or no cell.
        """
        self._learned = Learned.fit(cells, self.scale)
        self._values.clear()
        return self

    def encode(self, cell: Any) -> Example:
        """A node with what reaches it, a pair likewise, or a graph; a missing cell is one node without features.

        Raises:
            DataError: anything else, or a graph with other features than those of training.
        """
        if cell is None or (isinstance(cell, float) and np.isnan(cell)):
            return self._nothing(None)
        self._fitted.check(checked(cell))
        return Neighbourhood(cell, self.cut)

    def cut(self, cell: Cell) -> Cut:
        """The part of the graph that an answer about a cell can depend on."""
        return self._reach.cut(cell)

    def collate(self, examples: Sequence[Example]) -> Stream:
        learned = self._fitted
        lengths = [len(example) for example in examples]
        size = max(lengths, default=0)
        values = learned.nodes.padded([(graph_of(each), each.values) for each in examples], size)
        links = [links_of(each) for each in examples]
        edges = np.concatenate([each.edges + row * size for row, each in enumerate(links)], axis=1)
        asked = np.stack([each.asked + row * size for row, each in enumerate(links)])
        kinds = np.concatenate([each.kinds for each in links if each.kinds is not None] or [np.zeros(0, np.int64)])
        along = [learned.along(graph_of(each), of.numbers) for each, of in zip(examples, links, strict=True)]
        joined = np.concatenate([each for each in along if each is not None]) if learned.edges else None
        return Stream(values, self._layout(lengths, size, edges, asked, kinds, joined))

    def unite(
        self, examples: Sequence[Example], *, drop: float = 0.0, chance: np.random.Generator | None = None
    ) -> Stream | None:
        """Examples of one graph as a single one that is asked for all of them.

        None for graphs, for altered examples, and where an edge is hidden from one question that another one sees.
        What several examples share is read and computed once, with the same answers.

        Args:
            drop: share of nodes (the asked ones aside) and of edges that are left out.
            chance: draws what is left out, and the messages that nodes hear if there is a `fan_out`.
        """
        cells = [each.cell for each in examples if isinstance(each, Neighbourhood)]
        views = [each for each in cells if isinstance(each, NodeView | PairView)]
        if len(views) < len(examples) or len({id(each.graph) for each in views}) != 1:
            return None
        if any(len(hidden(each)) for each in views):
            return None
        graph, asked = views[0].graph, np.array([each.asked for each in views])  # [R, K]
        wanted, place = np.unique(asked, return_inverse=True)
        cut = self._reach.union(graph, wanted, chance)
        kept = cut.drawn(len(wanted), drop, chance) if drop and chance is not None else np.arange(len(cut.edge))
        numbers = cut.edge[kept]
        layout = self._layout(
            [len(cut.nodes)],
            len(cut.nodes),
            np.stack([cut.source, cut.target])[:, kept],
            place.reshape(asked.shape),
            kinds_of(graph, numbers),
            self._fitted.along(graph, numbers),
        )
        return Stream(self._read(graph, cut, held=chance is None or self.fan_out is None), layout)

    def stem(self, width: int) -> nn.Module:
        """A linear map of features."""
        features = self._fitted.nodes
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
        return self._fitted.to_json()

    def restore(self, state: dict[str, Any]) -> Self:
        self._learned = Learned.from_json(state)
        self._values.clear()
        return self

    def _read(self, graph: Store, cut: Cut, *, held: bool) -> Tensor:
        """What the stem reads of a union, held as long as the last few unions are."""
        if not held:
            return self._fitted.nodes.padded([(graph, cut.nodes)], len(cut.nodes))
        if id(cut) not in self._values:
            if len(self._values) >= KEPT:
                self._values.pop(next(iter(self._values)))
            # The cut itself is held, so that its number is not given to another one.
            self._values[id(cut)] = cut, self._fitted.nodes.padded([(graph, cut.nodes)], len(cut.nodes))
        return self._values[id(cut)][1]

    def _layout(
        self,
        lengths: list[int],
        size: int,
        edges: Int[np.ndarray, "2 M"],
        asked: Int[np.ndarray, "R K"],
        kinds: Int[np.ndarray, "M"] | None,
        along: Float[np.ndarray, "M G"] | None,
    ) -> Layout:
        learned = self._fitted
        return Layout(
            torch.tensor(lengths, dtype=torch.int64),
            size,
            edges=torch.from_numpy(edges),
            kinds=torch.from_numpy(kinds) if learned.kinds and kinds is not None else None,
            edge_features=tensor(along),
            asked=torch.from_numpy(asked) if learned.asked else None,
        )

    def _nothing(self, cell: object) -> Example:
        """An example without units: the nodes that are asked about, or a single one, without features."""
        count = self._fitted.asked
        none = np.zeros(0, dtype=np.int64)
        links = Links(np.zeros((2, 0), dtype=np.int64), none, np.arange(count), none, none)
        places = np.zeros((0, 2), dtype=np.int64)
        return Example(cell, np.full(max(1, count), BARE), places, np.full(max(1, count), -1), links=links)
