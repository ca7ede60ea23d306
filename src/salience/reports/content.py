"""Everything a report shows, as plain values: whoever fills this in has computed, and a report only draws.

Every part that may be missing has an empty default. A report leaves it out, or says "not measured" where a reader would
look for it.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field

from salience.core.errors import DataError, NotAvailable, did_you_mean
from salience.core.place import Heat
from salience.evaluation.score import Score


@dataclass(frozen=True, slots=True)
class ReportContent:
    """One trained model: what it predicts, how well, where it looked, and whether that is true.

    Raises:
        DataError: an example has importances by a method that is not among `methods`, or a score is not a number.
    """

    title: str
    created: str  # as it is to be read, "21 November 2025, 14:05"
    headline: tuple[str, ...]  # sentences; the first one stands largest
    facts: tuple[Fact, ...] = ()  # the few numbers at the top
    methods: tuple[Method, ...] = ()  # how importance was measured; the first one is shown first
    examples: tuple[ShownExample, ...] = ()
    proof: Proof | None = None
    trust: Trust | None = None
    scores: tuple[ScoreRow, ...] = ()
    classes: tuple[ClassRow, ...] = ()
    confusion: Confusion | None = None
    calibration: Calibration | None = None
    telling: tuple[TellingClass, ...] = ()
    columns: tuple[ColumnImportance, ...] = ()  # of a table, the highest first
    inferred: tuple[str, ...] = ()  # what was concluded from the data alone, one sentence each
    findings: tuple[Finding, ...] = ()  # the quality of the data
    split: Split | None = None
    seeds: Seeds | None = None  # of an ensemble
    history: History | None = None
    intended_use: str = ""
    limits: tuple[str, ...] = ()
    data_files: tuple[DataFile, ...] = ()
    config: str = ""  # the resolved configuration file
    environment: tuple[Fact, ...] = ()
    commands: tuple[Command, ...] = ()  # what to type to get this again

    def __post_init__(self) -> None:
        known = [method.name for method in self.methods]
        for example in self.examples:
            for name, heats in example.heats.items():
                _check(name, known, heats, where=f"row {example.row_id}")


@dataclass(frozen=True, slots=True)
class Fact:
    """One value with its name."""

    label: str
    value: str
    note: str = ""


@dataclass(frozen=True, slots=True)
class Method:
    """One way to measure importance, in words a reader understands."""

    name: str
    meaning: str  # one sentence: what a score of this method says
    signed: bool  # False: shares of a whole. True: scores for (positive) or against (negative) the prediction


@dataclass(frozen=True, slots=True)
class ShownExample:
    """One row with its prediction, and how much each unit of it mattered."""

    row_id: str
    cells: Mapping[str, str]  # column -> the raw text
    prediction: str
    target: str | None = None
    correct: bool | None = None  # None: unknown, or not a matter of right and wrong
    probability: float | None = None  # of the prediction
    probabilities: Mapping[str, float] = field(default_factory=dict)
    heats: Mapping[str, tuple[Heat, ...]] = field(default_factory=dict)  # method name -> importances, all columns
    note: str = ""  # why this row was chosen

    def heats_by(self, method: Method) -> tuple[Heat, ...]:
        """The importances by one method.

        Raises:
            NotAvailable: this example was not measured by it.
        """
        if method.name in self.heats:
            return self.heats[method.name]
        problem = f"there is no importance by '{method.name}'"
        raise NotAvailable(problem, where=f"row {self.row_id}", fix=did_you_mean(method.name, self.heats))


@dataclass(frozen=True, slots=True)
class CurvePoint:
    """The mean focus (log-odds of the prediction, say) when a share of the units is gone or back."""

    fraction: float
    value: float
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True, slots=True)
class MethodProof:
    """How faithful one method's importances are. Skill is 0 for a random order and 1 for the best post-hoc method."""

    name: str
    comprehensiveness: Score | None = None  # higher is better
    sufficiency: Score | None = None  # lower is better
    fraction_to_flip: Score | None = None  # lower is better
    skill: Score | None = None
    verdict: str = ""  # pass, weak, fail, misleading or inconclusive; empty for a reference that is not judged
    sentence: str = ""
    deletion: tuple[CurvePoint, ...] = ()
    insertion: tuple[CurvePoint, ...] = ()


@dataclass(frozen=True, slots=True)
class Proof:
    """The proof: does removing what an importance points at change the answer?"""

    verdict: str  # of the importance that is shown first
    sentence: str
    methods: tuple[MethodProof, ...]
    shown: str  # the method that is being judged
    best: str  # the best post-hoc method
    reference: str  # the random order
    count: int  # inputs measured
    seed: int
    operator: str  # how a unit is taken away, in words
    scale: str  # what the curves show, "log-odds of the prediction"
    guards: tuple[Finding, ...] = ()
    ruler: str = ""  # what the method that is judged is measured by: where its skill would be 1
    weak_from: float = 0.3  # the skill from which a verdict is weak, not fail
    pass_from: float = 0.7

    def of(self, name: str) -> MethodProof | None:
        """The measurement of one method, if there is one."""
        return next((each for each in self.methods if each.name == name), None)


@dataclass(frozen=True, slots=True)
class Statistic:
    """One number behind a verdict."""

    name: str
    score: Score


@dataclass(frozen=True, slots=True)
class ShareBin:
    """Parts with about the same share of the attention, and the share of the answer that they really carried."""

    stated: float
    measured: float
    count: int


@dataclass(frozen=True, slots=True)
class TrustTest:
    """What one of the eight tests asks, and what it found."""

    title: str
    question: str
    verdict: str  # pass, weak, fail, misleading, needed, decorative, constant, information, inconclusive, not available
    sentence: str
    statistics: tuple[Statistic, ...] = ()
    shares: tuple[ShareBin, ...] = ()


@dataclass(frozen=True, slots=True)
class Trust:
    """Is the attention true? Eight tests, and the one sentence they add up to."""

    verdict: str  # trustworthy, only the order, decoration, misleading, ...
    sentence: str
    tests: tuple[TrustTest, ...]
    count: int  # inputs measured
    seed: int
    operators: tuple[str, ...]  # the ways in which parts were taken away
    guards: tuple[Finding, ...] = ()


@dataclass(frozen=True, slots=True)
class ScoreRow:
    """One score of the model, or of a baseline, on one side of the split."""

    name: str
    side: str
    score: Score
    note: str = ""
    baseline: str = ""  # empty for the model itself


@dataclass(frozen=True, slots=True)
class ClassRow:
    """How well one class is recognised."""

    name: str
    precision: Score
    recall: Score
    f1: Score
    count: int


@dataclass(frozen=True, slots=True)
class Confusion:
    """How often each class (one row each) was predicted as each class."""

    labels: tuple[str, ...]
    counts: tuple[tuple[int, ...], ...]


@dataclass(frozen=True, slots=True)
class CalibrationBin:
    """Predictions of about one confidence, and how many of them were right."""

    confidence: float
    accuracy: float
    count: int


@dataclass(frozen=True, slots=True)
class Calibration:
    """Whether a stated 90 % is right nine times out of ten; errors are expected calibration errors."""

    bins: tuple[CalibrationBin, ...]
    error: Score
    error_before: Score | None = None  # before the probabilities were corrected, if they were
    note: str = ""


@dataclass(frozen=True, slots=True)
class ColumnImportance:
    """The mean importance of a column of a table over `count` rows, by the first method."""

    name: str
    score: Score
    count: int


@dataclass(frozen=True, slots=True)
class TellingUnit:
    """A word that spoke for a class: its mean score, and in how many rows it was seen."""

    text: str
    score: float
    count: int


@dataclass(frozen=True, slots=True)
class TellingClass:
    """The words that gave one class away, strongest first."""

    name: str
    units: tuple[TellingUnit, ...]


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that was checked: "ok", "note", "warning" or "error", and what was found."""

    severity: str
    sentence: str


@dataclass(frozen=True, slots=True)
class Side:
    """One side of the split."""

    name: str
    rows: int


@dataclass(frozen=True, slots=True)
class Split:
    """How many rows went where, and by which rule."""

    sides: tuple[Side, ...]
    how: str


@dataclass(frozen=True, slots=True)
class Member:
    """One model of an ensemble: its seed, the epoch that was kept of how many, and its score alone on the test rows."""

    seed: int
    epoch: int
    epochs: int
    score: Score


@dataclass(frozen=True, slots=True)
class Seeds:
    """Models that were trained alike with other seeds: what they say alone and together, and how far they agree."""

    metric: str
    members: tuple[Member, ...]
    together: Score
    spearman: Score | None = None  # rank correlations of the parts of a row, over all pairs of members
    kendall: Score | None = None
    faint: Score | None = None  # the share of parts whose importance other seeds may well see otherwise
    count: int = 0  # inputs compared


@dataclass(frozen=True, slots=True)
class Epoch:
    """One pass over the training rows."""

    epoch: int
    train_loss: float
    validation: float | None
    learning_rate: float
    seconds: float
    best: bool = False  # the best so far


@dataclass(frozen=True, slots=True)
class History:
    """How training went; `metric` names the validation score that selected the model."""

    metric: str
    epochs: tuple[Epoch, ...]
    note: str = ""

    @property
    def kept(self) -> Epoch | None:
        """The epoch whose model was kept: the last one that was the best so far."""
        return next((each for each in reversed(self.epochs) if each.best), None)


@dataclass(frozen=True, slots=True)
class DataFile:
    """A file the model was made from."""

    name: str
    sha256: str
    rows: int | None = None
    bytes: int | None = None


@dataclass(frozen=True, slots=True)
class Command:
    """A line to type, and what it does."""

    line: str
    purpose: str


def _check(name: str, known: list[str], heats: tuple[Heat, ...], *, where: str) -> None:
    if name not in known:
        problem = f"an example has importances by '{name}', which is not among the methods of the report"
        raise DataError(problem, where=where, fix=did_you_mean(name, known))
    for heat in heats:
        if not math.isfinite(heat.score):
            raise DataError(
                f"the importance of '{heat.unit.text}' by '{name}' is {heat.score}, not a number", where=where
            )
