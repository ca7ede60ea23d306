"""Three projects with prices of stocks: what will it cost, will it rise, which one gains most?

    python examples/market.py prices.csv
    python examples/stocks.py price prices.csv
    python examples/stocks.py movement prices.csv
    python examples/stocks.py ranking prices.csv

The file may be your own: columns date, stock and close, one row per stock and day. Days are divided by time, rules that
learn nothing stand beside every model, and intervals are over days. `prices.csv` of the first line is made up, with one
effect planted in it; do not expect the like of a real market (see the page on stocks).
"""

from __future__ import annotations

import argparse
from typing import Any

import numpy as np
import pandas as pd

import salience

LSTM = {"width": 16, "encoder": {"Recurrent": {"directions": 1}}, "dropout": 0.0}
TRAIN = {"batch_size": 256, "learning_rate": 5e-3, "weight_decay": 0.1, "drop_units": 0.0, "patience": 4}


def read(path: str) -> pd.DataFrame:
    """Prices, with the logarithm of each, the return of the day, and that of the next day as the target."""
    table = pd.read_csv(path, dtype={"stock": str}).sort_values(["stock", "date"], ignore_index=True)
    table["log price"] = np.log(table["close"])
    table["return"] = table.groupby("stock")["log price"].diff()
    table["next return"] = table.groupby("stock")["return"].shift(-1)
    rises = np.where(table["next return"] > 0, "up", "down")
    table["next"] = pd.Series(rises, dtype=object).where(table["next return"].notna(), None)
    return table


def price(table: pd.DataFrame, *, epochs: int, out: str) -> salience.Run:
    """Forecast the logarithm of tomorrow's price from 30 days."""
    return salience.fit(
        table[["date", "stock", "log price"]],
        inputs=past(30, "log price"),
        task={"Forecast": {"horizon": 1}},
        model={"network": {"RecurrentAttention": {"width": 16}}},
        train={**TRAIN, "epochs": epochs},
        explain=0,
        name="price",
        out=out,
    )


def movement(table: pd.DataFrame, *, epochs: int, out: str) -> salience.Run:
    """Say from five days whether a stock will rise: an attentive LSTM, trained, and then trained adversarially."""
    rows = table[["date", "stock", "return", "next"]]
    model = {**LSTM, "pool": "WithLast"}
    task = "Classification"
    options: dict[str, Any] = {"target": "next", "explain": 0, "out": out}
    train = {**TRAIN, "epochs": epochs}
    plain = salience.fit(
        rows, inputs=past(5, "return"), task=task, model=model, train=train, name="movement", **options
    )
    against = {**train, "adversarial": {"epsilon": 0.05, "weight": 0.5, "at": "pooled"}}
    return salience.fit(rows, start=plain.folder, train=against, name="movement-adversarial", **options)


def ranking(table: pd.DataFrame, *, epochs: int, out: str) -> salience.Run:
    """Rank the stocks of each day by what they will gain on the next, from five days of each."""
    return salience.fit(
        table[["date", "stock", "return", "next return"]],
        target="next return",
        inputs=past(5, "return"),
        task={"Ranking": {"list": "date"}},
        model={**LSTM, "pool": "WithLast"},
        train={**TRAIN, "epochs": epochs},
        explain=0,
        name="ranking",
        out=out,
    )


def past(days: int, variable: str) -> dict[str, Any]:
    """The last days of one variable of each stock, as the input of a model."""
    return {"past": {"Series": {"time": "date", "series": "stock", "look_back": days, "variables": [variable]}}}


def reversal(run: salience.Run, table: pd.DataFrame) -> dict[str, float]:
    """What a rule that learns nothing reaches on the test rows: yesterday's losers gain, most of all the worst.

    The share of right directions, and the mean return of the worst stock of each day.
    """
    rows = pd.read_csv(run.folder / "predictions.csv")["row"]
    known = table.set_index(table["stock"] + " " + table["date"]).loc[rows]
    worst = known.loc[known.groupby("date")["return"].idxmin().to_numpy()]
    right = (known["return"] < 0) == (known["next return"] > 0)
    return {"accuracy": float(right.mean()), "first_gain": float(worst["next return"].mean())}


def tell(run: salience.Run, name: str, rules: dict[str, float]) -> None:
    """One score of the model with its interval, beside what learns nothing."""
    lines = {"model": run.metrics["test"], **run.metrics["baselines"]}
    for title, scores in lines.items():
        score = scores[name]
        between = "" if score["low"] is None else f"  ({score['low']:.4f} to {score['high']:.4f})"
        print(f"{title}: {name} {score['value']:.4f}{between}")
    if name in rules:
        print(f"yesterday's losers gain: {name} {rules[name]:.4f}")
    print("report:", run.folder / "report.html")


PROJECTS = {"price": (price, "mae_units"), "movement": (movement, "accuracy"), "ranking": (ranking, "first_gain")}


def main() -> None:
    command = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    command.add_argument("project", choices=PROJECTS)
    command.add_argument("path", help="a table with the columns date, stock and close")
    command.add_argument("--epochs", type=int, default=8)
    command.add_argument("--out", default="runs", help="folder for the run folders")
    words = command.parse_args()
    make, score = PROJECTS[words.project]
    table = read(words.path)
    run = make(table, epochs=words.epochs, out=words.out)
    tell(run, score, {} if words.project == "price" else reversal(run, table))


if __name__ == "__main__":
    main()
