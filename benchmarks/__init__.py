"""Measure how fast the stack is and what it costs. The tests do not run this.

`make bench` runs every benchmark; `python -m benchmarks cold_start` runs one. Each is a module or a package here, named in
BENCHMARKS, with two functions:

`run()` measures and returns figures as JSON values. They are stored in results/<name>.json, with a description of the
machine. Absolute times differ between machines, so both sides of a comparison run alternately in one run, and their
ratio is the result. If the start is measured, each starts in a new process.

`tables(figures)` returns the tables and lists of docs/performance.md and docs/scaling.md that are made from these figures, in Markdown, by the
names that stand there as `<!-- name -->`. They need nothing but the figures, so that the page can be written without
measuring again: `python -m benchmarks.report`.
"""

BENCHMARKS = ("cold_start", "first_login", "warm", "cost", "growth", "listing", "publishing")
"""The order in which they run. Later ones may read the results of earlier ones."""
