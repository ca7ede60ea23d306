"""Bring the figures of all pages up to date with the results: `python -m benchmarks.pages`."""

from benchmarks.pages import PAGES, fill

for page in PAGES:
    fill(page)
