"""The contract table: one row for each mechanism, and one for each option that changes what it computes."""

from tests.attention.cases import graph, grid, long, scored, sequence, sparse, time

#: Rows of mechanisms that are alike.
FAMILIES = {
    "graph": graph.CASES,
    "grid": grid.CASES,
    "long": long.CASES,
    "scored": scored.CASES,
    "sequence": sequence.CASES,
    "sparse": sparse.CASES,
    "time": time.CASES,
}
CASES = tuple(case for family in FAMILIES.values() for case in family)
