"""Run `python -m benchmarks [NAME ...]`: measure, store the results, and write the tables in the docs."""

import argparse
import sys

from benchmarks import BENCHMARKS, report, result


def main() -> int:
    """Run the benchmarks named on the command line, or all of them."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"one of {', '.join(BENCHMARKS)}")
    names = parser.parse_args().names or BENCHMARKS
    if unknown := sorted(set(names) - set(BENCHMARKS)):
        parser.error(f"there is no benchmark {', '.join(unknown)}")
    for name in names:
        print(f"{name} ...", flush=True)
        figures = report.benchmark(name).run()
        print(f"  {result.store(name, figures)}")
    report.write()
    return 0


if __name__ == "__main__":
    sys.exit(main())
