"""Cora comes as it was published."""

import os
from pathlib import Path

import numpy as np
import pytest

from salience.core.errors import DataError
from salience.data.graph_planetoid import read_planetoid

FOLDER = Path(os.environ.get("SALIENCE_DATA", "nowhere")) / "planetoid-cora" / "data"


@pytest.mark.skipif(not FOLDER.is_dir(), reason="needs the data set planetoid-cora in SALIENCE_DATA")
def test_cora_has_its_nodes_edges_words_and_sides() -> None:
    graph, table = read_planetoid(FOLDER)
    assert (graph.num_nodes, graph.num_edges, graph.num_features) == (2708, 5278, 1433)
    assert not graph.directed
    assert (graph.edges[0] < graph.edges[1]).all()
    assert np.unique(graph.edges, axis=1).shape == graph.edges.shape
    assert table["split"].value_counts().to_dict() == {"none": 1068, "test": 1000, "validation": 500, "train": 140}
    assert (table[table["split"] == "train"]["label"].value_counts() == 20).all()


def test_missing_files_are_an_error(tmp_path) -> None:
    with pytest.raises(DataError, match="the pickle cannot be read"):
        read_planetoid(tmp_path)
