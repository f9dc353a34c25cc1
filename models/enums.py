"""The states and kinds that rows can have, with what each state may become."""

from enum import StrEnum


class JobStatus(StrEnum):
    PENDING = "PENDING"  # waits for a worker, or for its time
    RUNNING = "RUNNING"  # a worker holds its lease, or its children run
    SUCCEEDED = "SUCCEEDED"
    FAILED = "FAILED"
    CANCELED = "CANCELED"


LIVE_JOB_STATUSES = (JobStatus.PENDING, JobStatus.RUNNING)
ENDED_JOB_STATUSES = (JobStatus.SUCCEEDED, JobStatus.FAILED, JobStatus.CANCELED)

JOB_TRANSITIONS: dict[JobStatus, frozenset[JobStatus]] = {
    JobStatus.PENDING: frozenset({JobStatus.RUNNING, JobStatus.FAILED, JobStatus.CANCELED}),
    JobStatus.RUNNING: frozenset({JobStatus.PENDING, JobStatus.SUCCEEDED, JobStatus.FAILED, JobStatus.CANCELED}),
    JobStatus.SUCCEEDED: frozenset(),
    JobStatus.FAILED: frozenset({JobStatus.PENDING, JobStatus.SUCCEEDED}),  # a result that comes after the time-out
    JobStatus.CANCELED: frozenset({JobStatus.PENDING}),
}


class WorkflowStatus(StrEnum):
    PENDING = "PENDING"
    RUNNING = "RUNNING"
    PAUSED = "PAUSED"  # what runs ends; nothing more is started
    SUCCEEDED = "SUCCEEDED"
    FAILED = "FAILED"
    CANCELED = "CANCELED"


LIVE_WORKFLOW_STATUSES = (WorkflowStatus.PENDING, WorkflowStatus.RUNNING, WorkflowStatus.PAUSED)
ENDED_WORKFLOW_STATUSES = (WorkflowStatus.SUCCEEDED, WorkflowStatus.FAILED, WorkflowStatus.CANCELED)

WORKFLOW_TRANSITIONS: dict[WorkflowStatus, frozenset[WorkflowStatus]] = {
    WorkflowStatus.PENDING: frozenset({WorkflowStatus.RUNNING, WorkflowStatus.PAUSED, WorkflowStatus.CANCELED}),
    WorkflowStatus.RUNNING: frozenset(
        {WorkflowStatus.PAUSED, WorkflowStatus.SUCCEEDED, WorkflowStatus.FAILED, WorkflowStatus.CANCELED}
    ),
    WorkflowStatus.PAUSED: frozenset({WorkflowStatus.RUNNING, WorkflowStatus.CANCELED}),
    WorkflowStatus.SUCCEEDED: frozenset({WorkflowStatus.RUNNING}),  # a new run, after a correction
    WorkflowStatus.FAILED: frozenset({WorkflowStatus.RUNNING}),
    WorkflowStatus.CANCELED: frozenset({WorkflowStatus.RUNNING}),
}


class Stage(StrEnum):
    SCRIPT = "SCRIPT"
    ASSETS = "ASSETS"
    STORYBOARD = "STORYBOARD"
    ANIMATIC = "ANIMATIC"
    VIDEO = "VIDEO"
    EDIT = "EDIT"


STAGES = tuple(Stage)


class JobType(StrEnum):
    TEXT_TO_IMAGE = "TEXT_TO_IMAGE"
    IMAGE_TO_IMAGE = "IMAGE_TO_IMAGE"
    TEXT_TO_VIDEO = "TEXT_TO_VIDEO"
    IMAGE_TO_VIDEO = "IMAGE_TO_VIDEO"
    SCRIPT = "SCRIPT"
    ASSETS = "ASSETS"
    STORYBOARD = "STORYBOARD"
    ANIMATIC = "ANIMATIC"
    SPEECH = "SPEECH"
    VIDEO = "VIDEO"
    EDIT = "EDIT"
    EXPORT = "EXPORT"


class JobRole(StrEnum):
    STAGE = "STAGE"  # plans builds and waits for them
    BUILD = "BUILD"  # makes one artifact
    GENERATE = "GENERATE"  # has one picture or clip made by a provider, on a pool's account where it has pools


class Queue(StrEnum):
    PLANNING = "planning"
    TEXT = "text"
    IMAGES = "images"
    VIDEOS = "videos"
    RENDERING = "rendering"
    INPUTS = "inputs"  # input pictures that are still links: fetched before their job is scheduled
    POOL_IMAGES = "pool-images"  # pictures that wait for an account; the scheduler places them, nobody claims them
    POOL_VIDEOS = "pool-videos"
    CALLBACKS = "callbacks"  # deliveries of the outbox, not jobs
    ACCOUNTS = "accounts"  # checks of accounts and receiving of their daily credits, not jobs
    MAINTENANCE = "maintenance"  # sweeping, retention, statistics, alerts, not jobs


JOB_QUEUES = tuple(queue for queue in Queue if queue not in (Queue.CALLBACKS, Queue.ACCOUNTS, Queue.MAINTENANCE))
POOL_QUEUES = (Queue.POOL_IMAGES, Queue.POOL_VIDEOS)


class Priority(StrEnum):
    URGENT = "URGENT"
    HIGH = "HIGH"
    NORMAL = "NORMAL"
    LOW = "LOW"


PRIORITY_RANKS: dict[Priority, int] = {Priority.URGENT: 0, Priority.HIGH: 1, Priority.NORMAL: 2, Priority.LOW: 3}


class ArtifactKind(StrEnum):
    """What builds make. The subject of each is named behind it."""

    SCRIPT = "SCRIPT"  # script
    DESIGN = "DESIGN"  # asset
    GRID = "GRID"  # storyboard, with the grid's number as slot
    PICTURE = "PICTURE"  # shot
    SPEECH = "SPEECH"  # animatic part
    MOTION = "MOTION"  # animatic part
    ANIMATIC = "ANIMATIC"  # animatic
    CLIP = "CLIP"  # video segment
    MUSIC = "MUSIC"  # edit
    FILM = "FILM"  # edit


class FileRole(StrEnum):
    MAIN = "MAIN"
    CANDIDATE = "CANDIDATE"  # every picture that came for a shot
    AUDIO = "AUDIO"
    SUBTITLES = "SUBTITLES"
    POSTER = "POSTER"


class FileState(StrEnum):
    WRITING = "WRITING"  # the row is there before the bytes, so that a crash leaves no unknown file
    READY = "READY"
    REMOVING = "REMOVING"  # the bytes go first, then the row


class InputType(StrEnum):
    NOVEL = "NOVEL"
    SCREENPLAY = "SCREENPLAY"
    OUTLINE = "OUTLINE"


class AssetType(StrEnum):
    CHARACTER = "CHARACTER"
    PROP = "PROP"
    SCENE = "SCENE"


class GridLayout(StrEnum):
    SINGLE = "SINGLE"
    GRID_2X2 = "GRID_2X2"
    GRID_3X3 = "GRID_3X3"
    GRID_4X4 = "GRID_4X4"

    @property
    def side(self) -> int:
        """Rows, which are as many as the columns."""
        return {"SINGLE": 1, "GRID_2X2": 2, "GRID_3X3": 3, "GRID_4X4": 4}[self.value]


class ShotType(StrEnum):
    EXTREME_LONG = "EXTREME_LONG"
    LONG = "LONG"
    FULL = "FULL"
    MEDIUM = "MEDIUM"
    CLOSE_UP = "CLOSE_UP"
    EXTREME_CLOSE_UP = "EXTREME_CLOSE_UP"
    OVER_THE_SHOULDER = "OVER_THE_SHOULDER"
    POINT_OF_VIEW = "POINT_OF_VIEW"


class Quality(StrEnum):
    DRAFT = "DRAFT"
    STANDARD = "STANDARD"
    HIGH = "HIGH"


class MediaKind(StrEnum):
    IMAGE = "IMAGE"
    VIDEO = "VIDEO"


class AccountType(StrEnum):
    DOMESTIC = "DOMESTIC"
    INTERNATIONAL = "INTERNATIONAL"


class Site(StrEnum):
    CN = "CN"
    US = "US"
    HK = "HK"
    JP = "JP"
    SG = "SG"


class AccountStatus(StrEnum):
    ACTIVE = "ACTIVE"
    INACTIVE = "INACTIVE"  # its session has expired, or its owner took it out
    BANNED = "BANNED"  # punished upstream


class LoadBalance(StrEnum):
    ROUND_ROBIN = "ROUND_ROBIN"
    LEAST_USED = "LEAST_USED"
    PRIORITY = "PRIORITY"


class RateLimitHandling(StrEnum):
    WAIT = "WAIT"
    SKIP = "SKIP"
    SWITCH = "SWITCH"


class Polling(StrEnum):
    AUTO = "AUTO"
    MANUAL = "MANUAL"


class Reuse(StrEnum):
    NONE = "NONE"
    EXACT = "EXACT"
    SIMILAR = "SIMILAR"


class Transition(StrEnum):
    NONE = "NONE"
    KEN_BURNS = "KEN_BURNS"
    FADE = "FADE"


class AttemptState(StrEnum):
    """Where an attempt stands between two of its steps. Each is stored before the next thing happens."""

    PLACED = "PLACED"  # has its slot; nothing was sent yet
    SENT = "SENT"  # the draft is being sent or was; whether upstream took it is not known
    ACCEPTED = "ACCEPTED"  # upstream has it under a history id
    FETCHING = "FETCHING"  # upstream is done; the result is being stored
    ENDED = "ENDED"


ATTEMPT_TRANSITIONS: dict[AttemptState, frozenset[AttemptState]] = {
    AttemptState.PLACED: frozenset({AttemptState.SENT, AttemptState.ENDED}),
    # Back to PLACED where it is certain that upstream does not have it; then the same submit id is sent again.
    AttemptState.SENT: frozenset({AttemptState.PLACED, AttemptState.ACCEPTED, AttemptState.ENDED}),
    AttemptState.ACCEPTED: frozenset({AttemptState.FETCHING, AttemptState.ENDED}),
    AttemptState.FETCHING: frozenset({AttemptState.ENDED}),
    AttemptState.ENDED: frozenset({AttemptState.FETCHING}),  # storing failed for a day, and somebody retries it
}


class AttemptOutcome(StrEnum):
    RUNNING = "RUNNING"
    SUCCEEDED = "SUCCEEDED"
    SWITCHED = "SWITCHED"  # its job went on, on another account or later on this one
    FAILED = "FAILED"
    CANCELED = "CANCELED"


class BatchType(StrEnum):
    """COMPOSE as soon as one item has an input picture."""

    IMAGE_GENERATE = "IMAGE_GENERATE"
    IMAGE_COMPOSE = "IMAGE_COMPOSE"
    VIDEO_GENERATE = "VIDEO_GENERATE"
    VIDEO_COMPOSE = "VIDEO_COMPOSE"


class BatchStatus(StrEnum):
    PENDING = "PENDING"
    RUNNING = "RUNNING"
    PAUSED = "PAUSED"  # what runs ends; nothing more of it is started
    SUCCEEDED = "SUCCEEDED"
    PARTIALLY_FAILED = "PARTIALLY_FAILED"
    FAILED = "FAILED"
    CANCELED = "CANCELED"


LIVE_BATCH_STATUSES = (BatchStatus.PENDING, BatchStatus.RUNNING, BatchStatus.PAUSED)
ENDED_BATCH_STATUSES = (
    BatchStatus.SUCCEEDED,
    BatchStatus.PARTIALLY_FAILED,
    BatchStatus.FAILED,
    BatchStatus.CANCELED,
)

_ENDS = frozenset(ENDED_BATCH_STATUSES)
# An ended batch is taken up again by a retry; a result that comes after a time-out changes what it ended as.
BATCH_TRANSITIONS: dict[BatchStatus, frozenset[BatchStatus]] = {
    BatchStatus.PENDING: frozenset({BatchStatus.RUNNING, BatchStatus.PAUSED}) | _ENDS,
    BatchStatus.RUNNING: frozenset({BatchStatus.PAUSED}) | _ENDS,
    BatchStatus.PAUSED: frozenset({BatchStatus.RUNNING, BatchStatus.PENDING}) | _ENDS,
    BatchStatus.SUCCEEDED: frozenset({BatchStatus.RUNNING}),
    BatchStatus.PARTIALLY_FAILED: frozenset({BatchStatus.RUNNING, BatchStatus.SUCCEEDED}),
    BatchStatus.FAILED: frozenset({BatchStatus.RUNNING, BatchStatus.SUCCEEDED, BatchStatus.PARTIALLY_FAILED}),
    BatchStatus.CANCELED: frozenset({BatchStatus.RUNNING}),
}


class ExistingRecords(StrEnum):
    OVERWRITE = "OVERWRITE"
    SKIP = "SKIP"


class DeliveryStatus(StrEnum):
    PENDING = "PENDING"
    DELIVERED = "DELIVERED"
    FAILED = "FAILED"


class AlertKind(StrEnum):
    POOL_EXHAUSTED = "POOL_EXHAUSTED"
    ACCOUNT_BANNED = "ACCOUNT_BANNED"
    ACCOUNT_SESSION_EXPIRED = "ACCOUNT_SESSION_EXPIRED"
    CREDIT_LOW = "CREDIT_LOW"
    FAILURE_RATE_HIGH = "FAILURE_RATE_HIGH"
    BATCH_STALLED = "BATCH_STALLED"
    CALLBACK_FAILED = "CALLBACK_FAILED"
    STORAGE_LOW = "STORAGE_LOW"


class AlertSeverity(StrEnum):
    INFO = "INFO"
    WARNING = "WARNING"
    CRITICAL = "CRITICAL"
