"""`salience evaluate` and `salience report`: a finished run measured and drawn again."""

import json
import shutil

import pytest

from salience.cli import evaluate
from salience.evaluation.plausibility import measure_plausibility
from salience.run.folder import RunFolder


@pytest.fixture
def copy(run, tmp_path):
    """The run, to be damaged."""
    return shutil.copytree(run, tmp_path / "run")


class TestEvaluate:
    def test_without_a_file_the_run_tells_what_it_measured(self, say, run):
        said = say("evaluate", run)
        metrics = json.loads((run / "metrics.json").read_text(encoding="utf-8"))
        assert said.out.splitlines()[0] == f"accuracy           {_written(metrics['test']['accuracy'])}"
        assert "majority class" in said.out
        assert json.loads(say("evaluate", run, "--json").out)["scores"] == metrics["test"]

    def test_other_rows_are_measured(self, say, run, table, tmp_path):
        said = say("evaluate", run, table, "--rows", "0", "--json", "--out", tmp_path / "m.json")
        told = json.loads(said.out)
        assert told["rows"] == 97
        assert told["faithfulness"] is None
        assert told == json.loads((tmp_path / "m.json").read_text(encoding="utf-8"))

    def test_rows_that_the_run_learned_from_are_told(self, say, run, table, tmp_path, caplog):
        say("evaluate", run, table, "--rows", "0")
        assert "the run was made from these very rows, and learned from most of them" in caplog.text
        caplog.clear()
        (tmp_path / "new.csv").write_text(table.read_text(encoding="utf-8") + "\n", encoding="utf-8")
        say("evaluate", run, tmp_path / "new.csv", "--rows", "0")
        assert "very rows" not in caplog.text

    def test_faithfulness_is_measured_on_some_rows(self, say, run, table):
        said = say("evaluate", run, table, "--rows", "5")
        assert said.code == 0
        assert "too few to judge" in said.out

    def test_quiet_says_nothing(self, say, run, table):
        assert say("evaluate", run, table, "--rows", "0", "--quiet").out == ""

    def test_rows_without_the_target_are_refused(self, say, run, tmp_path):
        (tmp_path / "a.csv").write_text("text\ngood\nbad\n", encoding="utf-8")
        assert "there is no column 'label'" in say("evaluate", run, tmp_path / "a.csv").problem

    def test_a_class_that_training_did_not_know_is_named(self, say, run, tmp_path):
        rows = ["positive", "negative", "positive", "negative", "mixed", "mixed"]
        (tmp_path / "a.csv").write_text("text,label\n" + "".join(f"film {i},{row}\n" for i, row in enumerate(rows)))
        assert "'mixed' does not occur in the training rows" in say("evaluate", run, tmp_path / "a.csv").problem

    @pytest.mark.parametrize(
        ("name", "content"),
        [
            ("metrics.json", "{"),
            ("metrics.json", "[]"),
            ("metrics.json", '{"test": {}}'),
            ("metrics.json", '{"test": {"accuracy": 3}, "baselines": {}}'),
            ("metrics.json", '{"test": {"accuracy": {"value": "x", "low": 1, "high": 2}}, "baselines": {}}'),
            ("metrics.json", "[" * 100_000),
            ("faithfulness.json", "\ud800"),
            ("faithfulness.json", '{"a": 1}'),
        ],
    )
    def test_a_damaged_file_is_told(self, say, copy, name, content):
        (copy / name).write_text(content, encoding="utf-8", errors="surrogatepass")
        assert name in say("evaluate", copy).problem


class TestReport:
    def test_the_page_is_drawn_again_from_what_was_measured(self, say, copy):
        page = (copy / "report.html").read_bytes()
        (copy / "report.html").unlink()
        assert say("report", copy).out == f"{copy / 'report.html'}\n"
        assert (copy / "report.html").read_bytes() == page

    def test_the_page_can_be_written_elsewhere(self, say, run, tmp_path):
        out = tmp_path / "page.html"
        assert json.loads(say("report", run, "--out", out, "--json").out) == {"report": str(out)}
        assert out.read_bytes() == (run / "report.html").read_bytes()
        assert list(tmp_path.iterdir()) == [out]

    @pytest.mark.parametrize(
        "content", ["", "{", "[]", "{}", "null", '{"title": 3}', "[" * 100_000, '{"title": "x", "extra": 1}']
    )
    def test_a_damaged_content_is_told(self, say, copy, content):
        (copy / "report.json").write_text(content, encoding="utf-8")
        assert say("report", copy).problem

    def test_a_row_id_cannot_lead_out_of_the_folder(self, say, copy, tmp_path):
        path = copy / "report.json"
        content = json.loads(path.read_text(encoding="utf-8"))
        for number, example in enumerate(content["examples"]):
            example["row_id"] = f"../../../escaped{number}"
        path.write_text(json.dumps(content), encoding="utf-8")
        assert say("report", copy).code == 0
        assert list(tmp_path.iterdir()) == [copy]


@pytest.mark.parametrize("verb", ["predict", "explain", "evaluate", "report"])
@pytest.mark.parametrize(
    ("content", "message"),
    [
        (None, "expected the folder of a run"),
        ("", "expected the folder of a run"),
        ("[]", "expected an object in run.json, got list"),
        ("{}", "no known state, got None"),
        ('{"state": "done"}', "no known state, got 'done'"),
        ('{"state": ["complete"]}', "no known state"),
        ('{"state": "failed", "reason": "out\\nof\\nmemory"}', "it is failed (out of memory)"),
        ('{"state": "running"}', "go on with it: salience fit --resume"),
        ('{"a":' * 50_000, "expected the folder of a run"),
    ],
)
def test_a_run_that_is_not_whole_is_refused(say, copy, table, verb, content, message):
    path = copy / "run.json"
    path.unlink() if content is None else path.write_text(content, encoding="utf-8")
    words = [table] if verb in ("predict", "explain") else []
    assert message in say(verb, copy, *words).problem


def test_the_state_of_the_run_is_complete(run):
    assert RunFolder.open(run).state == "complete"


def _written(score) -> str:
    return f"{score['value']:.4f}  [{score['low']:.4f}, {score['high']:.4f}]"


class TestRequireTrust:
    def test_enough_skill_ends_well_and_too_little_with_one(self, say, copy):
        folder = RunFolder(copy)
        proof = folder.read_json("faithfulness.json")
        proof["skill"] = {"value": 0.6, "low": 0.4, "high": 0.8}
        folder.write_json("faithfulness.json", proof)
        assert say("evaluate", copy, "--require-trust", "0.4").code == 0
        said = say("evaluate", copy, "--require-trust", "0.5", "--quiet")
        assert said.code == 1
        assert said.err == "the skill of the attention is only sure to be at least 0.40; 0.50 is required\n"

    def test_what_was_not_measured_is_not_trusted(self, say, run, table):
        said = say("evaluate", run, table, "--rows", "0", "--require-trust", "0.1", "--json")
        assert said.code == 1
        assert said.err == "the skill of the attention was not measured; 0.10 is required\n"
        assert json.loads(said.out)["rows"] == 97

    def test_a_skill_that_is_undefined_is_not_trusted(self, say, copy):
        folder = RunFolder(copy)
        proof = folder.read_json("faithfulness.json")
        proof["skill"] = {"value": None, "low": None, "high": None, "reason": "no"}
        folder.write_json("faithfulness.json", proof)
        assert say("evaluate", copy, "--require-trust", "0").code == 1


def test_agreement_with_people_is_printed_beside_chance():
    rows = [[0.1, 0.7, 0.2]] * 3
    found = measure_plausibility(rows, [[False, True, False], None, [False, True, True]], draws=10)
    told = {"scores": {}, "faithfulness": None, "plausibility": {"text": found.to_dict()}}
    lines = evaluate._lines(told)
    assert lines[0] == "agreement with people in 'text'"
    assert lines[1].split()[:3] == ["average", "precision", "1.0000"]
    assert lines[2].startswith("of random units")
    assert lines[3].split()[:3] == ["token", "F1", "1.0000"]
