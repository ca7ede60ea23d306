"""A pipeline: rows in any form, answers in their order, streams in flat memory, and saved copies that answer alike."""

import itertools
import tracemalloc

import numpy as np
import pandas as pd
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from salience.core.errors import ConfigError, DataError, NotAvailable
from salience.data.modalities import Text
from salience.pipeline import WINDOW, Pipeline

WORDS = ["good", "bad", "film", "plot", "the", "a", "and", "dull", "fine", "."]


def learned(inputs=("text",), task="Classification", **model) -> Pipeline:
    rows = [dict.fromkeys(inputs, " ".join(WORDS)), dict.fromkeys(inputs, " ".join(WORDS[::-1]))]
    targets = [1.5, 2.5] if task == "Regression" else ["yes", "no"]
    choices = {name: {"Text": {"min_count": 1}} for name in inputs}
    return Pipeline(choices, task, model={"width": 8, **model}).learn(rows, targets, seed=5)


@pytest.fixture(scope="module")
def pipeline():
    return learned()


class Joined(Text):
    """Two columns of a row, read as one text."""

    reads = ("title", "body")

    def fit(self, cells):
        return super().fit([" ".join(cell.values()) for cell in cells])

    def encode(self, cell):
        if not all(isinstance(each, str) for each in cell.values()):
            raise DataError("expected texts", where="body")
        return super().encode(" ".join(cell.values()))


@pytest.fixture(scope="module")
def joined():
    choices = {"both": "tests.test_pipeline:Joined", "title": {"Text": {"min_count": 1}}}
    rows = [{"title": "good film", "body": "good plot"}, {"title": "bad film", "body": "bad plot"}]
    return Pipeline(choices, "Classification", model={"width": 8}).learn(rows, ["yes", "no"], seed=5)


@pytest.fixture(scope="module")
def two():
    return learned(("title", "body"))


def texts(count: int, seed: int = 3) -> list[str]:
    """Texts of 1 to 31 words; no two of neighbouring rows have equal length."""
    chance = np.random.default_rng(seed)
    return [" ".join(chance.choice(WORDS, size=1 + (7 * i) % 31)) for i in range(count)]


class TestRows:
    def test_bare_cells_mappings_and_tables_are_the_same_rows(self, pipeline):
        expected = [{"text": "good film"}, {"text": "bad plot"}]
        for rows in (
            ["good film", "bad plot"],
            ("good film", "bad plot"),
            (each for each in ["good film", "bad plot"]),
            pd.Series(["good film", "bad plot"], index=[7, 7]),
            np.array(["good film", "bad plot"]),
            expected,
            pd.DataFrame(expected, index=["x", "y"]),
        ):
            assert pipeline.as_rows(rows) == expected

    def test_columns_that_are_not_read_are_left_alone(self, pipeline):
        assert pipeline.as_rows([{"text": "a", "stars": 3}]) == [{"text": "a", "stars": 3}]

    @pytest.mark.parametrize("row", ["good film", b"good film", {"text": "good film"}, None, 3])
    def test_a_single_row_is_not_taken_for_many(self, pipeline, row):
        with pytest.raises(NotAvailable, match="got a single") as caught:
            pipeline.predict(row)
        assert "predict([row])" in str(caught.value)

    def test_a_missing_column_names_its_row_and_the_nearest_column(self, pipeline):
        with pytest.raises(DataError, match="the column 'text' is missing") as caught:
            pipeline.predict([{"text": "a"}, {"txet": "b"}])
        assert caught.value.where == "row 2"
        assert "did you mean 'txet'" in caught.value.fix

    def test_a_bare_cell_cannot_stand_for_two_columns(self, two):
        with pytest.raises(DataError, match="expected a mapping with the columns title, body, got str") as caught:
            two.predict([{"title": "a", "body": "b"}, "c"])
        assert caught.value.where == "row 2"

    def test_one_input_may_read_several_columns_of_a_row(self, joined):
        assert (joined.inputs, joined.columns) == (["both", "title"], ["title", "body"])
        row = {"title": "good plot", "body": "bad film", "other": 3}
        example = joined.encode_row(row, name="1")
        assert {name: len(each) for name, each in example.items()} == {"both": 4, "title": 2}
        assert len(joined.predict([row, {**row, "body": "good"}])) == 2

    def test_an_input_of_several_columns_says_which_one_is_missing_or_wrong(self, joined):
        with pytest.raises(DataError, match="the column 'body' is missing"):
            joined.predict([{"title": "good"}])
        with pytest.raises(DataError, match="expected texts") as caught:
            joined.predict([{"title": "good", "body": "a"}, {"title": "good", "body": 3}])
        assert caught.value.where == "the input, row 2, column 'body'"

    def test_two_columns_of_one_name_are_refused_because_one_would_be_lost(self, pipeline):
        table = pd.DataFrame([["good", "bad"]], columns=["text", "text"])
        with pytest.raises(DataError, match="several columns are named 'text'"):
            pipeline.predict(table)

    @pytest.mark.parametrize("cell", [3, 2.5, ["a"], {"a": 1}, b"good", True])
    def test_a_cell_that_is_no_text_is_located(self, two, cell):
        with pytest.raises(DataError, match="expected text, got") as caught:
            two.predict([{"title": "a", "body": "b"}, {"title": "a", "body": cell}])
        assert caught.value.where == "the input, row 2, column 'body'"

    @pytest.mark.parametrize("cell", [None, float("nan"), pd.NA, "", "  \n"])
    def test_a_missing_cell_is_answered_all_the_same(self, pipeline, cell):
        assert pipeline.predict([cell])[0].prediction in ("yes", "no")

    def test_no_row_has_no_answer(self, pipeline):
        assert pipeline.predict([]) == []
        assert pipeline.predict(pd.DataFrame({"text": []})) == []


class TestChoices:
    def test_no_input_is_an_error(self):
        with pytest.raises(ConfigError, match="at least one input column"):
            Pipeline({}, "Classification")

    @pytest.mark.parametrize(
        ("inputs", "task", "model", "message"),
        [
            ({"text": "Image"}, "Classification", {}, "there is no 'Image' in salience.data.modalities"),
            ({"text": {"Text": {"token": "Word"}}}, "Classification", {}, "did you mean 'tokens'"),
            ({"text": {"Text": {"max_tokens": "many"}}}, "Classification", {}, "must be a whole number, got 'many'"),
            ({"text": 3}, "Classification", {}, "expected a name"),
            ({"text": "Text"}, "Sorting", {}, "there is no 'Sorting' in salience.tasks"),
            ({"text": "Text"}, {"Classification": {"balance": True}}, {}, "did you mean 'balanced'"),
            ({"text": "Text"}, "Classification", {"widht": 8}, "did you mean 'width'"),
            ({"text": "Text"}, "Classification", {"width": 8.5}, "'width' of model must be a whole number"),
        ],
    )
    def test_a_wrong_choice_is_refused_before_anything_is_learned(self, inputs, task, model, message):
        with pytest.raises(ConfigError, match=message):
            Pipeline(inputs, task, model=model)


class TestAnswers:
    def test_raw_numbers_stand_in_the_order_of_the_rows(self, pipeline):
        rows = texts(53)
        together = pipeline.raw(pipeline.encode(rows), size=7)
        alone = torch.cat([pipeline.raw(pipeline.encode([row])) for row in rows])
        assert together.shape == (53, 2)
        torch.testing.assert_close(together, alone)
        assert len(set(together[:, 0].tolist())) > 40, "rows that all look alike could not show a wrong order"

    @given(lengths=st.lists(st.integers(0, 40), min_size=1, max_size=50), size=st.integers(1, 13))
    def test_batches_hold_every_row_once_and_the_longest_first(self, lengths, size):
        pipeline = BORROWED
        examples = pipeline.encode([" ".join(["film"] * length) for length in lengths])
        seen, widths = [], []
        for index, batch in pipeline.batches(examples, size):
            assert len(index) <= size
            assert batch.streams["text"].layout.lengths.tolist() == [len(examples[i]["text"]) for i in index]
            seen += index
            widths.append(batch.streams["text"].layout.size)
        assert sorted(seen) == list(range(len(lengths)))
        assert widths == sorted(widths, reverse=True)

    def test_answering_leaves_the_training_mode_as_it_was(self, pipeline):
        pipeline.model.train()
        first = pipeline.raw(pipeline.encode(texts(5)))
        assert pipeline.model.training
        assert torch.equal(first, pipeline.raw(pipeline.encode(texts(5)))), "dropout was on"

    def test_equal_seeds_make_equal_models_and_leave_the_generator_alone(self):
        torch.manual_seed(1)
        before = torch.random.get_rng_state()
        one, other = learned(), learned()
        assert torch.equal(before, torch.random.get_rng_state())
        assert all(torch.equal(a, b) for a, b in zip(one.model.parameters(), other.model.parameters(), strict=True))


BORROWED = learned()


class TestStream:
    def test_a_stream_gives_the_answers_of_predict(self, pipeline):
        rows = texts(WINDOW + 11)
        assert list(pipeline.stream(iter(rows))) == pipeline.predict(rows)

    def test_the_input_is_read_one_window_at_a_time(self, pipeline):
        taken = itertools.count()
        answers = pipeline.stream(f"film {next(taken)}" for _ in range(5 * WINDOW))
        assert next(taken) == 0
        next(answers)
        assert next(taken) <= WINDOW + 2

    def test_a_bad_row_far_down_is_named_by_its_number(self, pipeline):
        answers = pipeline.stream(3 if i == WINDOW + 6 else "film" for i in range(WINDOW + 20))
        with pytest.raises(DataError) as caught:
            list(answers)
        assert caught.value.where == f"the input, row {WINDOW + 7}, column 'text'"

    def test_memory_does_not_grow_with_the_rows(self, pipeline, monkeypatch):
        monkeypatch.setattr("salience.pipeline.WINDOW", 101)

        def peak(windows: int) -> int:
            tracemalloc.start()
            for _ in pipeline.stream(f"good film {i} " + "x" * 5000 for i in range(windows * 101)):
                pass
            _, most = tracemalloc.get_traced_memory()
            tracemalloc.stop()
            return most

        # Two windows are held for a moment: the one that was answered and the one that comes in.
        assert peak(8) < 1.2 * peak(2)


class TestUnits:
    def test_weights_are_conserved_when_positions_become_units(self, two):
        (row,) = two.encode([{"title": "good film", "body": "the plot. dull"}])
        weights = {name: np.arange(1.0, 1 + len(example)) for name, example in row.items()}
        assert two.merge(row["title"], weights["title"]).tolist() == [1.0, 2.0]
        assert two.merge(row["body"], weights["body"]).tolist() == [1.0, 2.0, 3.0, 4.0]

    def test_a_cell_without_a_word_has_no_unit(self, pipeline):
        (row,) = pipeline.encode([""])
        assert pipeline.merge(row["text"], np.ones(len(row["text"]))).tolist() == []

    def test_without_leaves_out_units_of_the_named_column_only(self, two):
        (row,) = two.encode([{"title": "good film", "body": "the plot"}])
        left = two.without(row, {"body": [0]})
        assert left["title"] is row["title"]
        assert [unit.text for unit in two.modalities["body"].units(left["body"], "body")] == ["plot"]


@pytest.mark.parametrize(
    ("inputs", "task", "model"),
    [
        (("text",), "Classification", {}),
        (("title", "body"), "Regression", {"encoder": {"Transformer": {"layers": 1}}, "pool": "MultiHead"}),
        (("title", "body"), "Regression", {"attention": {"MultiHead": {"heads": 2}}, "pool": "Mean"}),
    ],
)
def test_a_loaded_pipeline_answers_alike_to_the_last_bit(tmp_path, inputs, task, model):
    pipeline = learned(inputs, task, **model)
    rows = [dict.fromkeys(inputs, text) for text in texts(37)]
    loaded = Pipeline.load(pipeline.save(tmp_path / "deep" / "model"))
    assert torch.equal(loaded.raw(loaded.encode(rows)), pipeline.raw(pipeline.encode(rows)))
    assert loaded.predict(rows) == pipeline.predict(rows)
    assert loaded.columns == list(inputs)
    assert not loaded.model.training


@pytest.mark.parametrize(
    "model",
    [
        {"width": 0},
        {"width": -3},
        {"width": 10**12},
        {"width": 10**30},
        {"dropout": 7.0},
        {"attention": {"MultiHead": {"heads": 3}}},
        {"encoder": {"Convolution": {"kernels": []}}},
        {"pool": {"MultiHead": {"heads": 0}}},
        {"pool": {"Additive": {"hidden": -1}}},
    ],
)
def test_a_size_that_no_model_can_have_is_an_error_of_the_settings(model):
    with pytest.raises(ConfigError) as caught:
        learned(**model)
    assert len(str(caught.value)) < 400
    assert len(str(caught.value).splitlines()) <= 3


def test_more_pairs_of_words_than_memory_are_an_error_of_the_settings():
    pipeline = Pipeline({"text": {"Text": {"min_count": 1, "pairs": 10**13}}}, "Classification")
    with pytest.raises(ConfigError, match="no model can be made with these options"):
        pipeline.learn([{"text": "good"}, {"text": "bad"}], ["yes", "no"])
