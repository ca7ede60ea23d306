import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from salience.core.errors import ModelFolderError
from salience.training import TrainOptions, fit
from salience.training.checkpoint import AtomicCheckpoints
from tests.training.train_once import make_pipeline, sides

SCRIPT = Path(__file__).with_name("train_once.py")


def run(folder, *words):
    return subprocess.run([sys.executable, SCRIPT, folder, *words], capture_output=True, text=True, check=True).stdout


def kill_after(folder, lines, delay, *words):
    """Start a run and kill it `delay` seconds after it has told of `lines` epochs; nothing in it can tidy up."""
    process = subprocess.Popen([sys.executable, SCRIPT, folder, *words], stdout=subprocess.PIPE, text=True)
    for _ in range(lines):
        process.stdout.readline()
    time.sleep(delay)
    process.send_signal(signal.SIGKILL)
    assert process.wait() == -signal.SIGKILL
    process.stdout.close()


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory):
    folder = tmp_path_factory.mktemp("undisturbed")
    run(folder)
    return load_file(folder / "model" / "model.safetensors")


def test_a_run_killed_in_the_middle_ends_with_the_weights_of_an_undisturbed_one(tmp_path, undisturbed):
    kill_after(tmp_path, 2, 0.05)
    kill_after(tmp_path, 1, 0.35, "--resume")
    told = run(tmp_path, "--resume").split()
    assert told[-2:] == ["done", "6"]
    assert len(told) < 2 + 6, "the resumed run began from the start"
    resumed = load_file(tmp_path / "model" / "model.safetensors")
    assert resumed.keys() == undisturbed.keys()
    for name, weights in undisturbed.items():
        assert torch.equal(resumed[name], weights), name


def test_a_run_killed_before_its_first_epoch_starts_again(tmp_path, undisturbed):
    kill_after(tmp_path, 0, 0.5)
    run(tmp_path, "--resume")
    resumed = load_file(tmp_path / "model" / "model.safetensors")
    assert all(torch.equal(resumed[name], weights) for name, weights in undisturbed.items())


def test_a_damaged_checkpoint_is_an_error_that_names_the_file(tmp_path):
    path = tmp_path / "last.ckpt"
    AtomicCheckpoints().save_checkpoint({"a": torch.arange(1000)}, path)
    path.write_bytes(path.read_bytes()[:700])
    with pytest.raises(ModelFolderError, match="checkpoint cannot be read") as caught:
        AtomicCheckpoints().load_checkpoint(path)
    assert "last.ckpt" in str(caught.value)


class Evil:
    def __reduce__(self):
        return (Path.touch, (Path("owned"),))


def test_a_checkpoint_with_code_in_it_is_refused(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    AtomicCheckpoints().save_checkpoint({"a": Evil()}, tmp_path / "evil.ckpt")
    with pytest.raises(ModelFolderError, match="cannot be read"):
        AtomicCheckpoints().load_checkpoint(tmp_path / "evil.ckpt")
    assert not (tmp_path / "owned").exists()


def test_no_partial_file_is_left_beside_a_checkpoint(tmp_path):
    AtomicCheckpoints().save_checkpoint({"a": 1}, tmp_path / "x.ckpt")
    assert [path.name for path in tmp_path.iterdir()] == ["x.ckpt"]


def test_a_single_wrong_bit_among_the_weights_is_noticed(tmp_path):
    path = tmp_path / "last.ckpt"
    AtomicCheckpoints().save_checkpoint({"a": torch.full((1000,), 1.5)}, path)
    content = bytearray(path.read_bytes())
    content[content.index(torch.full((9,), 1.5).numpy().tobytes()) + 20] ^= 1
    path.write_bytes(content)
    with pytest.raises(ModelFolderError, match="cannot be read: the check sum"):
        AtomicCheckpoints().load_checkpoint(path)


def test_a_checkpoint_cannot_have_files_elsewhere_removed(tmp_path):
    (tmp_path / "checkpoints").mkdir()
    (tmp_path / "thesis.txt").write_text("ten years of work", encoding="utf-8")
    with pytest.raises(ModelFolderError, match="file elsewhere"):
        AtomicCheckpoints().remove_checkpoint(tmp_path / "checkpoints" / ".." / "thesis.txt")
    assert (tmp_path / "thesis.txt").exists()


@pytest.mark.parametrize("name", ["last.ckpt", "best.ckpt"])
@pytest.mark.parametrize("change", ["drop", "replace"])
def test_a_checkpoint_of_something_else_is_an_error_that_names_the_file(tmp_path, name, change):
    pipeline = make_pipeline()
    train, validation = sides(pipeline)
    options = TrainOptions(epochs=1, seed=5)
    fit(pipeline, train, validation, options=options, folder=tmp_path)
    path = tmp_path / "checkpoints" / name
    content = torch.load(path, weights_only=True)
    key = "history" if name == "last.ckpt" else "state_dict"
    content = {"a": 1} if change == "drop" else {**content, key: "text"}
    torch.save(content, path)
    with pytest.raises(ModelFolderError, match="of another run, or was altered") as caught:
        fit(pipeline, train, validation, options=options, folder=tmp_path, resume=True)
    assert caught.value.where == str(path)
