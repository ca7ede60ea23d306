"""Which stock gains most tomorrow? Ranking by a recurrent network, and by attention to stocks of the same industry.

Data and split: 1,026 NASDAQ stocks as Feng et al. 2019 prepared them: 740 days to learn from (after the first 16),
252 days to choose by and 237 days to judge by; five features of 16 days.

Protocol: the loss is theirs, which is that of `Ranking`: squared error of returns plus 0.1 times the hinge of every
pair of stocks of a day that stands the wrong way round. `Rank_LSTM`: an LSTM, its last state answers. `+ industry
attention`: GATv2 over stocks of the same industry reads the states of the trained `Rank_LSTM` of the same seed, which
stay as they are, as in the paper. The epoch is chosen by the validation loss; the test days are answered once. MSE, MRR
(of the stock ranked first, among all by their true return) and IRR (sum of the returns of the stock ranked first, one a
day, not compounded, without costs) are means over seeds, with intervals over days (2,000 bootstrap draws). Rules that
learn nothing stand beside: a return of 0 for all, which ranks them at random (exact expectation), yesterday's worst,
yesterday's best.

    python -m benchmarks.ranking --seeds 10
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from benchmarks.measure import RESULTS, Row, commit, timed, write
from benchmarks.nasdaq import Market, days, read
from salience.attention import GATv2
from salience.core.batch import Layout
from salience.core.seed import derive
from salience.models.encoders import Recurrent
from salience.models.pools import Last
from salience.tasks import Ranking

LOOK_BACK = 16
SETTINGS = {"width": 32, "epochs": 4, "learning_rate": 1e-3, "pairs": 0.1, "heads": 4, "graph_epochs": 6}
MODELS = ("Rank_LSTM", "+ industry attention")
PUBLISHED = {
    "Rank_LSTM": {"MSE": "3.79e-4", "MRR": "4.17e-2", "IRR": ".68"},
    "+ industry attention": {"MSE": "3.80e-4", "MRR": "3.17e-2", "IRR": ".23, RSR_I (industry)"},
}
RUNS = RESULTS / "runs" / "ranking.jsonl"


class RankLSTM(nn.Module):
    """The last state of a recurrent network over the days before."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.read = nn.Linear(5, width)
        self.encoder = Recurrent(width, directions=1)
        self.pool = Last(width)
        self.head = nn.Linear(width, 1)

    def state(self, window: Tensor) -> Tensor:
        """[N, T, F] -> [N, W]"""
        layout = Layout(torch.full((len(window),), window.shape[1]), window.shape[1])
        encoded = self.encoder(self.read(window), layout)
        return self.pool(encoded.values, encoded.layout)[0]

    def forward(self, window: Tensor) -> Tensor:
        return self.head(self.state(window))[:, 0]


class IndustryAttention(nn.Module):
    """What stocks of the same industry know, beside what a stock knows itself."""

    def __init__(self, width: int, edges: Tensor, *, heads: int) -> None:
        super().__init__()
        self.edges = edges
        self.attention = GATv2(width, heads=heads)
        self.head = nn.Linear(2 * width, 1)

    def forward(self, states: Tensor) -> Tensor:
        layout = Layout(torch.tensor([len(states)]), len(states), edges=self.edges)
        told, _ = self.attention(states[None], layout=layout)
        return self.head(torch.cat([states, told[0]], dim=-1))[:, 0]


def run(seed: int, market: Market) -> list[dict[str, Any]]:
    """Train both models of a seed and answer the test days."""
    torch.manual_seed(derive(seed, "ranking"))
    lstm = RankLSTM(SETTINGS["width"])

    def window(day: int) -> Tensor:
        return market.features[:, day - LOOK_BACK : day]

    first = _trained(lstm, lambda day: lstm(window(day)), market, SETTINGS["epochs"], seed)
    with torch.inference_mode():
        every = range(LOOK_BACK, market.returns.shape[1])
        states = {day: lstm.state(window(day)) for day in every}
    states = {day: each.clone() for day, each in states.items()}
    graph = IndustryAttention(SETTINGS["width"], market.edges, heads=SETTINGS["heads"])
    second = _trained(graph, lambda day: graph(states[day]), market, SETTINGS["graph_epochs"], seed)
    return [
        {"model": name, "seed": seed, "settings": SETTINGS, "commit": commit(), **each}
        for name, each in zip(MODELS, (first, second), strict=True)
    ]


def _trained(
    model: nn.Module, answer: Callable[[int], Tensor], market: Market, epochs: int, seed: int
) -> dict[str, Any]:
    """Train, keep the epoch with the least validation loss, and tell what it says about the test days."""
    optimizer = torch.optim.Adam(model.parameters(), lr=SETTINGS["learning_rate"])
    generator = np.random.default_rng(derive(seed, "days"))
    best: dict[str, Any] = {"validation": float("inf")}

    # A list is a day. Returns are learned as they are, and not on the scale of the training days, as in the paper.
    task = Ranking(list="day", weight=SETTINGS["pairs"]).restore({"mean": 0.0, "deviation": 1.0})

    def of_day(day: int) -> Tensor:
        known = market.both_known(day)
        returns = market.returns[known, day]
        return task.loss(answer(day)[known, None], torch.stack([returns, torch.zeros_like(returns)], dim=1))

    def work() -> None:
        for epoch in range(1, epochs + 1):
            for day in generator.permutation(days("train", look_back=LOOK_BACK)).tolist():
                optimizer.zero_grad()
                of_day(day).backward()
                optimizer.step()
            with torch.inference_mode():
                validation = np.mean([of_day(day).item() for day in days("validation", look_back=LOOK_BACK)])
            if validation < best["validation"]:
                state = {name: each.clone() for name, each in model.state_dict().items()}
                best.update(validation=float(validation), epoch=epoch, state=state)

    seconds = timed(work).cpu
    model.load_state_dict(best.pop("state"))
    with torch.inference_mode():
        said = np.stack([answer(day).numpy() for day in days("test", look_back=LOOK_BACK)])
    return {**best, "core_seconds": round(seconds, 1), **judged(said, market)}


def judged(said: np.ndarray, market: Market) -> dict[str, list[float]]:
    """Per test day: mean squared error, 1 / rank of the stock ranked first, and its return. `said`: [days, N]."""
    from salience.evaluation.ranking_scores import ranking_statistics

    found: dict[str, list[float]] = {"MSE": [], "MRR": [], "IRR": []}
    for predicted, day in zip(said, days("test", look_back=LOOK_BACK), strict=True):
        known = market.both_known(day).numpy()
        returns, one = market.returns[:, day].numpy()[known].astype(float), np.ones((1, int(known.sum())))
        scores = ranking_statistics(predicted[known].astype(float), returns, np.zeros(len(returns)), top=1)
        found["MSE"].append(float(scores["rmse"](one)[0]) ** 2)
        found["MRR"].append(float(scores["mrr"](one)[0]))
        found["IRR"].append(float(scores["first_gain"](one)[0]))
    return {name: [float(f"{each:.5g}") for each in values] for name, values in found.items()}


def rules(market: Market) -> dict[str, dict[str, list[float]]]:
    """What models are compared with."""
    asked = days("test", look_back=LOOK_BACK)
    before = np.stack([market.returns[:, day - 1].numpy() for day in asked])
    return {
        "0 for all, a stock at random": judged(np.zeros_like(before), market),
        "yesterday's worst": judged(-before, market),
        "yesterday's best": judged(before, market),
    }


def summarise(market: Market) -> list[Row]:
    """Mean over seeds and its interval over days, for each model and rule, and what attention adds."""
    known = {name: [each for each in records() if each["model"] == name] for name in MODELS}
    said: dict[str, dict[str, np.ndarray]] = {
        name: {what: np.array(each) for what, each in found.items()} for name, found in rules(market).items()
    }
    for name, runs in known.items():
        if runs:
            said[name] = {what: np.mean([each[what] for each in runs], axis=0) for what in ("MSE", "MRR", "IRR")}
    rows = []
    for name, found in said.items():
        seeds = f"{len(known[name])} seeds" if name in known else ""
        for what, each in found.items():
            # A sum over days is the mean times their number.
            rows.append(_row(f"{name}, {what}", each * (len(each) if what == "IRR" else 1), seeds, name, what))
    if all(name in said for name in MODELS):
        for what in ("MSE", "MRR", "IRR"):
            each = said[MODELS[1]][what] - said[MODELS[0]][what]
            rows.append(_row(f"what industry attention adds, {what}", each * (len(each) if what == "IRR" else 1)))
    return rows


def _row(name: str, each: np.ndarray, seeds: str = "", model: str = "", what: str = "") -> Row:
    from salience.evaluation import Bootstrap
    from salience.evaluation.bootstrap import mean

    score = Bootstrap(2000).estimate(mean(each), len(each))
    published = PUBLISHED.get(model, {}).get(what)
    note = "; ".join(filter(None, (seeds, "interval over days", published and f"published: {published}")))
    return Row(name, score.value, "", score.low, score.high, note=note)


def records() -> list[dict[str, Any]]:
    """All runs so far with the present settings."""
    lines = RUNS.read_text(encoding="utf-8").splitlines() if RUNS.exists() else []
    return [each for each in map(json.loads, lines) if each["settings"] == SETTINGS]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=10)
    market = read()
    for seed in range(parser.parse_args().seeds):
        if not any(each["seed"] == seed for each in records()):
            with RUNS.open("a", encoding="utf-8") as file:
                for record in run(seed, market):
                    file.write(json.dumps(record) + "\n")
                    print(record["model"], seed, f"{record['core_seconds']:.0f} s", np.sum(record["IRR"]), flush=True)
    write("ranking", summarise(market), settings=SETTINGS, published=PUBLISHED)


if __name__ == "__main__":
    main()
