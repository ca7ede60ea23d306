"""The command line: a verb is a function, imported only when it is called."""

from __future__ import annotations

import argparse
import importlib
import json
import os
import sys
from collections.abc import Sequence
from io import TextIOWrapper

from salience.cli.parser import parser
from salience.core.build import foreign_classes
from salience.core.errors import MissingPackage, SalienceError

#: Where the function of each verb lives.
VERBS = {
    "demo": "salience.cli.fit:demo",
    "init": "salience.cli.init:init",
    "fit": "salience.cli.fit:fit",
    "predict": "salience.cli.answers:predict",
    "explain": "salience.cli.explain:explain",
    "evaluate": "salience.cli.evaluate:evaluate",
    "trust": "salience.cli.trust:trust",
    "anomalies": "salience.cli.anomalies:anomalies",
    "compare": "salience.cli.compare:compare",
    "report": "salience.cli.evaluate:report",
    "data": "salience.cli.data:data",
    "list": "salience.cli.catalogue:catalogue",
    "doctor": "salience.cli.doctor:doctor",
}


def main(words: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code: 0 done, 1 a check failed, 2 the input was wrong, 130 interrupted."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            # A character that a terminal or a pipe cannot take is written as its escape, so that nothing is lost.
            stream.reconfigure(errors="backslashreplace")
    arguments = _parsed(words)
    module, _, function = VERBS[arguments.verb].partition(":")
    try:
        # Verbs that name no classes have no such option.
        with foreign_classes(allowed=getattr(arguments, "allow_foreign", False)):
            code = getattr(importlib.import_module(module), function)(arguments) or 0
        sys.stdout.flush()
        return code
    except BrokenPipeError:
        # The reader of our output has gone (`salience predict ... | head`): nothing is left to say, also at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except KeyboardInterrupt:
        print("\ninterrupted", file=sys.stderr)
        return 130
    except (SalienceError, OSError, ImportError) as error:
        if arguments.debug:
            raise
        _complain(_explained(error), as_json=arguments.json)
        return 2


def _parsed(words: Sequence[str] | None) -> argparse.Namespace:
    """The command line; `key=value` words may also stand behind options, where argparse does not expect them."""
    made = parser()
    arguments, late = made.parse_known_args(words)
    strange = [each for each in late if "override" not in arguments or "=" not in each or each.startswith("-")]
    if strange:
        made.error(f"unrecognized arguments: {' '.join(strange)}")
    if late:
        arguments.override += late
    return arguments


def _explained(error: SalienceError | OSError | ImportError) -> SalienceError:
    """The errors of disks and of broken installations in the form of our own."""
    if isinstance(error, SalienceError):
        return error
    if isinstance(error, OSError):
        where = None if error.filename is None else str(error.filename)
        return SalienceError(
            error.strerror or str(error), where=where, fix="check the path, its permissions and the room on the disk"
        )
    return MissingPackage(
        f"a package cannot be imported: {error}", fix="install salience again, or run: salience doctor"
    )


def _complain(error: SalienceError, *, as_json: bool) -> None:
    if as_json:
        said = {"error": type(error).__name__, "problem": error.problem, "where": error.where, "fix": error.fix}
        print(json.dumps(said, ensure_ascii=False))
    else:
        print(f"error: {error}", file=sys.stderr)
