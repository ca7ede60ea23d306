"""What users can write, frozen: a name, an option or a default that changes has to change `surface.txt` as well.

After a change that is meant: `python -m tests.test_surface > tests/surface.txt`.
"""

import argparse
import inspect
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import salience
from salience.cli.parser import parser

FROZEN = Path(__file__).with_name("surface.txt")
HEAVY = ["lightning", "matplotlib", "numpy", "pandas", "pyarrow", "rich", "sklearn", "torch", "transformers"]


def surface() -> str:
    return "\n".join([*_names(), "", *_verbs()]) + "\n"


def _names() -> Iterator[str]:
    for name in sorted(salience.__all__):
        value = getattr(salience, name)
        yield f"salience.{name}{_signature(value)}"
        if inspect.isclass(value) and not issubclass(value, Exception):
            for member, each in sorted(inspect.getmembers(value)):
                if member.startswith("_") or not _is_own(each):
                    continue
                written = "" if isinstance(each, property) else _signature(each)
                yield f"  .{member}{written}"


def _is_own(member: object) -> bool:
    function = member.fget if isinstance(member, property) else member
    return str(getattr(function, "__module__", "")).startswith("salience")


def _signature(value: object) -> str:
    """The parameters with their defaults, without their types."""
    if inspect.isclass(value) and issubclass(value, Exception):
        return ""
    signature = inspect.signature(value)
    bare = [each.replace(annotation=inspect.Parameter.empty) for each in signature.parameters.values()]
    return str(inspect.Signature(bare))


def _verbs() -> Iterator[str]:
    top = parser()
    (verbs,) = (each for each in top._actions if isinstance(each, argparse._SubParsersAction))
    for name, verb in verbs.choices.items():
        yield f"salience {name}"
        for action in verb._actions:
            if action.dest != "help":
                yield f"  {_option(action)}"


def _option(action: argparse.Action) -> str:
    words = action.option_strings or [action.dest.upper()]
    kind = "" if action.nargs in (None, 0) else f" nargs={action.nargs}"
    choices = f" one of {', '.join(action.choices)}" if action.choices else ""
    default = "" if action.default is None or action.default is False else f" default={action.default}"
    return f"{' '.join(words)}{kind}{choices}{default}"


def run(*words: str) -> str:
    return subprocess.run([sys.executable, "-W", "error", *words], capture_output=True, text=True, check=True).stdout


def test_nothing_that_users_write_has_changed():
    assert surface() == FROZEN.read_text(encoding="utf-8"), __doc__


def test_importing_the_package_imports_nothing_heavy():
    assert run("-c", f"import sys, salience; print([each for each in {HEAVY} if each in sys.modules])") == "[]\n"


def test_help_imports_nothing_heavy():
    helped = "from salience.cli import main\nwith contextlib.suppress(SystemExit): main(['--help'])"
    told = run("-c", f"import sys, contextlib\n{helped}\nprint([each for each in {HEAVY} if each in sys.modules])")
    assert told.startswith("usage: salience")
    assert told.endswith("\n[]\n")


def test_every_public_name_is_there_and_listed():
    assert dir(salience) == sorted([*salience.__all__, "__version__"])
    assert all(getattr(salience, name).__doc__ for name in salience.__all__)


if __name__ == "__main__":
    sys.stdout.write(surface())
