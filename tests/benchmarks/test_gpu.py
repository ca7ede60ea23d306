"""The benchmark of the kernels for GPUs: what it says where there is none."""

import pytest
import torch

from benchmarks import gpu


@pytest.mark.skipif(torch.cuda.is_available(), reason="here is a GPU, and the benchmark would run")
def test_without_a_gpu_it_says_so_and_writes_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    before = set(gpu.measure.RESULTS.iterdir())
    assert gpu.main([]) == 1
    assert "There is no GPU here: nothing was measured." in capsys.readouterr().out
    assert set(gpu.measure.RESULTS.iterdir()) == before
