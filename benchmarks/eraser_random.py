"""Where ERASER's row for random scores on film reviews comes from: its AUPRC is that of the first 425 words or so.

Published: AUPRC 0.259, comprehensiveness 0.058, sufficiency 0.330.

Data and split: the 199 published test reviews; every word is a unit. No model is needed for the first part.

AUPRC of random scores depends on one thing alone: the share of words that are marked. The released metrics script wants
one score per word of the whole review, and with it random scores reach 0.318, not 0.259. In these reviews the end holds
more of the marks than the beginning, so a cut lowers the number. Each row here is the mean over reviews, and over 20
draws of random scores, for another cut. The first 425 words give 0.260. BERT reads 512 pieces of words at once, and at
1.2 pieces a word (an estimate: no vocabulary of BERT is at hand) these are 425 words. That the published numbers come
from such a cut is a guess that fits: the released settings of the model would read longer texts in windows.

Reviews that have no mark before the cut have no AUPRC and are left out; `counted as 0` keeps them.

Where in a review people mark tells more than most models: a prior that has read nothing, how often the other test
reviews are marked at the same relative position, is scored beside it.

Comprehensiveness and sufficiency of a random order are no check of a metric: they say how a model takes lost words, and
the published model is a BERT with an LSTM. What the small models of `benchmarks.teaching` have is in its results.

    python -m benchmarks.eraser_random
"""

from __future__ import annotations

import re

import numpy as np

from benchmarks.measure import Row, write
from benchmarks.rationales import Marked, movies

DRAWS = 20
CUTS = (300, 425, 512, 1024)
PUBLISHED = "published: 0.259"


def main() -> None:
    side = movies()["test"]
    marks = word_marks(side)
    negative = [mask for mask, label in zip(marks, side.labels, strict=True) if label == "NEG"]
    positive = [mask for mask, label in zip(marks, side.labels, strict=True) if label == "POS"]
    rows = [
        random_auprc("whole reviews, as the released script has it", marks),
        random_auprc("whole positive reviews", positive),
        random_auprc("whole negative reviews", negative),
    ]
    for words in CUTS:
        cut = [mask[:words] for mask in marks]
        rows += [
            random_auprc(f"first {words} words", cut),
            random_auprc(f"first {words} words, counted as 0", cut, undefined=0.0),
        ]
    rows += [
        random_auprc("last 425 words", [mask[-425:] for mask in marks]),
        prior_auprc("whole reviews", marks),
        prior_auprc("first 425 words", [mask[:425] for mask in marks]),
    ]
    write("eraser_random", rows)


def word_marks(side: Marked) -> list[np.ndarray]:
    """Which words between white space are marked, per annotated text."""
    return [
        rationale.marks(np.array([each.span() for each in re.finditer(r"\S+", text)])).any(0)
        for rationale, text in zip(side.rationales, side.texts, strict=True)
        if rationale is not None
    ]


def prior_auprc(what: str, marks: list[np.ndarray]) -> Row:
    """The mean over texts of the AUPRC of the position prior."""
    from salience.evaluation.plausibility import auprc, position_prior

    priors = position_prior([mask[None] for mask in marks])
    return _row(f"AUPRC of positions, {what}", np.array([auprc(p, m) for p, m in zip(priors, marks, strict=True)]), "")


def random_auprc(what: str, marks: list[np.ndarray], *, undefined: float | None = None) -> Row:
    """The mean over texts, with its interval over texts; `undefined` stands for texts without a mark."""
    from salience.evaluation.plausibility import auprc

    generator = np.random.default_rng(0)
    each = np.array([auprc(generator.random((DRAWS, len(mask))), mask).mean() for mask in marks])
    density = np.mean([mask.mean() for mask in marks])
    kept = each if undefined is None else np.nan_to_num(each, nan=undefined)
    return _row(f"AUPRC of random scores, {what}", kept, f"; {density:.3f} of the words are marked; {PUBLISHED}")


def _row(what: str, values: np.ndarray, note: str) -> Row:
    """The mean of those that are defined."""
    from salience.evaluation.bootstrap import Bootstrap, mean

    kept = values[~np.isnan(values)]
    score = Bootstrap(2000).estimate(mean(kept), len(kept))
    return Row(what, score.value or 0.0, "", score.low, score.high, note=f"{len(kept)} reviews{note}")


if __name__ == "__main__":
    main()
