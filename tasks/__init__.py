"""The Dramatiq broker and actors, which do all background work. `dramatiq tasks` runs a worker process.

Messages have no content: due work and results are rows of the database (docs/architecture.md).
"""

from tasks import accounts, callbacks, generation, maintenance, records, stages
from tasks.broker import broker

__all__ = ["accounts", "broker", "callbacks", "generation", "maintenance", "records", "stages"]
