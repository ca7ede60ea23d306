"""What three projects with stocks are worth: the tables of `docs/stocks.md`."""

from __future__ import annotations

from pathlib import Path

from benchmarks.pages.marked import Rows, Told, rows_of, table, value

#: How the rules and models of a movement are called in a sentence; accuracy and correlation that are published.
MOVEMENTS = {
    "always up": ("always up", "", ""),
    "sign of the 15-day mean": ("up where the close lies below its mean of 15 days", "", ""),
    "LSTM": ("LSTM", "53.2 %", ".067"),
    "ALSTM": ("LSTM with attention (`WithLast`)", "54.9 %", ".104"),
    "adversarial ALSTM": ("the same, trained [adversarially](training.md#adversarial-training)", "57.2 %", ".148"),
}
#: MSE, MRR and IRR that are published.
RANKINGS = {
    "0 for all, a stock at random": ("0 for all, a stock at random", ""),
    "yesterday's best": ("yesterday's best", ""),
    "yesterday's worst": ("yesterday's worst", ""),
    "Rank_LSTM": ("LSTM", "3.79, .042, .68"),
    "+ industry attention": ("with attention to its industry", "3.80, .032, .23"),
    "what industry attention adds": ("what that attention adds", ""),
}


def told(folder: Path) -> Told:
    """From the name of a table to the table, with the results in a folder."""
    price, movement, ranking = (rows_of(folder / f"{name}.json") for name in ("price", "movement", "ranking"))
    return {
        "price": prices(price) if price else None,
        "accuracy": movements(movement, "accuracy") if movement else None,
        "correlation": movements(movement, "MCC") if movement else None,
        "ranking": rankings(ranking) if ranking else None,
    }.get


def prices(rows: Rows) -> str:
    """A line for each forecast of a price: its error, and how many times that of the naive one it is."""
    said = {
        "naive": "naive: yesterday's price",
        "drift": "drift: goes on by the mean step",
        "RecurrentAttention": "recurrent network with attention",
    }
    lines = [
        [text, value(rows[f"{name}, error of the logarithm"], ".4f"), value(rows.get(f"{name} to naive"))]
        for name, text in said.items()
    ]
    return table(["", "error of the logarithm", "to naive"], lines)


def movements(rows: Rows, score: str) -> str:
    """A line for each rule and model, a column for each protocol."""
    lines = []
    for name, (text, accuracy, correlation) in MOVEMENTS.items():
        found = [rows.get(f"{name}, {score}"), rows.get(f"{name}, their protocol, {score}")]
        percent = score == "accuracy"
        cells = [value(each, ".1f", times=100, unit=" %") if percent else value(each) for each in found]
        lines.append([text, *cells, accuracy if percent else correlation])
    head = "accuracy" if score == "accuracy" else "Matthews' correlation"
    return table([head, "usual protocol", "that of the paper", "published"], lines)


def rankings(rows: Rows) -> str:
    """A line for each rule and model: squared error times ten thousand, reciprocal rank and return of the first."""
    lines = []
    for name, (text, published) in RANKINGS.items():
        errors, ranks, returns = (rows.get(f"{name}, {score}") for score in ("MSE", "MRR", "IRR"))
        lines.append([text, value(errors, ".2f", times=1e4), value(ranks), value(returns, ".2f"), published])
    return table(["", "MSE, times 10,000", "MRR", "IRR", "published"], lines)
