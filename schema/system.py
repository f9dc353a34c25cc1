"""The status of the deployment, for operators."""

from datetime import datetime

import strawberry

from schema.scalars import Long
from services.queries.system_status import QueueState, SystemState, WorkerState


@strawberry.type(description="A queue of jobs. Each job is in one of them.")
class QueueStatus:
    name: str = strawberry.field(description="What kind of work waits there, e.g. rendering.")
    waiting: int = strawberry.field(description="Jobs that are due now.")
    delayed: int = strawberry.field(
        description="Jobs that wait for a retry time, for their parts, for a paused workflow or the like."
    )
    dead: int = strawberry.field(description="Jobs that failed for good in the last 24 hours.")

    @staticmethod
    def of(state: QueueState) -> "QueueStatus":
        return QueueStatus(name=state.name, waiting=state.waiting, delayed=state.delayed, dead=state.dead)


@strawberry.type(description="A process that works on jobs.")
class WorkerStatus:
    name: str = strawberry.field(description="Its host name, process id and a random suffix.")
    queues: list[str] = strawberry.field(description="The queues that it serves.")
    started_at: datetime = strawberry.field(description="When it began.")
    last_heartbeat_at: datetime = strawberry.field(
        description="Its last heartbeat; one is sent every ten seconds. A process that died is shown for "
        "two more minutes."
    )

    @staticmethod
    def of(state: WorkerState) -> "WorkerStatus":
        return WorkerStatus(
            name=state.name,
            queues=list(state.queues),
            started_at=state.started_at,
            last_heartbeat_at=state.last_heartbeat_at,
        )


@strawberry.type(description="The status of the deployment; machine values are those of the responding server.")
class SystemStatus:
    version: str = strawberry.field(description="This server's version.")
    database: str = strawberry.field(description='The kind of database and its version, e.g. "postgresql 16.4".')
    broker: str = strawberry.field(description="The message broker: redis or in-process.")
    queues: list[QueueStatus] = strawberry.field(description="All queues, also the empty ones.")
    workers: list[WorkerStatus] = strawberry.field(description="All worker processes, the oldest first.")
    cpu_percent: float = strawberry.field(description="Share of all cores that was busy in the last seconds, 0 to 100.")
    memory_bytes: Long = strawberry.field(description="Memory in use on the machine.")
    storage_bytes: Long = strawberry.field(description="Bytes of all stored files, counted at most once a minute.")
    storage_free_bytes: Long | None = strawberry.field(
        description="Free space of the file storage; null for object storage, which does not report it, and where the "
        "storage cannot be reached."
    )
    network_received_bytes_per_second: float = strawberry.field(
        description="What the machine received in the last seconds, without loopback."
    )
    network_sent_bytes_per_second: float = strawberry.field(description="The same for what it sent.")

    @staticmethod
    def of(state: SystemState) -> "SystemStatus":
        return SystemStatus(
            version=state.version,
            database=state.database,
            broker=state.broker,
            queues=[QueueStatus.of(queue) for queue in state.queues],
            workers=[WorkerStatus.of(worker) for worker in state.workers],
            cpu_percent=state.load.cpu_percent,
            memory_bytes=Long(state.load.memory_bytes),
            storage_bytes=Long(state.storage_bytes),
            storage_free_bytes=None if state.storage_free_bytes is None else Long(state.storage_free_bytes),
            network_received_bytes_per_second=state.load.received_bytes_per_second,
            network_sent_bytes_per_second=state.load.sent_bytes_per_second,
        )
