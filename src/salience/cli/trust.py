"""`salience trust`: is the attention of a run true? Eight tests and one sentence."""

from __future__ import annotations

import argparse
import dataclasses
import json

from salience.cli.answers import input_tables
from salience.cli.console import console, watcher
from salience.core.whole import whole
from salience.reports import page, stored, terminal
from salience.run.folder import RunFolder
from salience.run.publish import CONTENT, read_content
from salience.run.run import load
from salience.run.trust import TRUST, to_json
from salience.run.trust import trust as measure
from salience.run.trust_content import trust as shown_trust


def trust(arguments: argparse.Namespace) -> None:
    """Measure, print, and write the JSON file. On its own rows the run keeps it, and its page shows it."""
    run, told = load(arguments.run, allow_foreign=arguments.allow_foreign), watcher(arguments)
    folder = RunFolder(arguments.run)
    found = measure(
        folder,
        run.pipeline,
        input_tables(arguments, run.pipeline),
        count=arguments.rows,
        seed=arguments.seed,
        group=arguments.group,
        progress=told.stage,
    )
    written, shown = to_json(found), shown_trust(found)
    if arguments.out:
        with whole(arguments.out) as partial:
            partial.write_text(json.dumps(written, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    elif arguments.data is None:
        folder.write_json(TRUST, written)
        made = dataclasses.replace(read_content(folder), trust=shown)
        folder.write_json(CONTENT, stored.to_json(made))
        page.write(made, folder.report)
    if arguments.json:
        print(json.dumps(written, ensure_ascii=False))
    else:
        console(quiet=arguments.quiet).print(terminal.trust_block(shown))
