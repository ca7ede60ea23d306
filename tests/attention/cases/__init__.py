"""The contract table: one row for each mechanism, and one for each option that changes what it computes."""

from tests.attention.cases import graph, grid, long, scored, sequence, sparse, time

CASES = (*graph.CASES, *grid.CASES, *long.CASES, *scored.CASES, *sequence.CASES, *sparse.CASES, *time.CASES)
