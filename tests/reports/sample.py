"""Reports as a training run would fill them, made up: English film reviews, Chinese orders, and hostile text."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import fields, is_dataclass, replace
from typing import Any

from salience.core.place import Heat, Span, Unit
from salience.evaluation.score import Score
from salience.reports.content import (
    Calibration,
    CalibrationBin,
    ClassRow,
    Command,
    Confusion,
    CurvePoint,
    DataFile,
    Epoch,
    Fact,
    Finding,
    History,
    Method,
    MethodProof,
    Proof,
    ReportContent,
    ScoreRow,
    ShownExample,
    Side,
    Split,
    TellingClass,
    TellingUnit,
)

RECEIVED = Method(
    "received attention", "the share of its attention that the model gave to each word; all words have 100%.", False
)
GRADIENT = Method(
    "gradient x input",
    "how fast the log-odds change when the word is scaled; positive speaks for the prediction.",
    True,
)
INTEGRATED = Method(
    "integrated gradients", "how the log-odds add up from an empty text; positive speaks for the prediction.", True
)
LEFT_OUT = Method(
    "leave-one-out", "how far the log-odds fall when the word is taken away; positive speaks for the prediction.", True
)
METHODS = (RECEIVED, GRADIENT, INTEGRATED, LEFT_OUT)

# How much a word speaks for "positive" (above 0) or "negative" in the made-up model.
LEANING = {
    "superb": 2.6, "quietly": 0.7, "moving": 1.9, "love": 1.8, "funny": 1.5, "warm": 1.1, "gorgeous": 2.2, "best": 1.4,
    "wonderful": 2.1, "patient": 0.9, "earns": 0.8, "dull": -2.4, "mess": -2.2, "waste": -2.7, "boring": -2.3,
    "thin": -1.1, "flat": -1.6, "worst": -2.6, "not": -0.9, "never": -0.8, "tired": -1.4, "nothing": -1.0,
    "sadly": -0.9, "clumsy": -1.5,
    "好吃": 2.4, "很快": 1.6, "新鲜": 1.5, "热情": 1.3, "推荐": 1.9, "不错": 1.4, "满意": 1.8, "难吃": -2.6,
    "太慢": -2.2, "凉": -1.8, "失望": -2.1, "不": -0.6, "差": -1.9, "少": -1.0, "油腻": -1.4,
}  # fmt: skip

CONFIG = """\
inputs: {review: Text}
target: label
model:
  encoder: {Recurrent: {width: 64}}
  pool: {AttentionPool: {mechanism: Additive}}
train: {epochs: 10, seed: 0}
"""

REVIEWS = (
    (
        "1042",
        "The plot is thin, but the two leads are superb, and the last half hour is quietly moving. "
        "I would love to see it again with my sister, who never cries.",
        "positive",
    ),
    (
        "2317",
        "Two hours of my life I will never get back. A dull, clumsy mess: nothing in it is funny, "
        "and the songs are the worst I have heard this year.",
        "negative",
    ),
    (
        "0518",
        "Not the waste of time that my friends promised me! It is warm, patient and, against all odds, funny.",
        "positive",
    ),
    (
        "3990",
        "Gorgeous to look at. Sadly that is where it ends; the story is flat, the jokes are tired,\n"
        "and even the wonderful score cannot hide it.",
        "negative",
    ),
    ("0077", "I went in for the dog. I stayed for the dog.", "positive"),
    (
        "1288",
        '"Best picture"? <b>Really?</b> & yet ... the crowd I saw it with seemed to love it. Boring.',
        "negative",
    ),
)

ORDERS = (
    ("00214", "送餐很快,包装也干净,牛肉面很好吃,汤还是热的。老板热情,下次还会点,推荐!", "好评"),
    ("01877", "等了一个半小时,太慢了。菜都凉了,米饭又硬又少,非常失望。", "差评"),
    ("03051", "味道不错,就是有点油腻,分量也少,不过骑手态度很好,总体满意。", "好评"),
    ("02640", "第一次点这家,没想到这么难吃,服务也差,不会再来。", "差评"),
)


def english() -> ReportContent:
    """A classifier of film reviews whose attention passes."""
    shown = [_example(row, text, target, "review", ("negative", "positive")) for row, text, target in REVIEWS]
    shown[0], shown[4] = replace(shown[0], note="typical"), replace(shown[4], note="least sure")
    return ReportContent(
        title="Sentiment of film reviews",
        created="21 November 2025, 14:05",
        headline=(
            "It tells from a review whether it is positive, and is right for 91% of the reviews it has never seen.",
            "Always answering “positive” would be right for 51%; a word-count model reaches 86%.",
        ),
        facts=(
            Fact("Accuracy on test", "0.912", "0.893–0.930 on 900 reviews"),
            Fact("Best baseline", "0.861", "word counts, logistic regression"),
            Fact("Skill of the highlights", "0.81", "0 is random, 1 the best post-hoc method"),
            Fact("Trained in", "2 min 12 s", "2 CPU cores, no graphics card"),
        ),
        methods=METHODS,
        examples=tuple(shown),
        proof=proof(),
        scores=(
            *_beside("accuracy", Score(0.912, 0.893, 0.930), Score(0.861, 0.838, 0.883), Score(0.510, 0.478, 0.543)),
            *_beside("macro F1", Score(0.912, 0.892, 0.930), Score(0.860, 0.836, 0.882), Score(0.338, 0.323, 0.352)),
            ScoreRow("AUROC", "test", Score(None, reason="only one class occurs"), note="of the answers in Welsh"),
        ),
        classes=(
            _class_row("negative", Score(0.921, 0.894, 0.946), Score(0.898, 0.869, 0.926), 441),
            _class_row("positive", Score(0.904, 0.876, 0.930), Score(0.926, 0.901, 0.949), 459),
        ),
        confusion=Confusion(("negative", "positive"), ((396, 45), (34, 425))),
        calibration=Calibration(
            _bins(),
            Score(0.021, 0.014, 0.034),
            Score(0.067, 0.054, 0.081),
            "Temperature 1.62, fitted on validation rows.",
        ),
        telling=(
            TellingClass("positive", _telling({"superb": 0.31, "moving": 0.24, "gorgeous": 0.22, "funny": 0.17})),
            TellingClass("negative", _telling({"waste": 0.34, "dull": 0.29, "worst": 0.28, "boring": 0.26})),
        ),
        inferred=(
            "The column “review” is text: 231 characters on average, English words.",
            "The column “label” is the target: 2 classes, so this is classification.",
            "The column “id” is different in every row and was left out.",
        ),
        findings=(
            Finding("warning", "38 reviews occur more than once; copies were kept on one side of the split."),
            Finding("note", "12 rows have no text and were left out."),
            Finding("ok", "No column besides the text tells the label."),
        ),
        split=Split(
            (Side("train", 4200), Side("validation", 900), Side("test", 900)),
            "By a hash of the row's text, so that the same review is always on the same side.",
        ),
        history=_history(),
        intended_use="To sort film reviews in English for reading. Not to judge people, nor for texts of other kinds.",
        limits=(
            "Irony and reviews shorter than five words are often wrong.",
            "The importance was checked by removing words, on 256 reviews of the test side.",
        ),
        data_files=(DataFile("reviews.csv", "9f86d081884c7d65" * 4, 6012, 1_482_190),),
        config=CONFIG,
        environment=(
            Fact("salience", "0.1.0"),
            Fact("torch", "2.13.0", "CPU build"),
            Fact("Python", "3.11.7"),
            Fact("Seed", "0"),
        ),
        commands=(
            Command("salience fit runs/2025-11-21-reviews/config.yaml", "Train it again, to the same numbers"),
            Command("salience predict runs/2025-11-21-reviews new.csv", "Predict new rows"),
        ),
    )


def chinese() -> ReportContent:
    """A classifier of takeaway orders, whose attention misleads, with fewer parts measured."""
    told = "Do not use this attention as an explanation: it points away from what drives the answer."
    misleading = _method(RECEIVED.name, 0.1, -0.31, "misleading", told)
    passing = proof()
    return ReportContent(
        title="外卖评论",
        created="21 November 2025, 15:30",
        headline=("It tells a good takeaway review from a bad one, and is right for 84% of 600 new reviews.",),
        methods=METHODS[:2],
        examples=tuple(_example(row, text, target, "评论", ("差评", "好评")) for row, text, target in ORDERS),
        proof=replace(
            passing, verdict="misleading", sentence=told, methods=(misleading, *passing.methods[1:]), guards=()
        ),
        telling=(TellingClass("好评", _telling({"好吃": 0.28, "推荐": 0.2, "很快": 0.14})), TellingClass("差评", ())),
        confusion=Confusion(("差评", "好评"), ((240, 61), (35, 264))),
    )


def tickets() -> ReportContent:
    """A classifier of two columns into fourteen classes, too many for a matrix; the importance was never checked."""
    names = tuple(f"department {number}" for number in range(1, 15))
    cells = {"subject": "Invoice 4711 is wrong", "body": "You billed me twice.\tPlease correct it.", "priority": "3"}
    words = {"invoice": 0.4, "billed": 0.3, "twice": 0.2, "wrong": 0.1}
    shown = ShownExample(
        row_id="17",
        cells=cells,
        prediction=names[0],
        target=names[12],
        correct=False,
        probability=0.3,
        probabilities={name: 0.3 if name == names[0] else 0.7 / 13 for name in names},
        heats={RECEIVED.name: (*heats("subject", cells["subject"], words), *heats("body", cells["body"], words))},
    )
    unmeasured = replace(shown, row_id="18", heats={}, target=None, correct=None)
    counts = tuple(tuple(90 if row == column else (7 * row + column) % 5 for column in range(14)) for row in range(14))
    return ReportContent(
        title="Support tickets",
        created="22 November 2025, 09:00",
        headline=("It sends a ticket to one of fourteen departments.",),
        methods=(RECEIVED,),
        examples=(shown, unmeasured),
        confusion=Confusion(names, counts),
    )


def bare() -> ReportContent:
    """The least that a report can hold."""
    return ReportContent(title="A model", created="today", headline=("It predicts something.",))


def many(examples: int, *, words: int) -> ReportContent:
    """A report with many long examples: only a few words of each matter."""
    tokens = [f"w{index * 104729 % 9973}" for index in range(words)]
    for rank, index in enumerate(range(11, words, max(words // 9, 12))):
        tokens[index] = ("superb", "dull", "moving", "waste")[rank % 4]
    one = _example("0", " ".join(tokens), "positive", "review", ("negative", "positive"))
    return replace(english(), examples=tuple(replace(one, row_id=str(number)) for number in range(examples)))


def proof() -> Proof:
    """Attention that passes, with the post-hoc methods and the random order beside it."""
    return Proof(
        verdict="pass",
        sentence="Removing the words with most attention changes the answer almost as fast as the best post-hoc order "
        "does (skill 0.81, 0.74 to 0.88).",
        methods=(
            _method(RECEIVED.name, 3.1, 0.81, "pass", "Its order can be trusted."),
            _method(GRADIENT.name, 2.4, 0.55, "weak", "It finds some of the words that matter."),
            _method(INTEGRATED.name, 3.7, 0.97, "pass", "Its order can be trusted."),
            _method(LEFT_OUT.name, 3.8, 1.0, "pass", "The best order that was tried."),
            _method("random order", 0.4, 0.0, "", ""),
        ),
        shown=RECEIVED.name,
        best=LEFT_OUT.name,
        reference="random order",
        count=256,
        seed=0,
        operator="the word is replaced by the unknown token; nothing is tokenised again",
        scale="log-odds of the answer",
        guards=(
            Finding("ok", "Two ways to remove a word (replaced, deleted) agree."),
            Finding("warning", "With 20% of the words removed at random, accuracy falls by 11 points."),
            Finding("note", "9 inputs with fewer than 4 words were left out."),
        ),
    )  # fmt: skip


def hostile(attack: str) -> ReportContent:
    """A full report in which every text, everywhere, is an attack."""
    content = english()
    heats = {attack: (Heat(Unit(attack, attack, Span(0, len(attack))), 0.7),)}
    example = ShownExample(
        attack, {attack: attack}, attack, attack, False, 0.5, {attack: 0.5, "other": 0.5}, heats, attack
    )
    attacked = _replaced(replace(content, methods=(), examples=()), attack)
    # One name everywhere, so that the methods, the proof and the examples still belong together.
    return replace(
        attacked, methods=(Method(attack, attack, True), Method("second", attack, False)), examples=(example,) * 12
    )


def heats(column: str, text: str, scores: Mapping[str, float]) -> tuple[Heat, ...]:
    """Heats for every word of `text`; words that `scores` does not name get 0."""
    return tuple(Heat(Unit(column, text[a:b], Span(a, b)), scores.get(text[a:b].lower(), 0.0)) for a, b in _words(text))


def _replaced(value: Any, attack: str) -> Any:
    if isinstance(value, str):
        return attack
    if isinstance(value, Score):
        return value if value.value is not None else replace(value, reason=attack)
    if is_dataclass(value) and not isinstance(value, type):
        return replace(value, **{each.name: _replaced(getattr(value, each.name), attack) for each in fields(value)})
    return tuple(_replaced(each, attack) for each in value) if isinstance(value, tuple) else value


def _words(text: str) -> list[tuple[int, int]]:
    known = "|".join(sorted((word for word in LEANING if not word.isascii()), key=len, reverse=True))
    return [match.span() for match in re.finditer(rf"{known}|[A-Za-z0-9']+|[\u4e00-\u9fff]", text)]


def _example(row: str, text: str, target: str, column: str, classes: tuple[str, str]) -> ShownExample:
    spans = _words(text)
    leaning = [LEANING.get(text[start:stop].lower(), 0.02 * math.sin(start)) for start, stop in spans]
    positive = 1 / (1 + math.exp(-sum(leaning)))
    prediction = classes[positive > 0.5]
    towards = [each if positive > 0.5 else -each for each in leaning]
    units = [Unit(column, text[start:stop], Span(start, stop)) for start, stop in spans]
    raised = [math.exp(abs(each)) for each in leaning]
    by = {
        RECEIVED.name: [each / sum(raised) for each in raised],
        GRADIENT.name: [each * (0.6 + 0.4 * math.cos(3 * rank)) for rank, each in enumerate(towards)],
        INTEGRATED.name: towards,
        LEFT_OUT.name: [0.9 * each for each in towards],
    }
    return ShownExample(
        row_id=row,
        cells={column: text},
        prediction=prediction,
        target=target,
        correct=prediction == target,
        probability=max(positive, 1 - positive),
        probabilities={classes[0]: 1 - positive, classes[1]: positive},
        heats={
            name: tuple(Heat(unit, score) for unit, score in zip(units, scores, strict=True))
            for name, scores in by.items()
            if column == "review" or name in (RECEIVED.name, GRADIENT.name)
        },
    )


def _method(name: str, strength: float, skill: float, verdict: str, sentence: str) -> MethodProof:
    shares = [0.0, 0.05, 0.1, 0.2, 0.35, 0.5, 0.75, 1.0]
    fall = [4.1 * math.exp(-strength * share * 1.6) - 0.8 * share for share in shares]
    rise = [-0.8 + 4.9 * (1 - math.exp(-strength * share * 2.1)) / (1 - math.exp(-strength * 2.1)) for share in shares]
    return MethodProof(
        name=name,
        comprehensiveness=Score(strength, strength - 0.2, strength + 0.2),
        sufficiency=Score(2.0 - strength / 3, 1.9 - strength / 3, 2.1 - strength / 3),
        fraction_to_flip=Score(0.6 / (1 + strength), 0.5 / (1 + strength), 0.7 / (1 + strength)),
        skill=Score(skill, skill - 0.07, skill + 0.07) if verdict else None,
        verdict=verdict,
        sentence=sentence,
        deletion=tuple(CurvePoint(x, y, y - 0.22, y + 0.22) for x, y in zip(shares, fall, strict=True)),
        insertion=tuple(CurvePoint(x, y, y - 0.22, y + 0.22) for x, y in zip(shares, rise, strict=True)),
    )


def _beside(name: str, own: Score, counts: Score, frequent: Score) -> tuple[ScoreRow, ...]:
    return (
        ScoreRow(name, "test", own),
        ScoreRow(name, "test", counts, baseline="word counts", note="logistic regression"),
        ScoreRow(name, "test", frequent, baseline="most frequent class"),
    )


def _class_row(name: str, precision: Score, recall: Score, count: int) -> ClassRow:
    return ClassRow(name, precision, recall, Score(0.91, 0.89, 0.93), count)


def _bins() -> tuple[CalibrationBin, ...]:
    right = (0.53, 0.59, 0.69, 0.74, 0.86, 0.84, 0.93, 0.985)
    counts = (31, 28, 40, 44, 66, 82, 131, 478)
    return tuple(
        CalibrationBin(0.53 + 0.0625 * rank, share, n)
        for rank, (share, n) in enumerate(zip(right, counts, strict=True))
    )


def _telling(scores: Mapping[str, float]) -> tuple[TellingUnit, ...]:
    return tuple(TellingUnit(text, score, round(180 * score)) for text, score in scores.items())


def _history() -> History:
    scores = (0.712, 0.823, 0.861, 0.884, 0.897, 0.909, 0.905, 0.911, 0.908, 0.907)
    epochs = tuple(
        Epoch(n, 0.69 * 0.76**n + 0.04, score, 1e-3 * 0.9**n, 12.4 + n / 10, score == max(scores[:n]))
        for n, score in enumerate(scores, 1)
    )
    return History("accuracy", epochs, "Stopped after ten epochs; the eighth was kept.")
