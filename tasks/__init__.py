"""The Dramatiq side: broker, actors, and the worker's life. `dramatiq tasks` runs a worker process.

A message only says "look": what there is to do, and every result, is in the database (docs/architecture.md).
"""

from tasks.broker import broker
from tasks.queues import look

__all__ = ["broker", "look"]
