"""Imports go down only, as the floors in `pyproject.toml` say; and importing the package is quiet and light."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]


def run(*command: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120)


def test_imports_go_down_only():
    lint = "from importlinter.cli import lint_imports_command; lint_imports_command()"
    result = run(sys.executable, "-c", lint, "--no-cache", "--no-logo")
    assert result.returncode == 0, result.stdout + result.stderr


def test_attention_needs_no_heavy_package():
    heavy = ["captum", "jieba", "jinja2", "lightning", "matplotlib", "pandas", "rich", "tokenizers", "transformers"]
    look = f"import sys, salience.attention; print([each for each in {heavy} if each in sys.modules])"
    assert run(sys.executable, "-W", "error", "-c", look).stdout == "[]\n"
