"""Ten thousand hostile inputs through the doors that users use: each is handled, or refused with a clear error.

Data: made from the seed, in the families of `benchmarks.attacks`, around one tiny run on planted texts.

Protocol: every case is a command of the command line (or a call of the archive or pickle reader) in a fresh folder.
It passes if it ends with code 0 and every row of the input is answered or named as left out, or if it ends with code 2
and an error of at most three lines without a traceback; and if within 10 s of CPU time (60 s of the clock) nothing was
written outside its folder, no process was started, no network used and no module of a stranger imported. Cases that
must not succeed, and cases that must, are known as such. `--case N` repeats one case and shows what it said.
"""

from __future__ import annotations

import argparse
import contextlib
import csv
import io
import json
import os
import re
import shutil
import sys
import tempfile
import time
import traceback
import warnings
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random

from benchmarks.attacks import FAMILIES
from benchmarks.attacks.case import EVIL, Case, World
from benchmarks.attacks.guard import Guard, Hang, limited, state
from benchmarks.measure import Row, write
from salience.cli import main as salience
from salience.data.synthetic import planted_sentiment

SMALL = ("train.epochs=2", "model.width=8", "explain=4")
_LEFT_OUT = re.compile(r"^left out row (\d+): ", re.MULTILINE)
_GUARD = Guard()


@dataclass(frozen=True)
class Outcome:
    """What came of one case: `handled`, `clear error` or `failure`."""

    number: int
    family: str
    result: str
    detail: str
    seconds: float


@dataclass(frozen=True)
class Said:
    """What a case left behind; `code` is None if it ended in another way."""

    code: int | None
    out: str
    err: str
    detail: str = ""


def attack(
    numbers: Sequence[int], *, seed: int, root: Path, told: Callable[[Outcome, Said], None] | None = None
) -> list[Outcome]:
    """Run the cases with these numbers; whatever they do happens below `root`."""
    with _surroundings(root) as world:
        before = state(world.outside, world.run, world.stopped, world.table)
        outcomes = []
        for number in numbers:
            outcome, said = _one(number, seed, world, before)
            outcomes.append(outcome)
            if told:
                told(outcome, said)
        return outcomes


def family_of(number: int) -> str:
    """The family that a case belongs to: in each hundred every family has as many cases as its weight says."""
    order = [name for name, (_, weight) in FAMILIES.items() for _ in range(weight)]
    return order[(number * 37) % len(order)]


def _one(number: int, seed: int, world: World, before: dict[str, tuple[int, int]]) -> tuple[Outcome, Said]:
    family = family_of(number)
    make, _ = FAMILIES[family]
    world.box.mkdir()
    case = make(Random(f"{seed}/{number}"), world)
    started = time.process_time()
    with _GUARD.watching(world.box):
        said = _done(case)
    seconds = time.process_time() - started
    problems = [said.detail] if said.code is None else [*_wrong(case, said), *_told_badly(said)]
    problems += [f"not allowed: {each}" for each in _GUARD.seen]
    changed = before.items() ^ state(world.outside, world.run, world.stopped, world.table).items()
    problems += [f"changed outside its folder: {path}" for path, _ in sorted(changed)]
    shutil.rmtree(world.box)
    result = "failure" if problems else "handled" if said.code == 0 else "clear error"
    return Outcome(number, family, result, "; ".join(problems), seconds), said


def _done(case: Case) -> Said:
    out, err = (io.TextIOWrapper(io.BytesIO(), encoding="utf-8", write_through=True) for _ in range(2))
    code, detail = None, ""
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err), warnings.catch_warnings():
        # A warning on the screen is one more thing that a user has to understand.
        warnings.simplefilter("always")
        try:
            with limited():
                code = case.do()
        except SystemExit as ended:
            code = ended.code if isinstance(ended.code, int) else None
        except Hang as hang:
            detail = f"hang: {hang}"
        except BaseException as error:  # noqa: BLE001  (whatever it is, it should not have come this far)
            detail = f"{type(error).__name__}: {error!s:.300} {_place(error)}"
    return Said(code, _text(out), _text(err), detail)


def _wrong(case: Case, said: Said) -> Iterator[str]:
    """What is wrong with the way a case ended."""
    if said.code == 0:
        if case.must == "fail":
            yield "it was accepted"
        stray = [line for line in said.err.splitlines() if not _LEFT_OUT.match(line)]
        if stray:
            yield f"it said more than it should: {stray[0]}"
        if case.predicts:
            yield from _unaccounted(case, said)
    elif said.code == 2:
        if case.must == "work":
            yield "it was refused"
        lines = said.err.splitlines()
        ours = said.err.startswith("error: ") and len(lines) <= 3
        usage = said.err.startswith("usage: ") and ": error: " in lines[-1]
        if not (ours or usage or (not said.err and _is_json_error(said.out))):
            yield "the error is not clear"
    else:
        yield f"it ended with {said.code}"


def _told_badly(said: Said) -> Iterator[str]:
    if "Traceback" in said.err:
        yield "there is a traceback"
    if set(said.out + said.err) & {"\x1b", "\x9b", "\x07"}:
        yield "it sends commands to the terminal"


def _unaccounted(case: Case, said: Said) -> Iterator[str]:
    """Rows that were neither answered nor named."""
    answers = case.answers.read_text(encoding="utf-8") if case.answers else said.out
    lines = list(csv.reader(io.StringIO(answers)))
    if lines and lines[0][:2] != ["row", "prediction"]:
        yield f"the answers begin with {lines[0][:2]}"
        return
    numbers = [int(line[0]) for line in lines[1:]] + [int(row) for row in _LEFT_OUT.findall(said.err)]
    wanted = len(numbers) if case.rows is None else case.rows
    if sorted(numbers) != list(range(1, wanted + 1)):
        yield f"rows are missing or too many: expected 1 to {wanted}, got {sorted(numbers)[:20]}"


def _is_json_error(out: str) -> bool:
    try:
        return set(json.loads(out)) == {"error", "problem", "where", "fix"}
    except ValueError:
        return False


def _place(error: BaseException) -> str:
    frames = traceback.extract_tb(error.__traceback__)
    own = [frame for frame in frames if "/salience/" in frame.filename] or frames
    return f"({Path(own[-1].filename).name}:{own[-1].lineno})" if own else ""


def _text(stream: io.TextIOWrapper) -> str:
    stream.flush()
    raw = stream.buffer
    assert isinstance(raw, io.BytesIO)
    return raw.getvalue().decode("utf-8", "surrogateescape")


@contextlib.contextmanager
def _surroundings(root: Path) -> Iterator[World]:
    """A world with a finished and a stopped run, and a stranger's module within reach."""
    outside, scratch = root / "outside", root / "box"
    outside.mkdir()
    (outside / "canary.txt").write_text("sings", encoding="utf-8")
    module, owned = EVIL.partition(":")[0], outside / "owned"
    text = f"open({str(owned)!r}, 'w').close()\nclass Evil:\n    def __init__(self, *given, **named): pass\n"
    (outside / f"{module}.py").write_text(text, encoding="utf-8")
    table = root / "reviews.csv"
    planted_sentiment(rows=97)[["text", "label"]].to_csv(table, index=False)
    run, stopped = _trained(root, table)
    environment = {"MPLCONFIGDIR": str(root), "SALIENCE_DATA": str(root / "data"), "SALIENCE_OFFLINE": "1"}
    kept, folder = {name: os.environ.get(name) for name in environment}, Path.cwd()
    os.environ.update(environment)
    tempfile.tempdir = str(scratch)
    sys.path.insert(0, str(outside))
    sys.dont_write_bytecode = True
    try:
        os.chdir(root)
        yield World(scratch, table, run, stopped, outside)
    finally:
        os.chdir(folder)
        sys.path.remove(str(outside))
        tempfile.tempdir = None
        for name, value in kept.items():
            os.environ.pop(name) if value is None else os.environ.update({name: value})


def _trained(root: Path, table: Path) -> tuple[Path, Path]:
    code = salience(["fit", str(table), *SMALL, "--target", "label", "--out", str(root / "runs"), "--quiet"])
    assert code == 0, "the run to be attacked could not be made"
    (run,) = (root / "runs").iterdir()
    salience(["report", str(run), "--quiet"])
    stopped = shutil.copytree(run, root / "stopped", ignore=shutil.ignore_patterns("model", "report*", "figures"))
    (stopped / "run.json").write_text('{"state": "running"}', encoding="utf-8")
    config = stopped / "config.yaml"
    config.write_text(config.read_text(encoding="utf-8").replace("explain: 4", "explain: 0"), encoding="utf-8")
    return run, stopped


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--count", type=int, default=10_000, help="how many cases (default: 10,000)")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--case", type=int, help="run one case alone, and show it")
    parser.add_argument("--family", help="only cases whose family begins so")
    given = parser.parse_args()
    numbers = range(given.count) if given.case is None else [given.case]
    chosen = [each for each in numbers if not given.family or family_of(each).startswith(given.family)]
    with tempfile.TemporaryDirectory(prefix="hostile-") as root:
        outcomes = attack(chosen, seed=given.seed, root=Path(root), told=_show if given.case is not None else _tell)
    if given.case is None and not given.family:
        write("hostile", _rows(outcomes))
    return any(each.result == "failure" for each in outcomes)


def _tell(outcome: Outcome, _said: Said) -> None:
    if outcome.result == "failure":
        print(f"case {outcome.number}, {outcome.family}: {outcome.detail:.600}", flush=True)


def _show(outcome: Outcome, said: Said) -> None:
    print(f"{outcome.family}: {outcome.result} {outcome.detail} ({outcome.seconds:.2f} s)")
    print(f"code {said.code}\n--- out\n{said.out[:3000]!a}\n--- err\n{said.err[:3000]!a}")


def _rows(outcomes: Sequence[Outcome]) -> list[Row]:
    counts = Counter((each.family, each.result) for each in outcomes)
    rows = [Row("cases", len(outcomes), "cases")]
    for result, bar in (("handled", None), ("clear error", None), ("failure", "0")):
        rows.append(Row(result, sum(each.result == result for each in outcomes), "cases", bar=bar))
        rows += [Row(f"{result}, {name}", counts[name, result], "cases", bar=bar) for name in FAMILIES]
    seconds = [each.seconds for each in outcomes]
    rows.append(Row("longest case, cpu time", max(seconds), "s", bar="<= 10"))
    return [*rows, Row("all cases, cpu time", sum(seconds), "s")]


if __name__ == "__main__":
    sys.exit(main())
