"""The template of a mechanism, filled in as a newcomer would: near sources score high."""

from __future__ import annotations

import sys
from pathlib import Path
from types import ModuleType

import torch
from torch import Tensor, nn

from salience.core.batch import Layout
from tests.attention.case import Case, mixed

TEMPLATE = Path(__file__).parents[2] / "templates" / "mechanism.py"

# What stands in the template, and what a newcomer writes there.
ANSWERS = {
    "class FillIn(": "class Near(",
    ", *, option: int = 1": "",
    "self.FILL_IN = nn.Linear(width, option)": "self.logarithm = nn.Parameter(torch.zeros(width))",
    "return FILL_IN(query, source)": (
        "squares = (query[:, :, None] - source[:, None]).square()  # [B, T, S, D]\n"
        "        return -(squares * self.logarithm.exp()).sum(dim=-1) / self.width"
    ),
    "from torch import Tensor, nn": "import torch\nfrom torch import Tensor, nn",
    "softmax}_s(...)": r"softmax}_s(-\sum_d e^{w_d} (q_{td} - s_{sd})^2 / D)",
    "O(...)": "O(T S D)",
    ">>> FILL_IN": ">>> Near(2)\n    Near(width=2)",
    "FILL IN": "near sources count",
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
    module = ModuleType("filled_in_template")
    # Doctest and pickle find a class by its module.
    sys.modules[module.__name__] = module
    exec(compile(text(), module.__name__, "exec"), vars(module))
    return module


def near(mechanism: nn.Module, query: Tensor, source: Tensor, seen: Tensor, layout: Layout) -> tuple[Tensor, Tensor]:
    weight = mechanism.logarithm.exp()
    squares = torch.stack([((query - each[:, None]) ** 2) @ weight for each in source.unbind(1)], dim=-1)
    return mixed(-squares / query.shape[-1], source, seen)


def filled_in() -> Case:
    """The row of the contract table of the filled-in template."""
    return Case("Template", load().Near, near)
