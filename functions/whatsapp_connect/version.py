"""The version of WhatsApp Connect: of the stack, the command line, the readers and the simulator.

`make version VERSION=1.1.0` writes the next one. docs/versions.md says what its numbers mean.
"""

VERSION = "1.0.0"
