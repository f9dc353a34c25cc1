"""The schema's enums, most of them those of the models, with a description of every value."""

from enum import Enum, StrEnum
from typing import TypeVar

import strawberry

from errors import ErrorCode, JobErrorCode
from models.enums import (
    AccountStatus,
    AccountType,
    AssetType,
    AttemptOutcome,
    BatchStatus,
    BatchType,
    DeliveryStatus,
    ExistingRecords,
    GridLayout,
    InputType,
    JobStatus,
    JobType,
    LoadBalance,
    MediaKind,
    Polling,
    Priority,
    Quality,
    RateLimitHandling,
    Reuse,
    ShotType,
    Site,
    Stage,
    Transition,
    WorkflowStatus,
)
from services.queries.accounts import AccountOrderField, Availability

E = TypeVar("E", bound=Enum)


class Capability(StrEnum):
    TEXT = "TEXT"
    IMAGE = "IMAGE"
    VIDEO = "VIDEO"
    SPEECH = "SPEECH"
    MUSIC = "MUSIC"


class OrderDirection(StrEnum):
    ASC = "ASC"
    DESC = "DESC"


class UpstreamTaskType(StrEnum):
    IMAGE = "IMAGE"
    VIDEO = "VIDEO"
    UNKNOWN = "UNKNOWN"


def describe(enum: type[E], description: str, **values: str) -> None:
    """Adds an enum to the schema. Raises KeyError where a value has no description."""
    definition = strawberry.enum(enum, description=description).__strawberry_definition__  # type: ignore[attr-defined]
    for value in definition.values:
        value.description = values[value.name]


describe(
    JobStatus,
    "How far a piece of work is.",
    PENDING="It waits for a worker, or for its time.",
    RUNNING="It is being worked on.",
    SUCCEEDED="It has ended well.",
    FAILED="It has ended with an error.",
    CANCELED="Somebody ended it.",
)
describe(
    WorkflowStatus,
    "How far a workflow or one of its stages is.",
    PENDING="Not begun.",
    RUNNING="Being worked on.",
    PAUSED="What runs ends; nothing more is started until resumeWorkflow.",
    SUCCEEDED="Ended well.",
    FAILED="Ended with an error; retryWorkflow goes on.",
    CANCELED="Somebody ended it.",
)
describe(
    Stage,
    "The six stages of a workflow, in order.",
    SCRIPT="From the text to scenes and shots.",
    ASSETS="Designs of characters, props and scenes.",
    STORYBOARD="A picture for each shot.",
    ANIMATIC="The pictures in motion, with speech.",
    VIDEO="A clip for each shot.",
    EDIT="The cut film with sound, music and subtitles.",
)
describe(
    JobType,
    "What a job does.",
    TEXT_TO_IMAGE="Makes a picture from words.",
    IMAGE_TO_IMAGE="Makes a picture from words and pictures.",
    TEXT_TO_VIDEO="Makes a clip from words.",
    IMAGE_TO_VIDEO="Makes a clip from words and pictures.",
    SCRIPT="Writes a script.",
    ASSETS="Designs characters, props and scenes.",
    STORYBOARD="Draws a storyboard, or some of its shots.",
    ANIMATIC="Makes an animatic.",
    SPEECH="Speaks a shot's words.",
    VIDEO="Makes the clips of a video.",
    EDIT="Cuts the film.",
    EXPORT="Packs the whole work for other tools.",
)
describe(
    Priority,
    "Which work goes first.",
    URGENT="Before all else.",
    HIGH="Before normal work.",
    NORMAL="As it comes.",
    LOW="After normal work.",
)
describe(
    InputType,
    "What kind of text a script is written from.",
    NOVEL="Prose: a story, a chapter or a whole novel.",
    SCREENPLAY="A screenplay with scene headings and dialogue.",
    OUTLINE="Notes of what happens.",
)
describe(
    AssetType,
    "What an asset is.",
    CHARACTER="Somebody.",
    PROP="A thing that matters to the story.",
    SCENE="A place.",
)
describe(
    GridLayout,
    "A grid image holds rows x columns shots and is cropped into them.",
    SINGLE="One picture for each shot.",
    GRID_2X2="Four shots in a picture.",
    GRID_3X3="Nine shots in a picture.",
    GRID_4X4="Sixteen shots in a picture.",
)
describe(
    ShotType,
    "How near the camera is, and whose eyes it is.",
    EXTREME_LONG="The place, with people as specks.",
    LONG="People small in their place.",
    FULL="A person from head to foot.",
    MEDIUM="A person from the waist up.",
    CLOSE_UP="A face.",
    EXTREME_CLOSE_UP="A part of a face, or a thing.",
    OVER_THE_SHOULDER="Past one person at another.",
    POINT_OF_VIEW="What a person sees.",
)
describe(
    Quality,
    "How much work goes into clips and film.",
    DRAFT="Quick, for looking at.",
    STANDARD="For most uses.",
    HIGH="Slow, and as good as it gets.",
)
describe(
    MediaKind,
    "What is generated.",
    IMAGE="Pictures.",
    VIDEO="Clips.",
)
describe(
    AccountType,
    "Which of a service's two worlds an account is of.",
    DOMESTIC="Of the Chinese service.",
    INTERNATIONAL="Of the service for everybody else.",
)
describe(
    Site,
    "Where an account works.",
    CN="China.",
    US="The United States.",
    HK="Hong Kong.",
    JP="Japan.",
    SG="Singapore.",
)
describe(
    AccountStatus,
    "Whether an account is given work at all.",
    ACTIVE="It is given work.",
    INACTIVE="Its session has ended, or its owner took it out.",
    BANNED="It is punished upstream.",
)
describe(
    Availability,
    "Whether an active account can make something of a kind now.",
    AVAILABLE="It can, as soon as a slot is free.",
    RATE_LIMITED="It rests for a while; cooldowns say until when.",
    EXHAUSTED="It has made all that it may until the quota reset.",
)
describe(
    AccountOrderField,
    "What accounts are ordered by.",
    PRIORITY="Their priority, then when they were added.",
    CREATED_AT="When they were added.",
    LAST_USED_AT="When they were last given work; those that never were come last.",
)
describe(
    OrderDirection,
    "Which way a list goes.",
    ASC="The lowest first.",
    DESC="The highest first.",
)
describe(
    Capability,
    "What a provider can do.",
    TEXT="Write scripts.",
    IMAGE="Draw pictures.",
    VIDEO="Make clips.",
    SPEECH="Speak.",
    MUSIC="Compose music.",
)
describe(
    JobErrorCode,
    "Why work failed.",
    AUTH_FAILED="The provider did not accept the credentials.",
    PERMISSION_DENIED="The provider does not permit it.",
    RATE_LIMIT="The provider wants fewer requests.",
    INSUFFICIENT_CREDIT="There is not enough credit.",
    CONTENT_REJECTED="The provider refused the content.",
    INVALID_INPUT="It cannot be made from this input.",
    SERVER_ERROR="The provider failed.",
    API_ERROR="The provider's answer could not be understood.",
    NETWORK_ERROR="The provider could not be reached.",
    TIMEOUT="There was no result in time.",
    NO_ACCOUNT="No account can do it.",
    STORAGE_ERROR="A file could not be stored or read.",
    INTERNAL="Something else, on this server; its log says more.",
)
describe(
    ErrorCode,
    "Every entry of errors has extensions { code: ErrorCode, number: Int, requestId: String, path: [String!] }; path "
    "is where the fault lies within the arguments, and is there only where that is known.",
    BAD_USER_INPUT="40001: the input cannot be used as it is.",
    UNSUPPORTED_FILE="40002: a file of that kind is not taken.",
    FILE_TOO_LARGE="40003: the file is larger than the limit.",
    QUERY_TOO_COMPLEX="40004: the document asks for too much at once.",
    UNAUTHENTICATED="40101: there is no token, or not a good one.",
    INSUFFICIENT_CREDIT="40201: there is not enough credit.",
    FORBIDDEN="40301: the caller may not do that.",
    WORKFLOW_NOT_FOUND="40401: there is no such workflow of the caller's.",
    NOT_FOUND="40402: there is no such object of the caller's.",
    CONFLICT="40901: it does not fit the present state.",
    RATE_LIMITED="42901: too many requests.",
    INTERNAL="50001: something went wrong on the server.",
    PROVIDER_FAILED="50002: a provider failed.",
    STORAGE_FAILED="50003: the storage failed.",
    QUEUE_FAILED="50004: the queue failed.",
)
describe(
    AttemptOutcome,
    "How a try on one account ended.",
    RUNNING="It is under way.",
    SUCCEEDED="Its result was stored.",
    SWITCHED="Its job went on, on another account or later on this one.",
    FAILED="Its job failed with it.",
    CANCELED="Its job was canceled.",
)
describe(
    UpstreamTaskType,
    "What a task of upstream makes.",
    IMAGE="Pictures.",
    VIDEO="A clip.",
    UNKNOWN="Upstream does not say.",
)
describe(
    Polling,
    "Who asks upstream for the result.",
    AUTO="The server, until it is there.",
    MANUAL="The caller, with refreshJob or upstreamTask; the mutation answers once the task is submitted, and nothing "
    "times out. The slot is freed after the usual time.",
)
describe(
    Reuse,
    "Whether an earlier result may be handed out again.",
    NONE="It is always made anew.",
    EXACT="Where everything that shapes it is the same; an input link counts by what came from it last.",
    SIMILAR="Also where the prompts are alike to at least reuseThreshold and every other parameter is the same. A word "
    "that turns the meaning, such as not, makes two prompts hardly less alike.",
)
describe(
    Transition,
    "How a clip begins and ends.",
    NONE="As it came.",
    KEN_BURNS="With a slow move of the camera over it.",
    FADE="Out of black and into black.",
)
describe(
    LoadBalance,
    "Which account is taken among those that could be.",
    ROUND_ROBIN="The one that was not used for the longest time.",
    LEAST_USED="The one with the fewest jobs for its limit, then the fewest today.",
    PRIORITY="The one with the lowest priority number.",
)
describe(
    RateLimitHandling,
    "What happens to a job where upstream wants fewer requests.",
    WAIT="It is kept for when the account is free again.",
    SKIP="It fails.",
    SWITCH="It moves to another account at once.",
)
describe(
    DeliveryStatus,
    "How far a callback is.",
    PENDING="It is to be sent, or to be tried again.",
    DELIVERED="The receiver answered with a status of 2xx.",
    FAILED="It was given up, with an alert; redeliverCallback sends it again.",
)
describe(
    BatchType,
    "What a batch makes: COMPOSE as soon as one item has an input image.",
    IMAGE_GENERATE="Pictures from words.",
    IMAGE_COMPOSE="Pictures, some of them from other pictures.",
    VIDEO_GENERATE="Clips from words.",
    VIDEO_COMPOSE="Clips, some of them from pictures.",
)
describe(
    BatchStatus,
    "How far a batch is.",
    PENDING="None of its jobs has begun.",
    RUNNING="Its jobs are being made.",
    PAUSED="What runs ends; nothing more is begun until resumeBatch.",
    SUCCEEDED="Every item has its result, or there was nothing to do.",
    PARTIALLY_FAILED="It has ended, and some items have their result.",
    FAILED="It has ended, and no item has a result.",
    CANCELED="Somebody ended it, or every one of its jobs.",
)
describe(
    ExistingRecords,
    "What becomes of storyboards that have a result, or are being generated, already.",
    OVERWRITE="They are generated again, and the former result is kept as a version; one that is being generated is a "
    "conflict.",
    SKIP="They are left out.",
)
