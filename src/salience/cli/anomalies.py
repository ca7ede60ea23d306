"""`salience anomalies`: what came and was not to be expected, by the residuals of forecasts."""

from __future__ import annotations

import argparse
import json

from salience.core.whole import whole
from salience.run.run import load


def anomalies(arguments: argparse.Namespace) -> None:
    """One line per value of a table, or of those that are flagged alone: to a file, or printed."""
    found = load(arguments.run, allow_foreign=arguments.allow_foreign).anomalies(arguments.data, above=arguments.above)
    count, flagged = len(found), int(found["flagged"].sum())
    if not arguments.all:
        found = found[found["flagged"]]
    if arguments.out:
        with whole(arguments.out) as partial:
            found.to_csv(partial, index=False, lineterminator="\n")
        told = (
            f"{flagged:,} of {count:,} values lie more than {arguments.above:g} usual deviations off: {arguments.out}"
        )
        if arguments.json:
            told = json.dumps({"values": count, "flagged": flagged, "out": arguments.out}, ensure_ascii=False)
    elif arguments.json:
        told = found.to_json(orient="records", force_ascii=False)
    else:
        told = found.to_csv(index=False, lineterminator="\n").rstrip("\n")
    if not arguments.quiet:
        print(told)
