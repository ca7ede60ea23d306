"""Write a made-up log of a shop to rank offers with: `python examples/shop.py offers.csv`.

Every search shows some offers. Which of them sell depends on what they cost beside the others of the same search, on
their rating, and on chance; how much a search sells at all depends on the search. Nothing in it was sold by a shop.
"""

from __future__ import annotations

import argparse
import csv
import random


def offers(*, searches: int = 200, seed: int = 0) -> list[dict[str, str]]:
    """One row per offer: search, price, rating, days to deliver, and how many were sold."""
    chance = random.Random(seed)
    rows = []
    for number in range(searches):
        demand, level = chance.uniform(20, 60), chance.uniform(10, 100)
        for _ in range(chance.randint(6, 10)):
            price, rating = level * chance.uniform(0.7, 1.3), chance.uniform(1, 5)
            wanted = demand + 6 * (rating - 3) - 40 * (price / level - 1)
            rows.append(
                {
                    "search": f"s{number + 1}",
                    "price": f"{price:.2f}",
                    "price to mean": f"{price / level:.3f}",
                    "rating": f"{rating:.1f}",
                    "days": str(chance.randint(1, 9)),
                    "sold": f"{max(0.0, wanted + chance.gauss(0, 4)):.0f}",
                }
            )
    return rows


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("path", help="the CSV file to write")
    parser.add_argument("--searches", type=int, default=200)
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    rows = offers(searches=arguments.searches, seed=arguments.seed)
    with open(arguments.path, "w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)


if __name__ == "__main__":
    main()
