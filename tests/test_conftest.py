"""The conditions that every test relies on are really in force."""

import socket

import pytest
import torch
from jaxtyping import TypeCheckError

from salience.core.batch import Layout
from salience.kernels import attend


def test_shapes_are_checked():
    key = torch.randn(2, 3, 5, 7)
    with pytest.raises(TypeCheckError, match="B G S F"):
        attend(key, key, key[:, :2], layout=Layout(torch.tensor([5, 5]), 5))


def test_fresh_memory_is_poisoned():
    assert torch.empty(1000).isnan().all()
    assert torch.empty_like(torch.zeros(1000)).isnan().all()


def test_other_machines_cannot_be_reached():
    with socket.socket() as connection, pytest.raises(OSError, match=r"must not reach the network.*192\.0\.2\.1"):
        connection.connect(("192.0.2.1", 80))


def test_this_machine_can_be_reached():
    with socket.create_server(("127.0.0.1", 0)) as server, socket.socket() as connection:
        connection.connect(server.getsockname())


def test_missing_real_data_skips_and_says_why(real_data, monkeypatch: pytest.MonkeyPatch, tmp_path):
    monkeypatch.delenv("SALIENCE_DATA", raising=False)
    with pytest.raises(pytest.skip.Exception, match="set SALIENCE_DATA"):
        real_data("reviews")
    monkeypatch.setenv("SALIENCE_DATA", str(tmp_path))
    with pytest.raises(pytest.skip.Exception, match="no reviews in SALIENCE_DATA"):
        real_data("reviews")
    (tmp_path / "reviews").touch()
    assert real_data("reviews") == tmp_path / "reviews"
