"""The verbs and their options. Nothing heavy is imported here, so that `salience --help` answers at once."""

from __future__ import annotations

import argparse

VERSION = "0.1.0"

DESCRIPTION = """\
Train deep models with attention on your own data. Every prediction comes with the parts of the input
that mattered, and with a measurement of whether that is true.
"""

EXAMPLES = """\
examples:
  salience demo                                   see what it does, on real text, in about two minutes
  salience fit reviews.csv --target label         train, measure, and write a report
  salience predict runs/2026-01-01-reviews new.csv --out answers.csv
  salience explain runs/2026-01-01-reviews --text "a fine film, if a little long"
"""


def parser() -> argparse.ArgumentParser:
    """The whole command line."""
    top = argparse.ArgumentParser(
        prog="salience",
        description=DESCRIPTION,
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    top.add_argument("-V", "--version", action="version", version=f"salience {VERSION}")
    verbs = top.add_subparsers(dest="verb", metavar="VERB", required=True)
    common = _common()
    for add in (
        _demo,
        _init,
        _fit,
        _predict,
        _explain,
        _evaluate,
        _trust,
        _anomalies,
        _compare,
        _report,
        _data,
        _list,
        _doctor,
    ):
        add(verbs, common)
    return top


def _common() -> argparse.ArgumentParser:
    """Options that every verb takes."""
    common = argparse.ArgumentParser(add_help=False)
    common.add_argument("--quiet", action="store_true", help="print nothing but errors")
    common.add_argument("--json", action="store_true", help="print JSON instead of text for people")
    common.add_argument("--debug", action="store_true", help="show the traceback of an error")
    return common


def _verb(
    verbs: argparse._SubParsersAction, name: str, sentence: str, common: argparse.ArgumentParser
) -> argparse.ArgumentParser:
    return verbs.add_parser(name, help=sentence, description=sentence, parents=[common])


def _foreign(verb: argparse.ArgumentParser) -> None:
    verb.add_argument(
        "--allow-foreign", action="store_true", help="import classes of third parties that a config or a model names"
    )


def _series(verb: argparse.ArgumentParser) -> None:
    verb.add_argument("--time", metavar="COLUMN", help="the time stamps of a table of series, to forecast it")
    verb.add_argument("--series", metavar="COLUMN", help="the column that names the series (default: the table is one)")
    verb.add_argument("--horizon", type=_count, metavar="STEPS", help="how many steps to forecast")


def _tables(verb: argparse.ArgumentParser) -> None:
    verb.add_argument("--nodes", metavar="FILE", help="node table of another graph than that of the run")
    verb.add_argument("--edges", metavar="FILE", help="edge table of another graph than that of the run")


def _count(text: str) -> int:
    if not text.isdecimal():
        raise argparse.ArgumentTypeError(f"expected a whole number, 0 or more, got '{text}'")
    return int(text)


def _share(text: str) -> float:
    try:
        number = float(text)
    except ValueError:
        number = -1.0
    if not 0 <= number < float("inf"):
        raise argparse.ArgumentTypeError(f"expected a number, 0 or more, got '{text}'")
    return number


def _demo(verbs: argparse._SubParsersAction, common: argparse.ArgumentParser) -> None:
    verb = _verb(verbs, "demo", "train on real text that came with the installation, and show the report", common)
    verb.add_argument("--out", default="runs", help="folder for the run folder (default: runs)")
    verb.add_argument("--seed", type=int, default=0, help="the one number behind everything random (default: 0)")


def _init(verbs: argparse._SubParsersAction, common: argparse.ArgumentParser) -> None:
    verb = _verb(verbs, "init", "write a full, commented config for a data file, with what was inferred", common)
    verb.add_argument("data", help="CSV, TSV, JSONL or Parquet file")
    verb.add_argument("--target", help="the column to predict")
    _series(verb)
    verb.add_argument("--out", default="run.yaml", help="the config to write (default: run.yaml)")


def _fit(verbs: argparse._SubParsersAction, common: argparse.ArgumentParser) -> None:
    verb = _verb(verbs, "fit", "train a model, measure it, and write a run folder with a report", common)
    verb.add_argument("source", nargs="?", help="a config (run.yaml) or a data file")
    verb.add_argument("override", nargs="*", metavar="key=value", help="settings by path, e.g. model.width=64")
    verb.add_argument("--target", help="the column to predict")
    verb.add_argument("--inputs", nargs="+", metavar="COLUMN", help="the columns to read (default: all but ids)")
    verb.add_argument("--task", help="Classification, MultiLabel, Ranking, Regression or Forecast (default: inferred)")
    _series(verb)
    verb.add_argument("--name", help="name of the run (default: name of the file)")
    verb.add_argument("--out", default="runs", help="folder for the run folder (default: runs)")
    verb.add_argument("--seed", type=int, help="the one number behind everything random")
    verb.add_argument(
        "--seeds", type=int, metavar="COUNT", help="models to train with other seeds; they answer together (default: 1)"
    )
    verb.add_argument("--time-limit", metavar="TIME", help="longest training time, e.g. 90s, 10m, 2h")
    verb.add_argument("--resume", metavar="RUN", help="go on with a run that was interrupted")
    _foreign(verb)


def _predict(verbs: argparse._SubParsersAction, common: argparse.ArgumentParser) -> None:
    verb = _verb(verbs, "predict", "answer every row of a file, or one text", common)
    verb.add_argument("run", help="a run folder")
    verb.add_argument("data", nargs="?", help="CSV, TSV, JSONL or Parquet file")
    verb.add_argument("--text", help="one text instead of a file")
    _tables(verb)
    verb.add_argument("--out", help="CSV file for the answers (default: printed)")
    verb.add_argument("--skip-bad-rows", action="store_true", help="leave out rows that cannot be read, and say which")
    _foreign(verb)


def _explain(verbs: argparse._SubParsersAction, common: argparse.ArgumentParser) -> None:
    verb = _verb(verbs, "explain", "answer, and show how much each part of the input mattered", common)
    verb.add_argument("run", nargs="?", help="a run folder; with --model the file")
    verb.add_argument("data", nargs="?", help="CSV, TSV, JSONL or Parquet file")
    verb.add_argument("--text", help="one text instead of a file")
    _tables(verb)
    verb.add_argument("--model", metavar="NAME", help="a Hugging Face model instead of a run: a folder, or its name")
    verb.add_argument("--download", action="store_true", help="fetch --model from the hub if it is not here")
    verb.add_argument("--column", default="text", help="the column that --model reads (default: text)")
    verb.add_argument("--report", metavar="PAGE", help="HTML page to write, with the proof of the importance")
    verb.add_argument("--method", help="how importance is measured (default: received; rollout with --model)")
    verb.add_argument("--horizon", type=_count, metavar="STEP", help="the step of a forecast to explain (default: all)")
    verb.add_argument("--rows", type=_count, default=5, help="rows of the file to explain; 0 for all (default: 5)")
    verb.add_argument("--out", help="Parquet or CSV file for one line per unit (default: printed)")
    _foreign(verb)


def _evaluate(verbs: argparse._SubParsersAction, common: argparse.ArgumentParser) -> None:
    verb = _verb(verbs, "evaluate", "measure a run on labelled rows: scores and faithfulness, with intervals", common)
    verb.add_argument("run", help="a run folder")
    verb.add_argument("data", nargs="?", help="a file with the target column (default: what the run measured itself)")
    _tables(verb)
    verb.add_argument("--rows", type=_count, default=256, help="rows for the faithfulness measurement (default: 256)")
    verb.add_argument("--out", help="JSON file for the result (default: printed)")
    verb.add_argument(
        "--require-trust",
        metavar="SKILL",
        type=float,
        help="end with code 1 unless the skill of the attention is surely at least this (0: random order, 1: best)",
    )
    _foreign(verb)


def _trust(verbs: argparse._SubParsersAction, common: argparse.ArgumentParser) -> None:
    verb = _verb(verbs, "trust", "say whether the attention of a run is true: eight tests and one sentence", common)
    verb.add_argument("run", help="a run folder")
    verb.add_argument("data", nargs="?", help="a file with the target column (default: the test rows of the run)")
    _tables(verb)
    verb.add_argument("--rows", type=_count, default=256, help="rows to measure (default: 256)")
    verb.add_argument("--seed", type=int, help="of everything random (default: that of the run)")
    verb.add_argument(
        "--group", metavar="COLUMN", help="a column whose equal values belong together: day, speaker, ..."
    )
    verb.add_argument("--out", help="JSON file for the result (default: trust.json in the run folder)")
    _foreign(verb)


def _anomalies(verbs: argparse._SubParsersAction, common: argparse.ArgumentParser) -> None:
    verb = _verb(verbs, "anomalies", "say which values of series were not to be expected, by their forecasts", common)
    verb.add_argument("run", help="a run folder")
    verb.add_argument("data", nargs="?", help="a table with its past (default: the later rows of the run's own)")
    verb.add_argument("--above", type=_share, default=3.5, help="usual deviations that are flagged (default: 3.5)")
    verb.add_argument("--all", action="store_true", help="every value that was judged, and not the flagged ones alone")
    verb.add_argument("--out", help="CSV file (default: printed)")
    _foreign(verb)


def _compare(verbs: argparse._SubParsersAction, common: argparse.ArgumentParser) -> None:
    verb = _verb(verbs, "compare", "say how scores, answers and importance differ between two runs", common)
    verb.add_argument("run_a", metavar="RUN_A", help="a run folder")
    verb.add_argument("run_b", metavar="RUN_B", help="the folder of a run that answers the same question")
    verb.add_argument("data", nargs="?", help="a file, with or without the target (default: the test rows of RUN_A)")
    _tables(verb)
    verb.add_argument("--rows", type=_count, default=256, help="rows whose importance is compared (default: 256)")
    verb.add_argument("--method", default="received", help="how importance is measured (default: received)")
    verb.add_argument("--seed", type=int, help="of everything random (default: that of RUN_A)")
    verb.add_argument(
        "--group", metavar="COLUMN", help="a column whose equal values belong together: day, speaker, ..."
    )
    verb.add_argument(
        "--max-drift",
        metavar="SHARE",
        type=_share,
        help="end with code 1 if surely more than this share of the importance lies elsewhere, e.g. 0.2",
    )
    verb.add_argument(
        "--max-score-drop",
        metavar="AMOUNT",
        type=_share,
        help="end with code 1 if RUN_B is surely worse by more than this in the first score, e.g. 0.01",
    )
    verb.add_argument("--report", metavar="PAGE", help="HTML page to write")
    verb.add_argument("--out", help="JSON file for the result (default: printed)")
    _foreign(verb)


def _report(verbs: argparse._SubParsersAction, common: argparse.ArgumentParser) -> None:
    verb = _verb(verbs, "report", "write the page of a run again", common)
    verb.add_argument("run", help="a run folder")
    verb.add_argument("--out", help="HTML file (default: report.html in the run folder)")


def _data(verbs: argparse._SubParsersAction, common: argparse.ArgumentParser) -> None:
    verb = _verb(verbs, "data", "public data sets: list them, get one, say what one holds", common)
    verb.add_argument("action", choices=("list", "get", "info"), help="what to do")
    verb.add_argument("name", nargs="?", help="the data set")


def _list(verbs: argparse._SubParsersAction, common: argparse.ArgumentParser) -> None:
    verb = _verb(verbs, "list", "what can be named in a config, with one sentence each", common)
    verb.add_argument("kind", nargs="?", help="mechanisms, encoders, pools, tokens, modalities, tasks, ...")


def _doctor(verbs: argparse._SubParsersAction, common: argparse.ArgumentParser) -> None:
    _verb(verbs, "doctor", "check this installation by really using it, and say how to mend what is broken", common)
