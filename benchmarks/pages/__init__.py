"""The tables of pages of the documentation, written from the results of benchmarks: one file per page."""

from collections.abc import Callable, Mapping
from pathlib import Path

from benchmarks.measure import RESULTS
from benchmarks.pages import explanation, graphs, kernels, networks, series, stocks, tables
from benchmarks.pages.marked import Told, filled

DOCS = Path(__file__).parents[2] / "docs"
#: For each page what tells its tables, from a folder of results.
PAGES: Mapping[str, Callable[[Path], Told]] = {
    "explanation": explanation.told,
    "graphs": graphs.told,
    "kernels": kernels.told,
    "networks": networks.told,
    "series": series.told,
    "stocks": stocks.told,
    "tables": tables.told,
}


def fill(name: str, folder: Path = RESULTS) -> None:
    """Bring a page up to date with the results in a folder."""
    path = DOCS / f"{name}.md"
    path.write_text(filled(path.read_text(encoding="utf-8"), PAGES[name](folder)), encoding="utf-8")
    print(path.name)
