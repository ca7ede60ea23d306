"""`salience predict` and `salience explain`: every row is answered, or named."""

import io
import json
import math

import pandas as pd
import pytest

import salience


def answers(text: str) -> pd.DataFrame:
    return pd.read_csv(io.StringIO(text), dtype={"row": str})


@pytest.fixture(scope="module")
def expected(run, table):
    return salience.load(run).predict(pd.read_csv(table))


class TestPredict:
    def test_every_row_is_answered_in_its_order(self, say, run, table, expected):
        said = say("predict", run, table)
        assert (said.code, said.err) == (0, "")
        frame = answers(said.out)
        assert frame["row"].tolist() == [str(i) for i in range(1, 98)]
        assert frame["prediction"].tolist() == expected.prediction
        assert frame["probability"].tolist() == pytest.approx(expected.probability)
        sums = frame["probability of negative"] + frame["probability of positive"]
        assert sums.tolist() == pytest.approx([1] * 97)

    def test_with_json_there_is_one_object_per_row(self, say, run, table, expected):
        rows = [json.loads(line) for line in say("predict", run, table, "--json").out.splitlines()]
        assert [row["prediction"] for row in rows] == expected.prediction
        assert rows[4]["row"] == "5"

    def test_a_file_gets_the_same_lines(self, say, run, table, tmp_path):
        said = say("predict", run, table, "--out", tmp_path / "a.csv")
        assert said.out == f"97 rows: {tmp_path / 'a.csv'}\n"
        assert (tmp_path / "a.csv").read_text(encoding="utf-8") == say("predict", run, table).out
        assert say("predict", run, table, "--out", tmp_path / "b.csv", "--quiet").out == ""
        told = json.loads(say("predict", run, table, "--out", tmp_path / "c.csv", "--json").out)
        assert told == {"rows": 97, "left_out": 0, "out": str(tmp_path / "c.csv")}
        assert {each.name for each in tmp_path.iterdir()} == {"a.csv", "b.csv", "c.csv"}

    def test_an_error_half_way_leaves_the_old_file_alone(self, say, run, tmp_path):
        lines = ["text", *(["fine film"] * 1500), "too,many,cells"]
        (tmp_path / "new.csv").write_text("\n".join(lines), encoding="utf-8")
        (tmp_path / "out.csv").write_text("old", encoding="utf-8")
        problem = say("predict", run, tmp_path / "new.csv", "--out", tmp_path / "out.csv").problem
        assert "new.csv, row 1501" in problem
        assert (tmp_path / "out.csv").read_text(encoding="utf-8") == "old"
        assert {each.name for each in tmp_path.iterdir()} == {"new.csv", "out.csv"}

    def test_rows_that_cannot_be_read_are_left_out_and_named(self, say, run, tmp_path):
        lines = [
            '{"text": "good"}',
            "{broken",
            '{"text": 3}',
            "",
            '{"text": null}',
            '{"text": ["a"]}',
            '{"text": "bad"}',
        ]
        (tmp_path / "new.jsonl").write_text("\n".join(lines), encoding="utf-8")
        said = say("predict", run, tmp_path / "new.jsonl", "--skip-bad-rows")
        assert said.code == 0
        assert answers(said.out)["row"].tolist() == ["1", "4", "6"]
        told = said.err.splitlines()
        assert told[0].startswith("left out row 2: the line is not JSON")
        assert told[1:] == [
            "left out row 3: expected text, got int (3)",
            "left out row 5: expected text, got list (['a'])",
        ]

    def test_without_that_the_first_one_is_an_error(self, say, run, tmp_path):
        (tmp_path / "new.jsonl").write_text('{"text": "good"}\n{"text": 3}\n', encoding="utf-8")
        problem = say("predict", run, tmp_path / "new.jsonl").problem
        assert "expected text, got int (3)" in problem
        assert "row 2, column 'text'" in problem

    def test_a_file_without_a_readable_row_is_an_error(self, say, run, tmp_path):
        (tmp_path / "new.jsonl").write_text("{\n[\n", encoding="utf-8")
        assert (
            "none of the 2 rows can be read" in say("predict", run, tmp_path / "new.jsonl", "--skip-bad-rows").problem
        )

    def test_a_missing_column_names_the_nearest(self, say, run, tmp_path):
        (tmp_path / "new.csv").write_text("txet\ngood\n", encoding="utf-8")
        problem = say("predict", run, tmp_path / "new.csv").problem
        assert "there is no column 'text'" in problem
        assert "did you mean 'txet'" in problem

    def test_one_text(self, say, run):
        said = say("predict", run, "--text", "a superb film")
        assert said.out.split()[0] in ("positive", "negative")
        told = json.loads(say("predict", run, "--text", "a superb film", "--json").out)
        assert told["probability"] == max(told["probabilities"].values())
        assert math.isclose(sum(told["probabilities"].values()), 1, rel_tol=1e-6)

    @pytest.mark.parametrize("text", ["", " ", "\ud800 half", "好" * 100_000, "\x1b[2J"])
    def test_any_text_has_an_answer(self, say, run, text):
        assert say("predict", run, "--text", text).code == 0

    def test_a_file_and_a_text_exclude_each_other(self, say, run, table):
        assert "a file and --text were both given" in say("predict", run, table, "--text", "x").problem
        assert "nothing to answer" in say("predict", run).problem

    @pytest.mark.parametrize("out", [".", "missing/a.csv", "/dev/null"])
    def test_a_place_that_takes_no_file_is_told(self, say, run, table, out, tmp_path, monkeypatch):
        monkeypatch.chdir(tmp_path)
        assert "where: " in say("predict", run, table, "--out", out).problem
        assert list(tmp_path.iterdir()) == []


class TestExplain:
    def test_marked_text_is_printed(self, say, run, table):
        said = say("explain", run, table, "--rows", "2")
        assert said.out.count("strongest by received attention") == 2
        assert "row 1  predicted" in said.out
        assert "\x1b" not in said.out

    @pytest.mark.parametrize("ending", ["csv", "parquet"])
    def test_a_file_has_one_line_per_unit(self, say, run, table, tmp_path, ending):
        path = tmp_path / f"why.{ending}"
        assert say("explain", run, table, "--rows", "3", "--out", path).out == f"{path}\n"
        frame = pd.read_csv(path) if ending == "csv" else pd.read_parquet(path)
        texts = pd.read_csv(table)["text"]
        assert frame["row"].astype(str).unique().tolist() == ["1", "2", "3"]
        assert (frame["column"] == "text").all()
        for line in frame.itertuples():
            assert texts[int(line.row) - 1][line.start : line.stop] == line.text
        assert frame.groupby("row")["score"].sum().tolist() == pytest.approx([1] * 3)
        assert list(tmp_path.iterdir()) == [path]

    def test_another_ending_is_refused(self, say, run, table, tmp_path):
        assert "saved as .parquet or .csv" in say("explain", run, table, "--out", tmp_path / "a.xlsx").problem
        assert list(tmp_path.iterdir()) == []

    def test_no_limit_means_all_rows(self, say, run, table):
        lines = json.loads(say("explain", run, table, "--rows", "0", "--json").out)
        assert len({line["row"] for line in lines}) == 97

    @pytest.mark.parametrize("method", ["integrated_gradients", "gradient_x_input", "leave_one_out", "LeaveOneOut"])
    def test_other_methods_have_names(self, say, run, method):
        lines = json.loads(say("explain", run, "--text", "a superb film", "--method", method, "--json").out)
        assert [line["text"] for line in lines] == ["a", "superb", "film"]
        assert {line["method"] for line in lines} == {"leave_one_out" if method == "LeaveOneOut" else method}

    @pytest.mark.parametrize("method", ["recieved", "Importance", "completeness_gap", "os:system", ""])
    def test_a_method_that_does_not_exist_is_refused(self, say, run, method):
        assert "to do: " in say("explain", run, "--text", "x", "--method", method).problem

    def test_a_text_without_a_word_has_nothing_to_mark(self, say, run):
        assert say("explain", run, "--text", " ").code == 0

    def test_what_a_text_commands_is_not_done(self, say, run):
        said = say("explain", run, "--text", "good \x1b[31mred\x1b[0m \x9b2J film\u202e backwards")
        assert said.code == 0
        assert not set(said.out) & {"\x1b", "\x9b"}
