"""Peak memory in a process of its own: beside the fused kernel it is a workspace, and grows with N, not with N x N."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.skipif(not Path("/proc/self/clear_refs").exists(), reason="needs Linux to reset the peak")

MEGABYTE = 2**20
HEADS, WIDTH = 8, 64
MEASURE = """
import json, sys
import torch
from torch.nn import functional as F
from salience.kernels import attention_importance, scaled_dot_product_attention_with_importance

def status(name):
    with open("/proc/self/status") as lines:
        return next(int(line.split()[1]) for line in lines if line.startswith(name)) * 1024

def peak(run):
    with open("/proc/self/clear_refs", "w") as reset:
        reset.write("5")
    before = status("VmRSS")
    run()
    return status("VmHWM") - before

def fused():
    return F.scaled_dot_product_attention(query, key, value)

def inference():
    with torch.no_grad():
        return attention_importance(query, key, value, reduce=("received", "entropy", "max"))

def second_pass():
    with torch.no_grad():
        return attention_importance(query, key, value, backend="second_pass")

def training():
    out, received = scaled_dot_product_attention_with_importance(query, key, value)
    (out.sum() + received.square().sum()).backward()

def fused_training():
    fused().sum().backward()

torch.set_num_threads(1)
size, run = int(sys.argv[1]), sys.argv[2]
query, key, value = (torch.randn(1, 8, 256, 64, requires_grad=True) for _ in range(3))
# Once, so that libraries have taken what they keep.
globals()[run]()
query, key, value = (torch.randn(1, 8, size, 64, requires_grad=True) for _ in range(3))
print(json.dumps(peak(globals()[run])))
"""


def peak(size: int, run: str) -> int:
    done = subprocess.run([sys.executable, "-c", MEASURE, str(size), run], capture_output=True, text=True, check=True)
    return json.loads(done.stdout)


@pytest.mark.parametrize(("run", "beside"), [("inference", "fused"), ("training", "fused_training")])
def test_at_3000_positions_it_takes_a_workspace_more_than_the_fused_kernel(run: str, beside: str):
    size = 3001
    extra = peak(size, run) - peak(size, beside)
    assert extra <= 32 * MEGABYTE
    # One matrix of weights of all heads.
    assert extra < HEADS * size**2 * 4 / 8


@pytest.mark.slow
@pytest.mark.parametrize(
    ("run", "beside", "most"),
    [("inference", "fused", 64), ("second_pass", "fused", 64), ("training", "fused_training", 128)],
)
def test_at_8192_positions_it_takes_little_more_than_the_fused_kernel(run: str, beside: str, most: int):
    assert peak(8192, run) - peak(8192, beside) <= most * MEGABYTE


@pytest.mark.slow
def test_twice_the_positions_take_twice_the_memory():
    assert peak(16384, "inference") <= 2.5 * peak(8192, "inference")
