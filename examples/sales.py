"""Write a long table of made-up sales to try forecasts on: `python examples/sales.py sales.csv`.

Three shops have a wave of seven days, and sell less where the price is high and more where there is a promotion, of
either kind. Every shop follows what it sold a week ago, so that a look back of a week tells most. Nothing in it was
sold by a shop.
"""

from __future__ import annotations

import argparse
import csv
import math
import random
from datetime import date, timedelta

SHOPS = {"north": 30.0, "south": 50.0, "west": 80.0}
REGIONS = {"north": "hills", "south": "coast", "west": "coast"}
PROMOTIONS = {"": 0.0, "leaflet": 4.0, "two for one": 9.0}
START = date(2023, 1, 2)


def sales(*, days: int = 365, seed: int = 0) -> list[dict[str, str]]:
    """One row per shop and day: shop, region, day, price, promotion, sold."""
    chance, luck = random.Random(seed), random.Random(seed + 1)
    rows = []
    for shop, level in SHOPS.items():
        before = [level] * 7
        for number in range(days):
            price = chance.choice((2.0, 2.0, 2.5, 3.0))
            promotion = luck.choice(("", "", "", "", "leaflet", "two for one"))
            weekend = 8 * math.sin(2 * math.pi * (number % 7) / 7)
            sold = 0.5 * before[-7] + 0.5 * level + weekend - 6 * (price - 2) + chance.gauss(0, 1)
            before.append(sold)
            sold += PROMOTIONS[promotion]
            row = {"shop": shop, "region": REGIONS[shop], "day": (START + timedelta(days=number)).isoformat()}
            rows.append({**row, "price": f"{price:g}", "promotion": promotion, "sold": f"{sold:.1f}"})
    return rows


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("path", help="the CSV file to write")
    parser.add_argument("--days", type=int, default=365)
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    rows = sales(days=arguments.days, seed=arguments.seed)
    with open(arguments.path, "w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)


if __name__ == "__main__":
    main()
