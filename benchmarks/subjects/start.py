"""`python -m benchmarks.subjects.start SUBJECT own|shared`: make a subject, ready for its first request, and end.

Of ours, authorize and callback are functions apart, each started alone: `functions.authorize`, `functions.callback`.
"""

import os
import sys
from importlib import import_module

name, _, entry = sys.argv[1].partition(".")
subject = import_module(f"benchmarks.subjects.{name}")
if entry:
    subject.Functions(shared=True, entries=[entry])
else:
    subject.make(shared=sys.argv[2] == "shared")
os._exit(0)
