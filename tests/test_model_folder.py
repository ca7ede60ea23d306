"""A saved pipeline: whole or not at all, and nothing in it is believed or run."""

import hashlib
import json
import os
import sys

import pytest
import torch
from safetensors.torch import load_file, save_file

from salience import model_folder
from salience.core.errors import ModelFolderError, SalienceError
from salience.model_folder import DESCRIPTION, HASHES, WEIGHTS
from salience.pipeline import Pipeline

FILES = (DESCRIPTION, WEIGHTS, HASHES)


def make(width: int = 7) -> Pipeline:
    model = {"width": width, "encoder": "Identity"}
    return Pipeline({"text": {"Text": {"min_count": 1}}}, "Classification", model=model).learn(
        [{"text": "good film"}, {"text": "bad plot"}], ["yes", "no"]
    )


@pytest.fixture
def folder(tmp_path):
    return make().save(tmp_path / "model")


def describe(folder, change) -> None:
    """Change the description and make the hashes right again, as an attacker would."""
    path = folder / DESCRIPTION
    description = json.loads(path.read_text(encoding="utf-8"))
    description = change(description) or description
    write(folder, DESCRIPTION, json.dumps(description).encode())


def write(folder, name: str, content: bytes) -> None:
    (folder / name).write_bytes(content)
    hashes = json.loads((folder / HASHES).read_text(encoding="utf-8"))
    hashes[name] = hashlib.sha256(content).hexdigest()
    (folder / HASHES).write_text(json.dumps(hashes), encoding="utf-8")


def refused(folder, match: str) -> ModelFolderError:
    with pytest.raises(ModelFolderError, match=match) as caught:
        Pipeline.load(folder)
    assert caught.value.where
    assert caught.value.fix
    assert len(str(caught.value).splitlines()) == 3
    return caught.value


class TestSave:
    def test_a_folder_holds_three_files_and_nothing_is_left_beside_it(self, folder):
        assert sorted(path.name for path in folder.iterdir()) == sorted(FILES)
        assert [path.name for path in folder.parent.iterdir()] == ["model"]

    def test_a_saved_pipeline_is_replaced(self, folder):
        make(width=11).save(folder)
        assert Pipeline.load(folder).config["model"]["width"] == 11
        assert [path.name for path in folder.parent.iterdir()] == ["model"]

    @pytest.mark.parametrize("also_a_pipeline", [True, False])
    def test_a_folder_with_anything_else_in_it_is_left_alone(self, folder, also_a_pipeline):
        if not also_a_pipeline:
            for name in FILES:
                (folder / name).unlink()
        (folder / "thesis.txt").write_text("ten years of work", encoding="utf-8")
        before = sorted(path.name for path in folder.iterdir())
        with pytest.raises(ModelFolderError, match="something else than a saved pipeline"):
            make().save(folder)
        assert sorted(path.name for path in folder.iterdir()) == before
        assert [path.name for path in folder.parent.iterdir()] == ["model"]

    def test_a_file_in_the_place_of_the_folder_is_left_alone(self, tmp_path):
        (tmp_path / "model").write_text("x", encoding="utf-8")
        with pytest.raises(ModelFolderError, match="something else than a saved pipeline"):
            make().save(tmp_path / "model")
        assert (tmp_path / "model").read_text(encoding="utf-8") == "x"

    @pytest.mark.parametrize("value", [object(), float("nan"), "\ud800"])
    def test_what_json_cannot_hold_leaves_the_old_pipeline_in_place(self, folder, value):
        with pytest.raises(ModelFolderError, match="cannot be written as JSON"):
            model_folder.write(folder, {"inputs": value}, {})
        assert Pipeline.load(folder).columns == ["text"]
        assert [path.name for path in folder.parent.iterdir()] == ["model"]

    def test_a_full_disk_leaves_the_old_pipeline_in_place(self, folder, monkeypatch):
        def full(*given, **named):
            raise OSError(28, "No space left on device")

        monkeypatch.setattr("safetensors.torch.save_file", full)
        with pytest.raises(OSError, match="No space left"):
            make(width=11).save(folder)
        assert Pipeline.load(folder).config["model"]["width"] == 7
        assert [path.name for path in folder.parent.iterdir()] == ["model"]


class TestDamage:
    @pytest.mark.parametrize("name", FILES)
    def test_a_missing_file_is_named(self, folder, name):
        (folder / name).unlink()
        refused(folder, name)

    @pytest.mark.parametrize("name", FILES)
    def test_a_folder_in_the_place_of_a_file_is_no_file(self, folder, name):
        (folder / name).unlink()
        (folder / name).mkdir()
        refused(folder, f"{name}: not a file")

    @pytest.mark.parametrize("name", FILES)
    def test_a_pipe_in_the_place_of_a_file_is_not_waited_for(self, folder, name):
        (folder / name).unlink()
        os.mkfifo(folder / name)
        refused(folder, f"{name}: not a file")

    @pytest.mark.parametrize("name", [DESCRIPTION, WEIGHTS])
    def test_any_altered_byte_is_noticed(self, folder, name):
        content = (folder / name).read_bytes()
        for place in range(0, len(content), max(1, len(content) // 17)):
            altered = bytearray(content)
            altered[place] ^= 1
            (folder / name).write_bytes(altered)
            refused(folder, f"{name} is not the file that was saved")

    @pytest.mark.parametrize(("content", "match"), [(b"", "not valid JSON"), (b"\xff", "JSON"), (b"[]", "got list")])
    def test_altered_hashes_are_noticed(self, folder, content, match):
        (folder / HASHES).write_bytes(content)
        refused(folder, match)

    @pytest.mark.parametrize("size", [0, 4, 9, 60, 150])
    def test_weights_that_are_cut_off_are_told_even_with_right_hashes(self, folder, size):
        write(folder, WEIGHTS, (folder / WEIGHTS).read_bytes()[:size])
        refused(folder, "the weights cannot be read")

    def test_a_header_that_promises_terabytes_is_refused(self, folder):
        header = json.dumps({"a": {"dtype": "F32", "shape": [2**38], "data_offsets": [0, 2**40]}}).encode()
        write(folder, WEIGHTS, len(header).to_bytes(8, "little") + header)
        refused(folder, "the weights cannot be read")

    @pytest.mark.parametrize("text", ['{"a":' * 100_000, "[" * 100_000, '{"a": ' + "9" * 5000 + "}", '{"a": NaN}'])
    def test_a_json_bomb_is_refused(self, folder, text):
        write(folder, DESCRIPTION, text.encode())
        refused(folder, "not valid JSON")

    def test_no_folder_at_all_is_an_error(self, tmp_path):
        refused(tmp_path / "nowhere", "expected pipeline.json")


class TestWeights:
    @pytest.fixture
    def weights(self, folder):
        return load_file(folder / WEIGHTS)

    def save(self, folder, weights):
        save_file(weights, folder / WEIGHTS)
        write(folder, WEIGHTS, (folder / WEIGHTS).read_bytes())

    def test_weights_of_another_shape_are_named(self, folder, weights):
        self.save(folder, {**weights, "head.weight": torch.zeros(3, 7)})
        refused(folder, r"'head.weight' has shape \(3, 7\), expected \(2, 7\)")

    def test_missing_weights_are_named(self, folder, weights):
        weights.pop("head.bias")
        self.save(folder, weights)
        refused(folder, "the file lacks 'head.bias'")

    def test_foreign_weights_are_named(self, folder, weights):
        self.save(folder, {**weights, "tail": torch.zeros(3)})
        refused(folder, "the description does not know 'tail'")

    @pytest.mark.parametrize("value", [float("nan"), float("inf")])
    def test_weights_that_are_no_numbers_are_refused(self, folder, weights, value):
        weights["head.bias"][1] = value
        self.save(folder, weights)
        refused(folder, "'head.bias' hold values that are no finite numbers")


EVIL = "evil_of_a_stranger:Evil"
#: Every place of a description where a class can be named.
PLACES = {
    "modality": lambda d: d["inputs"].update(text=EVIL),
    "modality with options": lambda d: d["inputs"].update(text={EVIL: {}}),
    "tokens": lambda d: d["inputs"].update(text={"Text": {"tokens": EVIL}}),
    "task": lambda d: d.update(task=EVIL),
    "task with options": lambda d: d.update(task={EVIL: {"args": ["touch", "owned"]}}),
    "encoder": lambda d: d["model"].update(encoder=EVIL),
    "positions": lambda d: d["model"].update(encoder={"Transformer": {"layers": 1, "positions": EVIL}}),
    "words of documents": lambda d: d["model"].update(encoder={"Hierarchical": {"words": EVIL}}),
    "pool of documents": lambda d: d["model"].update(encoder={"Hierarchical": {"pool": {EVIL: {}}}}),
    "pool": lambda d: d["model"].update(pool={EVIL: {}}),
}


@pytest.fixture
def evil(tmp_path, monkeypatch):
    """A module that writes a file when it is imported; the place of that file."""
    owned = tmp_path / "owned"
    (tmp_path / "evil_of_a_stranger.py").write_text(f"open({str(owned)!r}, 'w').close()\nclass Evil: pass\n")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, "evil_of_a_stranger", raising=False)
    return owned


class TestStrangers:
    @pytest.mark.parametrize("place", PLACES)
    def test_no_class_of_a_stranger_is_imported(self, folder, evil, place):
        describe(folder, PLACES[place])
        error = refused(folder, "importing it runs its code")
        assert "allow_foreign" in error.fix
        assert not evil.exists()
        assert "evil_of_a_stranger" not in sys.modules

    @pytest.mark.parametrize(
        "name", ["evil_of_a_stranger:Evil:x", " evil_of_a_stranger:Evil", f"{EVIL}\n", "os:system"]
    )
    def test_no_spelling_gets_through(self, folder, evil, name):
        describe(folder, lambda d: d["model"].update(encoder=name))
        refused(folder, "importing it runs its code")
        assert not evil.exists()

    def test_whoever_trusts_it_can_say_so(self, folder, evil):
        describe(folder, PLACES["encoder"])
        with pytest.raises(ModelFolderError):
            Pipeline.load(folder, allow_foreign=True)
        assert evil.exists(), "the class was not imported"

    def test_a_label_with_a_colon_names_nothing(self, tmp_path):
        rows, targets = [{"a:b": "good film"}, {"a:b": "bad plot"}], ["x:Yes", "os:system"]
        choice = {"a:b": {"Text": {"min_count": 1}}}
        pipeline = Pipeline(choice, "Classification", model={"width": 8}).learn(rows, targets)
        assert Pipeline.load(pipeline.save(tmp_path / "model")).predict(rows) == pipeline.predict(rows)


@pytest.mark.parametrize(
    ("change", "match"),
    [
        (lambda d: d.update(format=2), "expected format 1, got 2"),
        (lambda d: d.pop("format") and None, "expected format 1, got None"),
        (lambda d: d.pop("inputs") and None, "KeyError: 'inputs'"),
        (lambda d: d.update(inputs={}), "at least one input column"),
        (lambda d: d.update(inputs=["text"]), "does not describe a pipeline|no model can be made"),
        (lambda d: d.update(inputs={"text": 3}), "expected a name"),
        (lambda d: d.update(inputs={"text": None}), "expected a name"),
        (lambda d: d.update(inputs={"text": "Sound"}), "there is no 'Sound'"),
        (lambda d: d.update(inputs={"text": {"Text": {"tokns": "Word"}}}), "did you mean 'tokens'|unknown options"),
        (lambda d: d.update(inputs={"text": {"Text": {"tokens": {"Word": {"lower": "no"}}}}}), "true or false"),
        (lambda d: d.update(task="Dancing"), "there is no 'Dancing'"),
        (lambda d: d.update(task=["Classification"]), "expected a name"),
        (lambda d: d.update(task=None), "expected a name"),
        (lambda d: d.update(model=[1]), "unknown options of model"),
        (lambda d: d.update(model={"depth": 3}), "unknown options"),
        (lambda d: d["model"].update(width=-1), "does not describe a pipeline|width|no model can be made"),
        (lambda d: d["model"].update(width=10**40), "does not describe a pipeline|width|no model can be made"),
        (lambda d: d["model"].update(encoder="Cat"), "there is no 'Cat'"),
        (lambda d: d["states"].pop("task") and None, "KeyError: 'task'"),
        (lambda d: d["states"]["inputs"].pop("text") and None, "KeyError: 'text'"),
        (lambda d: d["states"]["task"].update(labels=["one", "two", "three"]), "'head.bias' has shape"),
        (lambda d: d["states"]["inputs"]["text"].update(words="abc"), "list of distinct words"),
        (
            lambda d: d["states"]["inputs"]["text"].update(vectors=-5),
            "does not describe a pipeline|no model can be made",
        ),
        (lambda d: [d], "expected an object"),
    ],
)
def test_a_description_that_describes_nothing_is_explained(folder, change, match):
    describe(folder, change)
    error = refused(folder, match)
    assert isinstance(error, SalienceError)
