"""The template of a modality, filled in as a newcomer would: codes separated by semicolons, as in `A12; b7`."""

from __future__ import annotations

import sys
from pathlib import Path
from types import ModuleType

from tests.data.modalities.cases import Case

TEMPLATE = Path(__file__).parents[3] / "templates" / "modality.py"

# What stands in the template, and what a newcomer writes there.
ANSWERS = {
    "class FillIn:": "class Codes:",
    "FILL IN: one sentence that says what this kind of data is, and what its units are.": "Codes of what was bought.",
    "FILL IN: the kind of data, and its units.": "A cell holds codes separated by semicolons; a code is a unit.",
    "FILL IN: how a unit becomes a vector.": "One vector for each code.",
    "FILL IN: an example:": "Two codes and where the second one stands:",
    ">>> FILL_IN": (
        '>>> codes = Codes().fit(["A12; b7", "A12"])\n'
        '    >>> example = codes.encode("b7;A12")\n'
        "    >>> example.values.tolist(), example.places[1].tolist()\n"
        "    ([3, 2], [3, 6])"
    ),
    "self.FILL_IN": "self.codes",
    "return FILL_IN(text)": (
        'found = re.finditer(r"[^;\\s\\u200b\\x00\\ud800-\\udfff]+", text)\n'
        "    return [(each.group().upper(), Span(*each.span())) for each in found]"
    ),
    "import math\n": "import math\nimport re\n",
    "FILL IN": "codes",
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
    module = ModuleType("filled_in_modality")
    # Doctest and pickle find a class by its module.
    sys.modules[module.__name__] = module
    exec(compile(text(), module.__name__, "exec"), vars(module))
    return module


def filled_in() -> Case:
    """The row of the contract table of the filled-in template."""
    return Case(
        make=load().Codes,
        training=("A12; b7", "A12;C3", None, ""),
        cells=("A12", "a12; c3", "b7;B7; zz", "名;A12", "; ".join(["b7"] * 41)),
        missing=(None, float("nan"), "", " \n\t", "; ;"),
        wrong=(3, 2.5, b"A12", ["A12"], True),
    )
