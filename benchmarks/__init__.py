"""How fast it is, and what it costs: measured, never part of the tests.

`make bench` runs every benchmark; `python -m benchmarks cold_start` runs one. Each is a module or a package here, named in
BENCHMARKS, with two functions:

`run()` measures and returns figures that JSON can hold. They are kept in results/<name>.json, beside a description of
the machine. Absolute times differ from machine to machine, so both sides of a comparison run in turns in one run, each
in a fresh process where starting is part of it, and ratios are what counts.

`tables(figures)` returns the tables and lists of docs/performance.md and docs/scaling.md that are made from these figures, in Markdown, by the
names that stand there as `<!-- name -->`. They need nothing but the figures, so that the page can be written without
measuring again: `python -m benchmarks.report`.
"""

BENCHMARKS = ("cold_start", "first_login", "warm", "cost", "growth", "publishing")
"""In the order in which they run: later ones may read the results of earlier ones."""
