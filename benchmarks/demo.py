"""`salience demo` from end to end, as a new user meets it: how long it takes, and how good its model is.

Data: docstrings of installed packages, divided by module (see `salience.data.docstrings`); what is installed decides
what they say, so that accuracy differs between installations.

Protocol: the command runs once in a process of its own and writes everything a run writes. Scores are those of the
metrics file it leaves, with their bootstrap intervals. CPU time is that of the process.
"""

from __future__ import annotations

import json
import tempfile
from pathlib import Path

from benchmarks.measure import Row, write
from benchmarks.startup import SCRIPT, child


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        took = child([str(SCRIPT), "demo", "--out", folder, "--quiet"])
        (run,) = Path(folder).iterdir()
        metrics = json.loads((run / "metrics.json").read_text(encoding="utf-8"))
    sources = {"salience": metrics["test"], **metrics["baselines"]}
    write(
        "demo",
        [
            Row("salience demo, cpu time", took.cpu, "s", bar="< 180"),
            Row("salience demo, wall time", took.wall, "s", bar="< 180"),
            *(
                Row(f"{name}, {score}", found[score]["value"], "", found[score].get("low"), found[score].get("high"))
                for name, found in sources.items()
                for score in ("accuracy", "macro_f1")
            ),
        ],
    )


if __name__ == "__main__":
    main()
