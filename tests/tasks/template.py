"""The template of a task, filled in as a newcomer would: amounts, whose errors count by their ratio."""

from __future__ import annotations

import sys
from pathlib import Path
from types import ModuleType

from tests.tasks.cases import Case

TEMPLATE = Path(__file__).parents[2] / "templates" / "task.py"

# What stands in the template, and what a newcomer writes there.
ANSWERS = {
    "class FillIn:": "class Amount:",
    "FILL IN: one sentence that says what this task asks of a model.": "Amounts: one number that is never negative.",
    "FILL IN: what is predicted, in half a sentence.": "One amount, learned on the scale of its logarithm.",
    '"FILL IN", "FILL IN"': '"r2", "mae"',
    "*, option: bool = False": "",
    "self, ) -> None:\n        self.option = option": "self) -> None:",
    "FILL_IN(each)": "math.log1p(each)",
    "F.FILL_IN(": "F.mse_loss(",
    "FILL_IN_INVERSE(": "torch.expm1(",
    "FILL_IN_CONDITION": "target < 0",
    "expected FILL IN,": "expected an amount of at least zero,",
    "FILL IN": "errors count by their ratio",
}


def text() -> str:
    """The filled-in file."""
    filled = TEMPLATE.read_text(encoding="utf-8")
    for blank, answer in ANSWERS.items():
        assert blank in filled, f"the template no longer says {blank!r}"
        filled = filled.replace(blank, answer)
    return filled


def load() -> ModuleType:
    """The filled-in file as a module."""
    module = ModuleType("filled_in_task")
    sys.modules[module.__name__] = module
    exec(compile(text(), module.__name__, "exec"), vars(module))
    return module


def filled_in() -> Case:
    """The row of the contract table of the filled-in template."""
    wrong = (float("nan"), -1.0, "7", None)
    targets = (2.0, 5.5, 0.0, 2.5, 40.0, 8.0, 1.5)
    return Case("Template", load().Amount, targets, wrong, num_outputs=1, is_value=True)
