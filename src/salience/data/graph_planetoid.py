"""Citation graphs in the form that Planetoid published them (Yang et al. 2016), with its public split.

The eight files of a data set are pickles of Python 2. They are read by `salience.data.unpickle`, which runs nothing
that they say.

Legend: N nodes, F features.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import scipy.sparse

from salience.core.errors import DataError
from salience.data import unpickle
from salience.data.graph import Graph

_PARTS = ("x", "tx", "allx", "y", "ty", "ally", "graph")
# The public split: 20 nodes of each class, the 500 after them, and the 1,000 that are named as the test.
VALIDATION = 500


def read_planetoid(folder: str | Path, name: str = "cora") -> tuple[Graph, pd.DataFrame]:
    """The graph of papers, and a row for each: `node`, `label` and `split` (train, validation, test, or none).

    An edge stands for a citation in either direction; each pair of papers has one, and none leads to itself.

    Args:
        folder: where the files `ind.<name>.*` lie.
        name: of the data set.

    Raises:
        DataError: a file is missing or is not what it should be.
    """
    folder = Path(folder)
    parts: dict[str, Any] = {part: unpickle.load(folder / f"ind.{name}.{part}") for part in _PARTS}
    test = _numbers(folder / f"ind.{name}.test.index")
    features = scipy.sparse.vstack([parts["allx"], parts["tx"]]).tolil()
    labels = np.vstack([parts["ally"], parts["ty"]])
    if sorted(test) != list(range(len(labels) - len(test), len(labels))):
        raise DataError("the test nodes are not the last ones", where=str(folder), fix="use Cora or PubMed")
    # The files list test nodes in the order of the index, which is not that of their numbers.
    features[test], labels[test] = features[sorted(test)], labels[sorted(test)]
    pairs = {(min(a, b), max(a, b)) for a, others in parts["graph"].items() for b in others if a != b}
    graph = Graph(
        list(range(len(labels))),
        scipy.sparse.csr_array(features.astype(np.float64)),
        np.array(sorted(pairs), dtype=np.int64).T,
        directed=False,
        source=f"{name} of Planetoid",
    )
    return graph, _table(labels.argmax(1), len(parts["y"]), test)


def _table(labels: np.ndarray, train: int, test: list[int]) -> pd.DataFrame:
    split = np.full(len(labels), "none", dtype=object)
    split[:train], split[train : train + VALIDATION], split[test] = "train", "validation", "test"
    return pd.DataFrame({"node": range(len(labels)), "label": [f"class {each}" for each in labels], "split": split})


def _numbers(path: Path) -> list[int]:
    try:
        return [int(line) for line in path.read_text(encoding="ascii").split()]
    except (OSError, ValueError) as error:
        raise DataError(f"the list of test nodes cannot be read: {error}", where=str(path)) from error
