"""Write the figures of `benchmarks/results` into the README files, so that no number is typed by hand.

Everything between `<!-- figures -->` and `<!-- /figures -->` is replaced. A benchmark without a result is left out.

    python -m benchmarks.figures
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

RESULTS = Path(__file__).parent / "results"
PAGES = {"README.md": "en", "README.zh.md": "zh"}
MARKED = re.compile(r"(<!-- figures -->\n).*?(<!-- /figures -->)", re.DOTALL)
Result = Mapping[str, Any]

WORDS: Mapping[str, Mapping[str, str]] = {
    "en": {
        "accuracy": "Accuracy on the test rows of public data sets:",
        "data": "Data set",
        "ours": "salience (95 % interval over seeds)",
        "linear": "Best linear model",
        "same": "Always one class",
        "minutes": "Training on one core",
        "others": "What has a bar to reach, in CPU time:",
        "what": "What",
        "value": "Measured (quartiles)",
        "bar": "Bar",
        "machine": "Measured by the scripts in `benchmarks/` on {cpu}, {threads} thread, torch {torch}. "
        "All figures, with date and commit, lie in `benchmarks/results/`.",
        "minute": "{} min",
    },
    "zh": {
        "accuracy": "公开数据集测试集上的准确率：",
        "data": "数据集",
        "ours": "salience（多个种子的 95 % 区间）",
        "linear": "最好的线性模型",
        "same": "总猜同一类",
        "minutes": "单核训练时间",
        "others": "设有达标线的指标（CPU 时间）：",
        "what": "指标",
        "value": "实测（四分位）",
        "bar": "达标线",
        "machine": "由 `benchmarks/` 中的脚本测得：{cpu}，{threads} 线程，torch {torch}。"
        "全部数字及其日期和提交号见 `benchmarks/results/`。",
        "minute": "{} 分钟",
    },
}
#: The rows that a reader of the README should find, in words that need no explanation.
SPOKEN: Mapping[str, tuple[str, str]] = {
    "rows a second of our loop, of a bare loop's, cpu time": (
        "training speed, compared with a bare PyTorch loop",
        "训练速度，与手写 PyTorch 循环相比",
    ),
    "rows a second with batches of similar length, of those padded to 800, cpu time": (
        "training speed by batches of similar length, compared with padding to the maximum",
        "按长度分批的训练速度，与统一补齐到最大长度相比",
    ),
    "rows a second of Pipeline.stream, of the bare model's in the order of the file, cpu time": (
        "answers per second from raw text, compared with the bare model in the order of the file",
        "从原文开始的预测速度，与按文件顺序只跑模型相比",
    ),
    "received to prediction, 20 words, cpu time": (
        "prediction with importance, compared with prediction alone, 20 words",
        "带重要性的预测耗时，与单纯预测相比，20 词",
    ),
    "received to prediction, 100 words, cpu time": ("the same, 100 words", "同上，100 词"),
    "received to prediction, 400 words, cpu time": ("the same, 400 words", "同上，400 词"),
    "failure": (
        "hostile files, configs and models that ended in anything but an answer or a located error",
        "恶意构造的文件、配置和模型中，既没有答案也没有明确报错的情况",
    ),
    "growth of memory after the first 50,000 rows": (
        "growth of memory while a million rows are answered",
        "预测一百万行时内存的增长",
    ),
    "salience --help, cpu time": ("`salience --help`", "`salience --help`"),
    "import salience adds, cpu time": ("`import salience`", "`import salience`"),
    "salience demo, cpu time": ("`salience demo`, from nothing to the report", "`salience demo`，从零到报告"),
}


def main() -> None:
    """Bring all README files up to date."""
    root = Path(__file__).parents[1]
    for name, language in PAGES.items():
        page = root / name
        page.write_text(filled(page.read_text(encoding="utf-8"), results(RESULTS), language), encoding="utf-8")
        print(name)


def results(folder: Path) -> list[Result]:
    """What the benchmarks left, in the order of their names."""
    return [json.loads(path.read_text(encoding="utf-8")) for path in sorted(folder.glob("*.json"))]


def filled(page: str, found: Sequence[Result], language: str) -> str:
    """The page with the figures between its markers."""
    parts = [each for each in (_accuracy(found, language), _others(found, language)) if each]
    if parts:
        parts.append(WORDS[language]["machine"].format(**found[0]["machine"]))
    written = "".join(f"\n{each}\n" for each in parts)
    return MARKED.sub(lambda marks: f"{marks[1]}{written}{marks[2]}", page)


def _accuracy(found: Sequence[Result], language: str) -> str:
    words = WORDS[language]
    lines = [_data_set(each, words) for each in found if each["benchmark"].startswith("text_accuracy")]
    head = [words[each] for each in ("data", "ours", "linear", "same", "minutes")]
    return f"{words['accuracy']}\n\n{_table(head, lines)}" if lines else ""


def _data_set(result: Result, words: Mapping[str, str]) -> list[str]:
    rows = {row["what"]: row for row in result["rows"]}
    ours, minutes = rows["salience, accuracy"], rows["salience, core_minutes"]
    linear = rows[f"{rows['accuracy beyond the best linear model']['note']}, accuracy"]
    return [
        result["benchmark"].removeprefix("text_accuracy_"),
        f"{_percent(ours['value'])} ({_percent(ours['low'])}–{_percent(ours['high'])})",
        _percent(linear["value"]),
        _percent(rows["majority class, accuracy"]["value"]),
        words["minute"].format(f"{minutes['value']:.1f}"),
    ]


def _others(found: Sequence[Result], language: str) -> str:
    words, place = WORDS[language], list(WORDS).index(language)
    lines = [
        [SPOKEN[row["what"]][place], _measured(row), _bar(row)]
        for result in found
        for row in result["rows"]
        if row["bar"] and row["what"] in SPOKEN
    ]
    head = [words[each] for each in ("what", "value", "bar")]
    return f"{words['others']}\n\n{_table(head, lines)}" if lines else ""


def _measured(row: Mapping[str, Any]) -> str:
    between = "" if row["low"] is None else f" ({_short(row['low'])}–{_short(row['high'])})"
    return f"{_short(row['value'])}{between} {_unit(row)}".strip()


def _bar(row: Mapping[str, Any]) -> str:
    return f"{row['bar'].replace('>=', '≥').replace('<=', '≤')} {_unit(row)}".strip()


def _unit(row: Mapping[str, Any]) -> str:
    return {"x": "×"}.get(row["unit"], row["unit"])


def _short(value: float) -> str:
    return f"{value:.3g}"


def _percent(share: float) -> str:
    return f"{share:.1%}"


def _table(head: Sequence[str], lines: Iterable[Sequence[str]]) -> str:
    rows = [head, ["---"] * len(head), *lines]
    return "\n".join("| " + " | ".join(each.replace("|", "\\|") for each in row) + " |" for row in rows)


if __name__ == "__main__":
    main()
