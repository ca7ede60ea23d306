"""Write a table of made-up hotel reviews to try things on: `python examples/reviews.py reviews.csv`.

Every review has a few sentences that say nothing about its label and a few that praise or blame something; the label is
what most of these do. Nothing in it was written by a guest. `--language zh` writes the same in Chinese.
"""

from __future__ import annotations

import argparse
import csv
import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Language:
    """The parts of a review. A frame has two places: for a thing and for what is said of it."""

    things: Sequence[str]
    praise: Sequence[str]
    blame: Sequence[str]
    frames: Sequence[str]
    neutral: Sequence[str]
    labels: tuple[str, str]  # of blame, of praise
    between: str


ENGLISH = Language(
    things=("room", "bed", "breakfast", "bathroom", "view", "restaurant", "lobby", "pool", "service", "terrace"),
    praise=(
        "lovely", "excellent", "a delight", "wonderful", "superb", "a treat", "perfect", "splendid", "a joy",
        "delightful",
    ),
    blame=(
        "dreadful", "a letdown", "dismal", "disappointing", "awful", "a mess", "unpleasant", "terrible", "a nuisance",
        "poor",
    ),
    frames=("The {} was {}.", "We found the {} {}.", "To us the {} seemed {}.", "This time the {} was {}."),
    neutral=(
        "We stayed for two nights in June.", "Our train came in late.", "There were four of us.",
        "It was our second visit to the town.", "The hotel stands next to the station.", "We paid by card.",
        "Breakfast is served until ten.", "Our room was on the third floor.", "It rained on the first day.",
        "We had booked a month before.", "The lift was near the door.", "In the evening we went for a walk.",
        "Someone at the desk gave us a map.", "We left on Sunday morning.", "The keys are plastic cards.",
    ),
    labels=("negative", "positive"),
    between=" ",
)  # fmt: skip

CHINESE = Language(
    things=("房间", "早餐", "服务", "前台", "卫生间", "大床", "餐厅", "泳池", "大堂", "阳台"),
    praise=("很好", "让人满意", "非常不错", "超出预期", "无可挑剔", "令人惊喜", "值得称赞", "堪称完美"),
    blame=("很差", "让人失望", "太糟糕了", "一塌糊涂", "令人生气", "不敢恭维", "名不副实", "糟糕透顶"),
    frames=("{}{}。", "这次的{}{}。", "我们觉得{}{}。", "要说{}，真的{}。"),
    neutral=(
        "我们六月住了两晚。", "一家四口一起来的。", "火车晚点了一个小时。", "酒店就在车站旁边。", "房间在三楼。",
        "早餐到十点结束。", "第一天下雨。", "提前一个月订的房。", "晚上出去散步。", "前台给了一张地图。",
        "周日上午退的房。", "房卡要插在门边。", "这是第二次来这座城市。", "行李放在大堂。",
    ),
    labels=("差评", "好评"),
    between="",
)  # fmt: skip

LANGUAGES: Mapping[str, Language] = {"en": ENGLISH, "zh": CHINESE}


def reviews(*, rows: int = 1000, language: str = "en", seed: int = 0) -> list[dict[str, str]]:
    """As many rows with a `text` and a `label`; equal seeds give equal rows."""
    source, parts = random.Random(seed), LANGUAGES[language]
    return [_review(source, parts) for _ in range(rows)]


def write(path: str, table: Sequence[Mapping[str, str]]) -> None:
    """Write the rows as CSV."""
    with open(path, "w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, ["text", "label"], lineterminator="\n")
        writer.writeheader()
        writer.writerows(table)


def _review(source: random.Random, parts: Language) -> dict[str, str]:
    pleased = source.random() < 0.5
    # An odd number, so that there is always a majority.
    opinions = [(source.random() < 0.8) == pleased for _ in range(source.choice((3, 5)))]
    things = source.sample(parts.things, k=len(opinions))
    told = [
        source.choice(parts.frames).format(thing, source.choice(parts.praise if good else parts.blame))
        for thing, good in zip(things, opinions, strict=True)
    ]
    sentences = told + source.sample(parts.neutral, k=source.randint(2, 4))
    source.shuffle(sentences)
    return {"text": parts.between.join(sentences), "label": parts.labels[sum(opinions) * 2 > len(opinions)]}


def main() -> None:
    """The command line."""
    command = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    command.add_argument("path", help="the CSV file to write")
    command.add_argument("--rows", type=int, default=1000)
    command.add_argument("--language", choices=sorted(LANGUAGES), default="en")
    command.add_argument("--seed", type=int, default=0)
    words = command.parse_args()
    write(words.path, reviews(rows=words.rows, language=words.language, seed=words.seed))


if __name__ == "__main__":
    main()
