"""The Dramatiq side: the broker and the actors, which do all work. `dramatiq tasks` runs a worker process.

A message carries nothing: what there is to do, and every result, is in the database (docs/architecture.md).
"""

from tasks import accounts, callbacks, generation, maintenance, records, stages
from tasks.broker import broker

__all__ = ["accounts", "broker", "callbacks", "generation", "maintenance", "records", "stages"]
