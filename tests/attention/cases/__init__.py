"""The contract table: one row for each mechanism, and one for each option that changes what it computes."""

from tests.attention.cases import graph, long, scored

CASES = (
    *graph.CASES,
    *long.CASES,
    *scored.CASES,
)
