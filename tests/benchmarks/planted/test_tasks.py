from __future__ import annotations

import pytest
import torch

from benchmarks.planted import tasks
from benchmarks.planted.things import COLOURS, RED, Inputs

ALL = (
    tasks.sequence,
    tasks.headed,
    tasks.document,
    tasks.pair,
    tasks.series,
    tasks.image,
    tasks.film,
    tasks.graph,
)
EACH = pytest.mark.parametrize("task", ALL, ids=lambda task: task.__name__)


def drawn(task: tasks.Task, *, seed: int = 0, full: bool = False) -> Inputs:
    return task(97, torch.Generator().manual_seed(seed), size=36, full=full)


@EACH
def test_what_is_planted_is_real_and_has_the_shape_that_is_the_answer(task: tasks.Task) -> None:
    inputs = drawn(task)
    assert bool(inputs.planted.any(dim=1).all())
    assert not bool((inputs.planted & ~inputs.layout.mask).any())
    assert bool((inputs.shape == inputs.answer[:, None])[inputs.planted].all())


@EACH
def test_planted_places_and_answers_are_spread(task: tasks.Task) -> None:
    inputs = drawn(task)
    assert len(set(inputs.planted.int().argmax(dim=1).tolist())) > 10
    assert min(torch.bincount(inputs.answer, minlength=4).tolist()) > 10


@EACH
def test_the_same_seed_draws_the_same_inputs_and_another_seed_draws_others(task: tasks.Task) -> None:
    assert torch.equal(drawn(task).values, drawn(task).values)
    assert not torch.equal(drawn(task).values, drawn(task, seed=1).values)


@EACH
def test_the_weights_of_the_queries_sum_to_one(task: tasks.Task) -> None:
    torch.testing.assert_close(drawn(task).asked.sum(dim=1), torch.ones(97))


@EACH
def test_full_inputs_have_no_padding(task: tasks.Task) -> None:
    assert bool(drawn(task, full=True).layout.mask.all())
    assert not bool(drawn(task).layout.mask.all())


@pytest.mark.parametrize("task", [tasks.sequence, tasks.document, tasks.image, tasks.film], ids=lambda t: t.__name__)
def test_nothing_else_is_red(task: tasks.Task) -> None:
    inputs = drawn(task)
    assert torch.equal(inputs.colour == RED, inputs.planted)


def test_only_what_is_planted_has_the_colour_that_the_samples_have() -> None:
    inputs = drawn(tasks.pair)
    assert inputs.query_colour is not None
    assert torch.equal(inputs.colour == inputs.query_colour[:, :1], inputs.planted)
    assert set(inputs.query_colour[:, 0].tolist()) == set(range(len(COLOURS)))


def test_other_red_things_were_seen_long_before_the_planted_one() -> None:
    inputs = drawn(tasks.series)
    times = inputs.layout.times
    assert times is not None
    planted = (times * inputs.planted).sum(dim=1)
    others = torch.where((inputs.colour == RED) & ~inputs.planted, times, -1.0).amax(dim=1)
    assert bool((planted > others + 9).all())
    now = (times * inputs.asked).sum(dim=1)
    assert torch.equal(now, times.amax(dim=1))


def test_other_red_nodes_are_no_neighbours_of_the_one_that_is_asked() -> None:
    inputs = drawn(tasks.graph)
    assert inputs.layout.edges is not None
    source, query = inputs.layout.edges
    near = torch.zeros(97 * 36, dtype=torch.bool)
    near[source[inputs.asked.flatten()[query] > 0]] = True
    red = (inputs.colour == RED) & inputs.layout.mask
    assert torch.equal(near.view(97, 36) & red & (inputs.asked == 0), inputs.planted)


def test_edges_join_real_nodes_of_one_graph_both_ways() -> None:
    layout = drawn(tasks.graph).layout
    assert layout.edges is not None
    source, query = layout.edges
    assert torch.equal(source // 36, query // 36)
    assert bool(layout.mask.flatten()[layout.edges].all())
    assert set(zip(source.tolist(), query.tolist(), strict=True)) == set(
        zip(query.tolist(), source.tolist(), strict=True)
    )
