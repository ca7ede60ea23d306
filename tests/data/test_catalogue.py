from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from salience.core.errors import ConfigError
from salience.data.catalogue import catalogue, entry
from salience.data.registry import known


def test_without_files_nothing_is_present(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("SALIENCE_DATA", str(tmp_path))
    assert [each.data_set.name for each in catalogue()] == list(known())
    assert not any(each.present for each in catalogue())
    assert {each.data_set.name for each in catalogue() if each.readable} == {
        "chnsenticorp-htl",
        "imdb",
        "sst2",
        "waimai-10k",
    }


def test_a_set_is_present_when_every_file_has_its_size(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("SALIENCE_DATA", str(tmp_path))
    path = tmp_path / "tinyshakespeare" / known()["tinyshakespeare"].files[0].file
    path.parent.mkdir(parents=True)
    path.write_bytes(bytes(1_115_393))
    assert not entry("tinyshakespeare").present
    path.write_bytes(bytes(1_115_394))
    assert entry("tinyshakespeare").present
    assert entry("tinyshakespeare").folder == tmp_path / "tinyshakespeare"


def test_an_unknown_name_gets_a_suggestion() -> None:
    with pytest.raises(ConfigError, match=r"did you mean 'nab'\?"):
        entry("nba")


def test_the_real_sets_are_present(real_data: Callable[[str], Path]) -> None:
    for name in known():
        real_data(name)
        assert entry(name).present
