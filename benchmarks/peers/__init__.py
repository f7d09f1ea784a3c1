"""WhatsApp Connect beside its peers: the same login, one provider, and one store for all beside their own."""

from benchmarks.peers.measurement import run

__all__ = ["run"]
