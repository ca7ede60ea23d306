"""Write made-up prices of stocks to try models on: `python examples/market.py prices.csv`.

One effect is planted, so that there is something to find: what a stock gained beyond the market, it half loses on the
next day. No real market is so kind, and nothing in this one was ever paid.
"""

from __future__ import annotations

import argparse
import csv
import math
import random
from datetime import date, timedelta

START = date(2020, 1, 6)


def prices(*, stocks: int = 20, days: int = 250, reversal: float = 0.5, seed: int = 0) -> list[dict[str, str]]:
    """One row per stock and working day: date, stock, close.

    Args:
        reversal: the share of yesterday's own gain that is lost today; 0 for a market in which nothing can be found.
    """
    chance = random.Random(seed)
    level = [math.log(chance.uniform(10, 200)) for _ in range(stocks)]
    own = [0.0] * stocks
    rows, day = [], START
    while len(rows) < stocks * days:
        market = chance.gauss(0.0003, 0.005)
        for number in range(stocks):
            own[number] = chance.gauss(0, 0.01) - reversal * own[number]
            level[number] += market + own[number]
            close = f"{math.exp(level[number]):.4f}"
            rows.append({"date": day.isoformat(), "stock": f"S{number + 1:02}", "close": close})
        day += timedelta(days=3 if day.weekday() == 4 else 1)
    return rows


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("path", help="the CSV file to write")
    parser.add_argument("--stocks", type=int, default=20)
    parser.add_argument("--days", type=int, default=250)
    parser.add_argument("--reversal", type=float, default=0.5, help="the planted effect; 0 for none")
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    rows = prices(stocks=arguments.stocks, days=arguments.days, reversal=arguments.reversal, seed=arguments.seed)
    with open(arguments.path, "w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)


if __name__ == "__main__":
    main()
