"""Tiny made-up texts whose right answer and right place to look are known.

Signal words are planted at random places among words that mean nothing to the answer. A model that has learned the rule
looks at the planted words; `evidence` holds their places.
"""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence

import pandas

from salience.core.errors import ConfigError
from salience.core.place import Span

POSITIVE = ("superb", "lovely", "brilliant", "charming", "delightful", "splendid", "touching", "witty")
NEGATIVE = ("awful", "dreadful", "tedious", "clumsy", "boring", "hollow", "messy", "lifeless")
VALUES = {
    "flawless": 3.0,
    "great": 2.0,
    "good": 1.0,
    "decent": 0.5,
    "mediocre": -0.5,
    "weak": -1.0,
    "poor": -2.0,
    "worthless": -3.0,
}
"""What each signal word of `planted_regression` adds to the score."""
FILLER = (
    "the", "a", "this", "that", "film", "story", "actor", "camera", "scene", "evening", "ticket", "music", "city",
    "street", "summer", "winter", "house", "morning", "voice", "letter", "garden", "window", "paper", "table",
    "train", "river", "because", "while", "after", "before", "under", "with", "about", "and", "then", "when", "we",
    "they", "she", "he", "saw", "took", "went", "found", "told", "asked", "walked", "opened", "closed", "turned",
    "early", "late", "again", "once", "there", "here", "somewhere",
)  # fmt: skip
POSITIVE_CHINESE = ("出色", "动人", "优秀", "满意", "喜欢", "完美")
NEGATIVE_CHINESE = ("无聊", "糟糕", "失望", "难看", "讨厌", "拖沓")
FILLER_CHINESE = (
    "我们", "昨天", "晚上", "电影", "朋友", "一起", "街上", "火车", "城市", "后来", "音乐", "房间", "窗户", "早上",
    "桌子", "他们", "已经", "时候", "故事", "演员", "镜头", "夏天", "花园", "因为", "所以", "然后", "这里", "那里",
    "走路", "打开",
)  # fmt: skip


def planted_sentiment(*, rows: int = 1000, seed: int = 0) -> pandas.DataFrame:
    """English texts of 14 to 30 words with two to five signal words; the majority of these is the label.

    Returns:
        Columns `text`, `label` (`negative` or `positive`, equally many up to one) and `evidence` (a list with the
        `Span` of every signal word, in order).

    Raises:
        ConfigError: `rows` is not positive.
    """
    return _sentiment(rows, seed, FILLER, POSITIVE, NEGATIVE, between=" ")


def planted_chinese(*, rows: int = 1000, seed: int = 0) -> pandas.DataFrame:
    """The same as `planted_sentiment` in Chinese, where no space separates the words."""
    return _sentiment(rows, seed, FILLER_CHINESE, POSITIVE_CHINESE, NEGATIVE_CHINESE, between="")


def planted_regression(*, rows: int = 1000, seed: int = 0) -> pandas.DataFrame:
    """English texts of 14 to 30 words with two to five signal words; the score is the sum of their `VALUES`.

    Returns:
        Columns `text`, `score` and `evidence` (a list with the `Span` of every signal word, in order).

    Raises:
        ConfigError: `rows` is not positive.
    """
    source = _source(rows, seed)
    table = []
    for _ in range(rows):
        signals = source.choices(list(VALUES), k=source.randint(2, 5))
        text, evidence = _planted(source, FILLER, signals, between=" ")
        table.append((text, sum(VALUES[each] for each in signals), evidence))
    return pandas.DataFrame(table, columns=["text", "score", "evidence"])


def _sentiment(
    rows: int, seed: int, filler: Sequence[str], positive: Sequence[str], negative: Sequence[str], *, between: str
) -> pandas.DataFrame:
    source = _source(rows, seed)
    words: Mapping[str, Sequence[str]] = {"negative": negative, "positive": positive}
    labels = [("negative", "positive")[row % 2] for row in range(rows)]
    source.shuffle(labels)
    table = []
    for label in labels:
        other = "positive" if label == "negative" else "negative"
        count = source.randint(2, 5)
        majority = source.randint(count // 2 + 1, count)
        signals = source.choices(words[label], k=majority) + source.choices(words[other], k=count - majority)
        text, evidence = _planted(source, filler, signals, between=between)
        table.append((text, label, evidence))
    return pandas.DataFrame(table, columns=["text", "label", "evidence"])


def _source(rows: int, seed: int) -> random.Random:
    if rows < 1:
        raise ConfigError(f"expected at least one row, got {rows}")
    return random.Random(seed)


def _planted(
    source: random.Random, filler: Sequence[str], signals: Sequence[str], *, between: str
) -> tuple[str, list[Span]]:
    """A text of 14 to 30 words with `signals` among them in random order, and where these stand."""
    size = source.randint(14, 30)
    words = [(each, True) for each in signals] + [(source.choice(filler), False) for _ in range(size - len(signals))]
    source.shuffle(words)
    evidence, start = [], 0
    for word, planted in words:
        if planted:
            evidence.append(Span(start, start + len(word)))
        start += len(word) + len(between)
    return between.join(word for word, _ in words), evidence
