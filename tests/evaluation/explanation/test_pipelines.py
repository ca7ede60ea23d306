"""Every experiment on real models: several encoders, pools, tasks, and two columns."""

import math

import pytest

from salience.evaluation.bootstrap import Bootstrap
from salience.evaluation.explanation import (
    FURTHEST,
    measure_alternatives,
    measure_correlations,
    measure_difference,
    measure_permutation,
)
from salience.pipeline import Pipeline

TEXTS = [
    "A good film. The cast is fine, and the music too.",
    "bad",
    "",
    "Dull! I left. What a dull film; nobody could want to see it twice.",
    "fine fine fine",
]
TARGETS = {
    "Classification": ["a", "b", "a", "b", "c"],
    "MultiLabel": [["a"], ["b"], [], ["a", "b"], ["b"]],
    "Regression": [1.0, 2.5, -1.0, 0.0, 4.0],
}
FEW = Bootstrap(30)


def pipeline(*, encoder="Recurrent", pool="Additive", task="Classification", columns=1, seed=3):
    names = [f"text{i}" for i in range(columns)]
    made = Pipeline(
        {name: {"Text": {"min_count": 1}} for name in names}, task, model={"width": 8, "encoder": encoder, "pool": pool}
    )
    rows = [dict.fromkeys(names, text) for text in TEXTS]
    made.learn(rows, TARGETS[task], seed=seed).model.eval()
    return made, rows


@pytest.mark.parametrize("task", TARGETS)
@pytest.mark.parametrize(
    ("encoder", "pool", "columns"),
    [
        ("Recurrent", "Additive", 2),
        ("Transformer", "MultiHead", 1),
        ("Hierarchical", "Dot", 1),
        ("Identity", "Mean", 2),
    ],
)
def test_every_experiment_gives_numbers_in_their_range(encoder, pool, columns, task):
    made, rows = pipeline(encoder=encoder, pool=pool, columns=columns, task=task)
    for each in measure_correlations(made, rows, bootstrap=FEW).overall.values():
        assert each.tau.mean.value is None or -1 <= each.tau.mean.value <= 1
        assert each.tau.num_rows <= 4
    permuted = measure_permutation(made, rows, permutations=5, bootstrap=FEW).change.overall
    assert permuted.num_rows == 5
    assert permuted.mean.value >= 0
    found = measure_alternatives(made, rows, starts=2, steps=5, epsilon=0.5, rate=0.1, bootstrap=FEW)
    assert 0 <= found.divergence.overall.mean.value <= FURTHEST
    assert math.isfinite(found.divergence.overall.deviation)


def test_untrained_models_of_other_seeds_look_elsewhere():
    first, rows = pipeline()
    second, _ = pipeline(seed=4)
    found = measure_difference(first, second, rows, bootstrap=FEW)
    # The empty row has no units to compare.
    assert found.divergence.num_rows == 4
    assert 0 < found.divergence.mean.value < FURTHEST
    assert found.change.num_rows == 5
