"""Enums of the tables' columns, and the transition tables of the statuses."""

from enum import StrEnum


class JobStatus(StrEnum):
    PENDING = "PENDING"  # waits for a worker, or until it is due
    RUNNING = "RUNNING"  # a worker holds its lease, or its children run
    SUCCEEDED = "SUCCEEDED"
    FAILED = "FAILED"
    CANCELED = "CANCELED"


LIVE_JOB_STATUSES = (JobStatus.PENDING, JobStatus.RUNNING)
ENDED_JOB_STATUSES = (JobStatus.SUCCEEDED, JobStatus.FAILED, JobStatus.CANCELED)

# services/stores/jobs checks every change of a job's status against this table. A job starts as PENDING, or as
# SUCCEEDED if a cached result is reused.
JOB_TRANSITIONS: dict[JobStatus, frozenset[JobStatus]] = {
    JobStatus.PENDING: frozenset(
        {
            JobStatus.RUNNING,
            JobStatus.SUCCEEDED,  # waits for another account when the timed-out attempt delivers its result
            JobStatus.FAILED,
            JobStatus.CANCELED,
        }
    ),
    JobStatus.RUNNING: frozenset(
        {
            JobStatus.RUNNING,  # its lease expired, and another worker claimed it
            JobStatus.PENDING,
            JobStatus.SUCCEEDED,
            JobStatus.FAILED,
            JobStatus.CANCELED,
        }
    ),
    JobStatus.SUCCEEDED: frozenset(),
    # Retried: as PENDING from the start, or as RUNNING if upstream still has the task or only the result has to be
    # stored. SUCCEEDED: the result arrives after the time-out.
    JobStatus.FAILED: frozenset({JobStatus.PENDING, JobStatus.RUNNING, JobStatus.SUCCEEDED}),
    JobStatus.CANCELED: frozenset({JobStatus.PENDING, JobStatus.RUNNING}),
}


# A script keeps the state of the newest job that is to write it. Once it is written it stays so.
SCRIPT_TRANSITIONS: dict[JobStatus, frozenset[JobStatus]] = {
    JobStatus.PENDING: frozenset({JobStatus.RUNNING, JobStatus.FAILED, JobStatus.CANCELED}),
    JobStatus.RUNNING: frozenset({JobStatus.SUCCEEDED, JobStatus.FAILED, JobStatus.CANCELED}),
    JobStatus.SUCCEEDED: frozenset(),
    # A new job for it can end before its first turn.
    JobStatus.FAILED: frozenset({JobStatus.RUNNING, JobStatus.CANCELED}),
    JobStatus.CANCELED: frozenset({JobStatus.RUNNING, JobStatus.FAILED}),
}


class WorkflowStatus(StrEnum):
    PENDING = "PENDING"
    RUNNING = "RUNNING"
    PAUSED = "PAUSED"  # running jobs end; no new ones start
    SUCCEEDED = "SUCCEEDED"
    FAILED = "FAILED"
    CANCELED = "CANCELED"


LIVE_WORKFLOW_STATUSES = (WorkflowStatus.PENDING, WorkflowStatus.RUNNING, WorkflowStatus.PAUSED)
ENDED_WORKFLOW_STATUSES = (WorkflowStatus.SUCCEEDED, WorkflowStatus.FAILED, WorkflowStatus.CANCELED)

WORKFLOW_TRANSITIONS: dict[WorkflowStatus, frozenset[WorkflowStatus]] = {
    # Workflows are created as RUNNING. PENDING is part of the API, with the same end states.
    WorkflowStatus.PENDING: frozenset(
        {WorkflowStatus.RUNNING, WorkflowStatus.PAUSED, WorkflowStatus.FAILED, WorkflowStatus.CANCELED}
    ),
    WorkflowStatus.RUNNING: frozenset(
        {WorkflowStatus.PAUSED, WorkflowStatus.SUCCEEDED, WorkflowStatus.FAILED, WorkflowStatus.CANCELED}
    ),
    # Jobs that were running when it was paused go on, and their failure can fail the workflow.
    WorkflowStatus.PAUSED: frozenset({WorkflowStatus.RUNNING, WorkflowStatus.FAILED, WorkflowStatus.CANCELED}),
    WorkflowStatus.SUCCEEDED: frozenset({WorkflowStatus.RUNNING}),  # a new run, after an edit
    WorkflowStatus.FAILED: frozenset({WorkflowStatus.RUNNING}),  # it or its failed job is retried
    WorkflowStatus.CANCELED: frozenset({WorkflowStatus.RUNNING}),
}

# A stage can become RUNNING again from every state: it is retried, or out of date, or restarted with a new job in place
# of one from an earlier run. A stage is never PAUSED; its workflow is.
WORKFLOW_STAGE_TRANSITIONS: dict[WorkflowStatus, frozenset[WorkflowStatus]] = {
    WorkflowStatus.PENDING: frozenset({WorkflowStatus.RUNNING}),
    WorkflowStatus.RUNNING: frozenset(
        {
            WorkflowStatus.RUNNING,
            WorkflowStatus.PENDING,  # an earlier stage has to run first
            WorkflowStatus.SUCCEEDED,
            WorkflowStatus.FAILED,
            WorkflowStatus.CANCELED,
        }
    ),
    WorkflowStatus.PAUSED: frozenset(),
    WorkflowStatus.SUCCEEDED: frozenset({WorkflowStatus.RUNNING, WorkflowStatus.PENDING}),  # PENDING: in a new run
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
    BUILD = "BUILD"  # creates one artifact
    GENERATE = "GENERATE"  # has a provider generate one image or video, on an account if the provider is pooled


class Queue(StrEnum):
    PLANNING = "planning"
    TEXT = "text"
    IMAGES = "images"
    VIDEOS = "videos"
    RENDERING = "rendering"
    INPUTS = "inputs"  # downloads of input pictures given as links, before their job is scheduled
    POOL_IMAGES = "pool-images"  # images waiting for an account; placed by the scheduler, not claimed by workers
    POOL_VIDEOS = "pool-videos"
    CALLBACKS = "callbacks"  # deliveries from the outbox; not jobs
    ACCOUNTS = "accounts"  # health checks of accounts and receiving of daily credits; not jobs
    MAINTENANCE = "maintenance"  # sweeper, retention, statistics and alerts; not jobs


JOB_QUEUES = tuple(queue for queue in Queue if queue not in (Queue.CALLBACKS, Queue.ACCOUNTS, Queue.MAINTENANCE))
POOL_QUEUES = (Queue.POOL_IMAGES, Queue.POOL_VIDEOS)


class Priority(StrEnum):
    URGENT = "URGENT"
    HIGH = "HIGH"
    NORMAL = "NORMAL"
    LOW = "LOW"


PRIORITY_RANKS: dict[Priority, int] = {Priority.URGENT: 0, Priority.HIGH: 1, Priority.NORMAL: 2, Priority.LOW: 3}


class ArtifactKind(StrEnum):
    """Results of builds. The comment names the subject of each."""

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
    CANDIDATE = "CANDIDATE"  # each picture generated for a shot
    AUDIO = "AUDIO"
    SUBTITLES = "SUBTITLES"
    SUBTITLES_VTT = "SUBTITLES_VTT"
    POSTER = "POSTER"


class FileState(StrEnum):
    WRITING = "WRITING"  # the row is written before the bytes, so that a crash leaves no unknown file
    READY = "READY"
    REMOVING = "REMOVING"  # the bytes are removed before the row


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
        """The number of rows, which equals the number of columns."""
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
    INACTIVE = "INACTIVE"  # its session has expired, or its owner deactivated it
    BANNED = "BANNED"  # punished upstream


ACCOUNT_TRANSITIONS: dict[AccountStatus, frozenset[AccountStatus]] = {
    AccountStatus.ACTIVE: frozenset({AccountStatus.INACTIVE, AccountStatus.BANNED}),
    # A check of an inactive account can show that it is banned. Its owner can admit it again.
    AccountStatus.INACTIVE: frozenset({AccountStatus.ACTIVE, AccountStatus.BANNED}),
    # Upstream does not report the end of a ban, so only the owner can end it here.
    AccountStatus.BANNED: frozenset({AccountStatus.ACTIVE, AccountStatus.INACTIVE}),
}


class DeactivatedBy(StrEnum):
    """Who made an account INACTIVE. What the server did, a later successful look undoes."""

    OWNER = "OWNER"
    SERVER = "SERVER"


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
    """The step that an attempt has reached. Each state is stored before the next step starts."""

    PLACED = "PLACED"  # has a slot; nothing is sent yet
    SENT = "SENT"  # the draft is being sent or was sent; whether upstream accepted it is unknown
    ACCEPTED = "ACCEPTED"  # accepted by upstream, with a history id
    FETCHING = "FETCHING"  # finished by upstream; the result is being stored
    ENDED = "ENDED"


# services/stores/attempts checks every change of an attempt's state against this table. A state may follow itself: its
# step is repeated later.
ATTEMPT_TRANSITIONS: dict[AttemptState, frozenset[AttemptState]] = {
    AttemptState.PLACED: frozenset({AttemptState.PLACED, AttemptState.SENT, AttemptState.ENDED}),
    # Back to PLACED if upstream certainly does not have it; the same submit id is then sent again.
    AttemptState.SENT: frozenset({AttemptState.SENT, AttemptState.PLACED, AttemptState.ACCEPTED, AttemptState.ENDED}),
    AttemptState.ACCEPTED: frozenset({AttemptState.ACCEPTED, AttemptState.FETCHING, AttemptState.ENDED}),
    AttemptState.FETCHING: frozenset({AttemptState.FETCHING, AttemptState.ENDED}),
    # Its job is retried. FETCHING: a result is there, which was not stored. ACCEPTED: it is not known how upstream
    # ended the task, so that is asked first.
    AttemptState.ENDED: frozenset({AttemptState.ACCEPTED, AttemptState.FETCHING}),
}


class AttemptOutcome(StrEnum):
    RUNNING = "RUNNING"
    SUCCEEDED = "SUCCEEDED"
    SWITCHED = "SWITCHED"  # its job continued on another account, or later on this one
    FAILED = "FAILED"
    CANCELED = "CANCELED"


class CreditsSource(StrEnum):
    """Where the credits of an attempt are known from."""

    CATALOGUE = "CATALOGUE"  # the price of the model's catalogue
    LEARNED = "LEARNED"  # what the same request was charged before
    MEASURED = "MEASURED"  # upstream's own credit history, or the balance before and after


class BatchType(StrEnum):
    """COMPOSE if at least one item has an input picture."""

    IMAGE_GENERATE = "IMAGE_GENERATE"
    IMAGE_COMPOSE = "IMAGE_COMPOSE"
    VIDEO_GENERATE = "VIDEO_GENERATE"
    VIDEO_COMPOSE = "VIDEO_COMPOSE"


class BatchStatus(StrEnum):
    PENDING = "PENDING"
    RUNNING = "RUNNING"
    PAUSED = "PAUSED"  # running jobs end; no new ones start
    SUCCEEDED = "SUCCEEDED"
    PARTIALLY_FAILED = "PARTIALLY_FAILED"
    FAILED = "FAILED"
    CANCELED = "CANCELED"


ENDED_BATCH_STATUSES = (
    BatchStatus.SUCCEEDED,
    BatchStatus.PARTIALLY_FAILED,
    BatchStatus.FAILED,
    BatchStatus.CANCELED,
)

_ENDS = frozenset(ENDED_BATCH_STATUSES)
# A retry restarts an ended batch; a result after a time-out can change its end status.
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


# PENDING again: somebody has it sent anew, whatever became of it, also while it is being sent.
DELIVERY_TRANSITIONS: dict[DeliveryStatus, frozenset[DeliveryStatus]] = {
    DeliveryStatus.PENDING: frozenset({DeliveryStatus.PENDING, DeliveryStatus.DELIVERED, DeliveryStatus.FAILED}),
    DeliveryStatus.DELIVERED: frozenset({DeliveryStatus.PENDING}),
    DeliveryStatus.FAILED: frozenset({DeliveryStatus.PENDING}),
}
