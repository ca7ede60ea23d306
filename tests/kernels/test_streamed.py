"""Which kernel answers, and that all answer the same."""

import sys

import pytest
import torch
from hypothesis import given

from salience.core.errors import ConfigError, MissingPackage, NotAvailable
from salience.kernels import Problem, policy, streamed
from salience.kernels.joint import joint
from tests.kernels.problems import CASES, Case, make, truth
from tests.kernels.triton import cases


@given(case=CASES)
def test_both_backends_equal_the_reference(case: Case):
    expected = truth(case)
    for backend in ("panel", "second_pass", "auto"):
        with case.small_blocks():
            found = streamed.streamed(case.problem, case.value, weights=case.weights, lse=True, backend=backend)
        torch.testing.assert_close(found.received, expected.received, rtol=1e-8, atol=1e-11)
        torch.testing.assert_close(found.out, expected.out, rtol=1e-8, atol=1e-11)
        torch.testing.assert_close(found.lse, expected.lse, rtol=1e-8, atol=1e-11)


def test_the_second_pass_needs_no_value():
    case = make(seen=True)
    found = streamed.streamed(case.problem, weights=case.weights, backend="second_pass")
    torch.testing.assert_close(found.received, truth(case).received)
    assert found.out is None
    assert found.lse is None


def test_auto_takes_the_second_pass_above_its_number_of_sources(monkeypatch: pytest.MonkeyPatch):
    case, passes = make(), []
    monkeypatch.setattr(streamed, "_in_two_passes", lambda problem, *_: passes.append(problem) or streamed.Statistics())
    for limit, expected in ((41, 0), (40, 1)):
        monkeypatch.setattr(policy, "PANEL_SOURCES", limit)
        streamed.streamed(case.problem, case.value, weights=case.weights)
        assert len(passes) == expected
    # Rows are needed whole.
    assert streamed.streamed(case.problem, case.value, weights=case.weights, entropy=True).entropy is not None
    assert len(passes) == 1


def test_an_unknown_backend_is_named_with_the_nearest():
    with pytest.raises(ConfigError, match=r"no backend 'panels'[\s\S]*did you mean 'panel'\? Known: auto, "):
        streamed.streamed(make().problem, lse=True, backend="panels")


@pytest.mark.parametrize("option", [{"entropy": True}, {"maximum": True}, {"top": 3}])
def test_what_the_second_pass_cannot_give_is_an_error(option: dict):
    with pytest.raises(ConfigError, match=r"gives no entropy[\s\S]*backend='second_pass'[\s\S]*'panel' or 'auto'"):
        streamed.streamed(make().problem, backend="second_pass", **option)


def test_kernels_for_cuda_say_so_elsewhere():
    case = cases.plain()
    with pytest.raises(NotAvailable, match=r"on CUDA only, and the query is on cpu[\s\S]*backend 'second_pass'"):
        streamed.streamed(case.problem, case.value, weights=case.weights, backend="flex")
    pytest.importorskip("triton")
    text = r"the Triton kernels run on CUDA, and the query is on cpu[\s\S]*ask for another backend"
    for call, value in ((streamed.streamed, case.value), (joint, case.value.clone().requires_grad_())):
        with pytest.raises(NotAvailable, match=text):
            call(case.problem, value, weights=case.weights, backend="triton")
    with pytest.raises(NotAvailable, match=text):
        streamed.received(case.problem, case.lse_slope, case.weights, backend="triton")


def test_without_triton_the_error_says_what_to_install(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setitem(sys.modules, "triton", None)
    with pytest.raises(MissingPackage, match=r"'triton' is needed here[\s\S]*pip install 'salience\[triton\]'"):
        streamed.streamed(make().problem, lse=True, backend="triton")


def test_an_unknown_backend_of_the_second_pass_is_named_with_the_nearest():
    case = make()
    with pytest.raises(ConfigError, match=r"no backend 'flax'[\s\S]*did you mean 'flex'\?"):
        streamed.received(case.problem, torch.zeros(case.problem.shape[:3]), case.weights, backend="flax")


def test_block_sizes_keep_within_their_budget():
    for sources in (3, 512, 8192, 65536):
        for window in (None, 7):
            for share in (1, 5):
                query, key = torch.empty(2, 2 * share, 4096, 1), torch.empty(2, 2, sources, 1)
                problem = Problem(query, key, 1.0, window=window)
                rows, units = policy.panel(problem)
                width = sources if window is None else min(sources, 2 * window + 256)
                assert rows * share * width * units <= max(policy.PANEL, 32 * width * torch.get_num_threads())
                rows, columns, units = policy.tile(problem)
                assert rows * share * columns * units <= policy.TILE
