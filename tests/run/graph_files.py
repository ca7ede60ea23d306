"""Small graphs as files: people who know each other, pairs of them with an answer, and chains of atoms."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

#: A model that is made and trained in a second.
SMALL = {"width": 8, "encoder": {"GraphStack": {"layers": 1, "attention": {"GATv2": {"heads": 2}}, "residual": True}}}
TRAIN = {"epochs": 2, "learning_rate": 0.01, "patience": 0}


def people(folder: Path, *, size: int = 60, seed: int = 0, prefix: str = "p") -> tuple[pd.DataFrame, pd.DataFrame]:
    """Three groups whose members know each other, in `people.csv` and `knows.csv`; how long they do is a number."""
    chance = np.random.default_rng(seed)
    group = np.arange(size) % 3
    nodes = pd.DataFrame(
        {
            "person": [f"{prefix}{i}" for i in range(size)],
            "group": [f"g{i}" for i in group],
            "age": chance.integers(20, 70, size),
            "likes": [("tea", "coffee")[i % 2] for i in range(size)],
        }
    )
    pairs = [(a, b) for a in range(size) for b in range(a) if group[a] == group[b] and chance.random() < 0.4]
    edges = pd.DataFrame(
        {
            "source": [f"{prefix}{a}" for a, _ in pairs],
            "target": [f"{prefix}{b}" for _, b in pairs],
            "years": chance.normal(size=len(pairs)).round(3),
            "how": chance.choice(["work", "school"], len(pairs)),
        }
    )
    nodes.to_csv(folder / "people.csv", index=False)
    edges.to_csv(folder / "knows.csv", index=False)
    return nodes, edges


def pairs(folder: Path, *, count: int = 90, seed: int = 1) -> pd.DataFrame:
    """Different pairs of these people, and whether they are of one group, in `pairs.csv`."""
    chance = np.random.default_rng(seed)
    drawn = {tuple(sorted(chance.choice(60, 2, replace=False).tolist())) for _ in range(4 * count)}
    kept = sorted(drawn)[:: max(1, len(drawn) // count)][:count]
    frame = pd.DataFrame(
        {
            "source": [f"p{a}" for a, _ in kept],
            "target": [f"p{b}" for _, b in kept],
            "alike": ["yes" if a % 3 == b % 3 else "no" for a, b in kept],
        }
    )
    frame.to_csv(folder / "pairs.csv", index=False)
    return frame


def molecules(folder: Path, *, count: int = 60, seed: int = 0, prefix: str = "m") -> pd.DataFrame:
    """Chains with one marked atom, whose charge is the class, in `molecules.csv`, `atoms.csv` and `bonds.csv`."""
    chance = np.random.default_rng(seed)
    rows, atoms, bonds = [], [], []
    for number in range(count):
        size = int(chance.integers(3, 7))
        marked, charge = int(chance.integers(size)), chance.choice([-1, 1], size)
        name = f"{prefix}{number}"
        rows.append({"molecule": name, "label": "plus" if charge[marked] > 0 else "minus", "weight": size * 1.5})
        atoms += [{"molecule": name, "atom": i, "charge": charge[i], "marked": int(i == marked)} for i in range(size)]
        bonds += [
            {"molecule": name, "source": i, "target": i + 1, "bond": chance.choice(["single", "double"])}
            for i in range(size - 1)
        ]
    for file, each in (("molecules", rows), ("atoms", atoms), ("bonds", bonds)):
        pd.DataFrame(each).to_csv(folder / f"{file}.csv", index=False)
    return pd.DataFrame(rows)


def of_people(folder: Path, **options: object) -> dict[str, object]:
    """The input for nodes of `people.csv`."""
    return {"person": {"Graph": {"edges": str(folder / "knows.csv"), "directed": False, "hops": 1, **options}}}


def of_pairs(folder: Path, **options: object) -> dict[str, object]:
    """The input for pairs of people; `edges` among the options for pairs with a target of their own."""
    graph = {"rows": "pairs", "nodes": str(folder / "people.csv"), "node": "person", "directed": False, "hops": 1}
    return {"pair": {"Graph": {**graph, **options}}}


def of_molecules(folder: Path, **options: object) -> dict[str, object]:
    """The input for whole molecules."""
    files = {"nodes": str(folder / "atoms.csv"), "edges": str(folder / "bonds.csv")}
    return {"molecule": {"Graph": {"rows": "graphs", "node": "atom", "directed": False, **files, **options}}}
