"""What a login and a renewal cost among ten connections, and among a hundred thousand."""

from benchmarks.growth.measurement import run

__all__ = ["run"]
