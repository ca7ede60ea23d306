"""What every kind of data must keep: units lead back, padding changes nothing, the state is all there is."""

import json
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from salience.core.batch import Example
from salience.core.errors import DataError, NotAvailable
from salience.core.place import Column, Span
from salience.data import modalities as room
from salience.data.modality import Modality
from tests.data.modalities.cases import CASES, Case

WIDTH = 11


@pytest.fixture(scope="module", params=CASES.values(), ids=CASES)
def case(request: pytest.FixtureRequest) -> Case:
    return request.param


@pytest.fixture(scope="module")
def modality(case: Case) -> Modality:
    return fitted(case)


def fitted(case: Case) -> Modality:
    return case.make().fit(case.training)


def parts(example: Example) -> tuple[list[Any], ...]:
    groups = None if example.groups is None else example.groups.tolist()
    return (*(part.tolist() for part in (example.values, example.places, example.owner)), groups)


def assert_well_formed(example: Example) -> None:
    positions, units = len(example.values), len(example.places)
    assert positions >= 1
    assert len(example.owner) == positions
    assert sorted(set(example.owner.tolist()) - {-1}) == list(range(units))
    if example.groups is None:
        return
    assert len(example.groups) == positions
    assert example.groups[0] == 0
    assert set(np.diff(example.groups).tolist()) <= {0, 1}


#: Kinds whose cells are views of something larger; their own files test what the contract asks.
VIEWS = {"Graph", "Series"}


def test_every_kind_has_a_row() -> None:
    assert {type(case.make()).__name__ for case in CASES.values()} | VIEWS == set(room.__all__)


def test_every_position_belongs_to_a_unit_or_to_none_and_to_a_group(case: Case, modality: Modality) -> None:
    for cell in (*case.cells, *case.missing):
        assert_well_formed(modality.encode(cell))


def test_units_are_what_stands_in_the_cell(case: Case, modality: Modality) -> None:
    for cell in case.cells:
        example = modality.encode(cell)
        units = modality.units(example, "review")
        assert len(units) == len(example.places) >= 1
        for unit in units:
            if isinstance(unit.place, Span):
                assert unit.column == "review"
                assert unit.text == str(example.cell)[unit.place.start : unit.place.stop] != ""
            if isinstance(unit.place, Column):
                assert unit.column == unit.place.name
                assert unit.text == str(example.cell[unit.column] or "")


def test_a_missing_cell_has_no_units_and_can_still_be_read(case: Case, modality: Modality) -> None:
    for cell in case.missing:
        example = modality.encode(cell)
        assert modality.units(example, "review") == []
        assert (example.owner == -1).all()
        assert modality.stem(WIDTH)(modality.collate([example])).isfinite().all()


def test_another_type_of_cell_is_an_error(case: Case, modality: Modality) -> None:
    for cell in case.wrong:
        with pytest.raises(DataError, match=f"expected {case.expected}, got {type(cell).__name__}"):
            modality.encode(cell)
        with pytest.raises(DataError, match=rf"(?s)expected {case.expected}, .*cell 1 of"):
            case.make().fit([case.cells[0], cell])


def test_padding_is_on_the_right_and_marked(case: Case, modality: Modality) -> None:
    examples = [modality.encode(cell) for cell in (*case.cells, *case.missing)]
    stream = modality.collate(examples)
    assert stream.layout.size == stream.values.shape[1] == max(map(len, examples))
    for row, example in enumerate(examples):
        length = len(example)
        assert stream.layout.lengths[row] == length == stream.layout.mask[row].sum()
        np.testing.assert_array_equal(stream.values[row, :length], example.values)
        assert (stream.layout.groups is None) == (example.groups is None)
        if stream.layout.groups is not None:
            np.testing.assert_array_equal(stream.layout.groups[row, :length], example.groups)
            assert (stream.layout.groups[row, length:] == -1).all()


def test_padding_changes_nothing(case: Case, modality: Modality) -> None:
    stem = randomised(modality.stem(WIDTH))
    examples = [modality.encode(cell) for cell in case.cells]
    together = stem(modality.collate(examples))
    for row, example in enumerate(examples):
        alone = stem(modality.collate([example]))
        torch.testing.assert_close(together[row, : len(example)], alone[0], rtol=0, atol=0)


def test_the_stem_gives_the_width_asked_for_and_learns_everywhere(case: Case, modality: Modality) -> None:
    stem = modality.stem(WIDTH)
    stream = modality.collate([modality.encode(cell) for cell in case.cells])
    made = stem(stream)
    assert made.shape == (*stream.values.shape[:2], WIDTH)
    made.square().sum().backward()
    for parameter in stem.parameters():
        assert parameter.grad is not None
        assert parameter.grad.isfinite().all()


def test_without_nothing_is_the_same(case: Case, modality: Modality) -> None:
    for cell in (*case.cells, *case.missing):
        example = modality.encode(cell)
        assert parts(modality.without(example, [])) == parts(example)


def test_without_everything_is_as_a_missing_cell(case: Case, modality: Modality) -> None:
    nothing = modality.encode(None)
    for cell in case.cells:
        example = modality.encode(cell)
        assert parts(modality.without(example, range(len(example.places)))) == parts(nothing)


@settings(deadline=None, max_examples=25)
@given(data=st.data())
def test_without_some_leaves_the_others_as_they_were(case: Case, modality: Modality, data: st.DataObject) -> None:
    example = modality.encode(data.draw(st.sampled_from(case.cells)))
    units = modality.units(example, "review")
    removed = data.draw(st.sets(st.integers(0, len(units) - 1), max_size=len(units) - 1))
    left = modality.without(example, removed)
    assert_well_formed(left)
    assert modality.units(left, "review") == [unit for n, unit in enumerate(units) if n not in removed]
    stays = [n for n, owner in enumerate(example.owner) if owner not in removed]
    assert left.values.tolist() == example.values[stays].tolist()
    assert left.places[left.owner].tolist() == example.places[example.owner[stays]].tolist()
    # Two positions share a group if and only if they did before.
    if example.groups is None or left.groups is None:
        assert left.groups is example.groups
        return
    before = example.groups[stays]
    assert ((left.groups[:, None] == left.groups) == (before[:, None] == before)).all()


@settings(deadline=None, max_examples=25)
@given(data=st.data())
def test_without_twice_is_without_both(case: Case, modality: Modality, data: st.DataObject) -> None:
    example = modality.encode(data.draw(st.sampled_from(case.cells)))
    count = len(example.places)
    order = data.draw(st.permutations(range(count)))
    first, second = order[: count // 3], order[count // 3 : count // 2]
    left = [n for n in range(count) if n not in first]
    twice = modality.without(modality.without(example, first), [left.index(n) for n in second])
    assert parts(twice) == parts(modality.without(example, [*first, *second]))


def test_a_unit_that_is_not_there_cannot_be_removed(case: Case, modality: Modality) -> None:
    example = modality.encode(case.cells[0])
    for wrong in (-1, len(example.places)):
        with pytest.raises(DataError, match=f"expected units from 0 to {len(example.places) - 1}, got {wrong}"):
            modality.without(example, [wrong])


def test_blanking_leaves_everything_where_it_was(case: Case, modality: Modality) -> None:
    if not hasattr(modality, "blank"):
        return
    nothing = modality.encode(None).values[modality.encode(None).owner == -1]
    for cell in case.cells:
        example = modality.encode(cell)
        assert parts(modality.blank(example, [])) == parts(example)
        hidden = modality.blank(example, [0])
        assert parts(hidden)[1:] == parts(example)[1:]
        if example.values.ndim == 1:
            assert set(hidden.values[example.owner == 0].tolist()) <= set(nothing.tolist())
        assert hidden.values[example.owner != 0].tolist() == example.values[example.owner != 0].tolist()
        assert hidden.values.dtype == example.values.dtype


def test_the_state_is_all_there_is(case: Case, modality: Modality) -> None:
    again = case.make().restore(json.loads(json.dumps(modality.state())))
    for cell in (*case.cells, *case.missing):
        assert parts(again.encode(cell)) == parts(modality.encode(cell))
    assert again.state() == modality.state()
    stem, other = modality.stem(WIDTH), again.stem(WIDTH)
    other.load_state_dict(stem.state_dict())
    stream = modality.collate([modality.encode(cell) for cell in case.cells])
    torch.testing.assert_close(other(stream), stem(stream), rtol=0, atol=0)


def test_fitting_twice_gives_the_same(case: Case) -> None:
    first, second = fitted(case), fitted(case)
    assert first.state() == second.state()
    assert second.fit(case.training).state() == first.state()


def test_reading_changes_no_state(case: Case, modality: Modality) -> None:
    before = json.dumps(modality.state())
    for cell in case.cells:
        example = modality.encode(cell)
        kept = parts(example)
        modality.without(example, [0])
        modality.collate([example])
        assert parts(example) == kept
    assert json.dumps(modality.state()) == before


def test_reading_before_fitting_is_an_error(case: Case) -> None:
    with pytest.raises(NotAvailable, match="has not been fitted"):
        case.make().encode(case.cells[0])
    with pytest.raises(NotAvailable, match="has not been fitted"):
        case.make().state()


def randomised(stem: torch.nn.Module) -> torch.nn.Module:
    """Every parameter random, padding included, so that nothing is right only because it starts at zero."""
    with torch.no_grad():
        for parameter in stem.parameters():
            parameter.normal_()
    return stem
