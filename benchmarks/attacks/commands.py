"""Words on the command line that make no command, or lead to places that take no file."""

from __future__ import annotations

from random import Random

from benchmarks.attacks.case import Case, World, command


def command_line(random: Random, world: World) -> Case:
    """A command with a wrong place, name or number."""
    none, box, run, table = world.box / "none", world.box, world.run, world.table
    wrong = (
        ("predict", run, table, "--out", box),
        ("predict", run, table, "--out", none / "a.csv"),
        ("predict", run, table, "--out", "/dev/null"),
        ("predict", run, table, "--out", box / ("x" * 300)),
        ("predict", run, table, "--text", "both"),
        ("predict", run),
        ("predict", none, table),
        ("predict", table, table),
        ("predict", world.stopped, table),
        ("predict", box, table),
        ("predict", "\x1b[2J\n\udcff", table),
        ("explain", run, table, "--method", random.choice(("nope", "os:system", "", "Importance", "completeness_gap"))),
        ("explain", run, table, "--rows", random.choice(("-1", "x", "1.5", "9" * 5000, "²"))),
        ("explain", run, table, "--out", box / "a.xlsx"),
        ("evaluate", run, table, "--rows", "0", "--out", none / "a.json"),
        ("evaluate", none),
        ("report", run, "--out", box),
        ("report", run, "--out", none / "page.html"),
        ("report", box),
        ("init", table, "--out", none / "run.yaml"),
        ("init", table, "--out", box),
        ("init", table, "--target", "nope", "--out", box / "run.yaml"),
        ("init", none, "--out", box / "run.yaml"),
        ("fit", "--resume", run),
        ("fit", "--resume", none),
        ("fit", "--resume", world.stopped, "model.width=3"),
        ("fit", table, "--target", "label", "--time-limit", random.choice(("soon", "0", "1d", "-1s", "9" * 400))),
        ("fit", table, "--target", "label", "--out", table),
        ("fit", table, "--target", "label", "no equals sign"),
        (
            "fit",
            table,
            "--target",
            "label",
            random.choice(("=1", "a.b.c", "model.width.x=1", "train=1", "model=[", "..=1")),
        ),
        ("fit", table, "--target", "label", "--seed", random.choice(("x", "1.5", "-1", "9" * 30))),
        ("data", "get", random.choice(("../x", "/etc", "", "sst-2", "a\nb", "\x1b[2J", "x" * 10_000))),
        ("data", "info"),
        ("list", random.choice(("mechanism", "\x1b[2J", "x" * 10_000))),
        (random.choice(("dance", "--quiet", "", "\udcff")),),
        ("predict", run, table, random.choice(("--nope", "extra", "--rows=1", "-x"))),
    )
    return Case(command(*random.choice(wrong)), "fail")
