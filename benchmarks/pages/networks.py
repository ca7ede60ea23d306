"""How good the networks that forecast are: the table of `docs/networks.md`."""

from __future__ import annotations

import re
from pathlib import Path

from benchmarks.pages.marked import Rows, Told, rows_of, table

HORIZONS = (96, 192, 336, 720)
#: The order of networks at one look-back.
ORDER = ("DLinear", "NLinear", "PatchTST", "ITransformer")
LOOK_BACKS = (336, 504, 96)
METRICS = ("test_mse", "test_mae", "core_seconds")


def told(folder: Path) -> Told:
    """From the name of a table to the table, with the results in a folder."""
    rows = rows_of(folder / "ett.json")
    return {"ett": errors(rows)}.get


def errors(rows: Rows) -> str:
    """Per look-back and network MSE and MAE at each horizon, and below what is published."""
    lines = []
    for look_back in LOOK_BACKS:
        for network in ORDER:
            known = [horizon for horizon in HORIZONS if f"{_name(network, look_back, horizon)}, test_mse" in rows]
            if known == list(HORIZONS):
                lines += _lines(rows, network, look_back)
    return table(["Look-back", "Network", *map(str, HORIZONS), "Seeds", "Core seconds per horizon"], lines)


def _lines(rows: Rows, network: str, look_back: int) -> list[list[str]]:
    names = [_name(network, look_back, horizon) for horizon in HORIZONS]
    mse, mae, seconds = (
        [rows[f"{name}, {each}"] for name in names] for each in ("test_mse", "test_mae", "core_seconds")
    )
    found = [f"{one['value']:.3f} / {other['value']:.3f}" for one, other in zip(mse, mae, strict=True)]
    seeds = sorted({re.match(r"\d+", each["note"])[0] for each in mse})  # type: ignore[index]
    took = sorted(each["value"] for each in seconds)
    own = [str(look_back), f"`{network}`", *found, " or ".join(seeds), f"{took[0]:.0f} to {took[-1]:.0f}"]
    if not all(each["bar"] for each in mse):
        return [own]
    published = [
        " / ".join(each["bar"].removeprefix("published ") for each in pair) for pair in zip(mse, mae, strict=True)
    ]
    return [own, ["", "published", *published, "", ""]]


def _name(network: str, look_back: int, horizon: int) -> str:
    return f"{network}, look-back {look_back}, horizon {horizon}"
