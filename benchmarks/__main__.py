"""`python -m benchmarks` lists the benchmarks; with names it runs these, with `quick` all that take a few minutes."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

QUICK = ("startup", "throughput", "explain", "predict", "demo")


def main(names: list[str]) -> int:
    known = {path.stem: path for path in sorted(Path(__file__).parent.glob("[a-z]*.py")) if _is_script(path)}
    chosen = [each for name in names for each in (QUICK if name == "quick" else (name,))]
    unknown = [name for name in chosen if name not in known]
    if unknown or not chosen:
        for name, path in known.items():
            print(f"{name + ('*' if name in QUICK else ''):16s}{_first_line(path)}")
        print("\n* quick.  python -m benchmarks quick | NAME ...")
        return 2 if unknown else 0
    return max(subprocess.run([sys.executable, "-m", f"benchmarks.{name}"]).returncode for name in chosen)


def _is_script(path: Path) -> bool:
    return 'if __name__ == "__main__":' in path.read_text(encoding="utf-8") and path.stem != "__main__"


def _first_line(path: Path) -> str:
    return (ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or "").split("\n")[0]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
