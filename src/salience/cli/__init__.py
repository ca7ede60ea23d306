"""The command line: a verb is a function, imported only when it is called."""

from __future__ import annotations

import importlib
import json
import sys
from collections.abc import Sequence
from io import TextIOWrapper

from salience.cli.parser import parser
from salience.core.errors import SalienceError

#: Where the function of each verb lives.
VERBS = {
    "demo": "salience.cli.fit:demo",
    "init": "salience.cli.init:init",
    "fit": "salience.cli.fit:fit",
    "predict": "salience.cli.answers:predict",
    "explain": "salience.cli.answers:explain",
    "evaluate": "salience.cli.evaluate:evaluate",
    "report": "salience.cli.evaluate:report",
    "data": "salience.cli.data:data",
    "list": "salience.cli.catalogue:catalogue",
    "doctor": "salience.cli.doctor:doctor",
}


def main(words: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code: 0 done, 1 a check failed, 2 the input was wrong, 130 interrupted."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            # A terminal that cannot show a character shows a stand-in; it is no reason to fail.
            stream.reconfigure(errors="replace")
    arguments = parser().parse_args(words)
    module, _, function = VERBS[arguments.verb].partition(":")
    try:
        return getattr(importlib.import_module(module), function)(arguments) or 0
    except SalienceError as error:
        if arguments.debug:
            raise
        _complain(error, as_json=arguments.json)
        return 2
    except BrokenPipeError:
        # The reader of our output has gone (`salience predict ... | head`): nothing is left to say.
        sys.stderr.close()
        return 0
    except KeyboardInterrupt:
        print("\ninterrupted", file=sys.stderr)
        return 130


def _complain(error: SalienceError, *, as_json: bool) -> None:
    if as_json:
        said = {"error": type(error).__name__, "problem": error.problem, "where": error.where, "fix": error.fix}
        print(json.dumps(said, ensure_ascii=False))
    else:
        print(f"error: {error}", file=sys.stderr)
