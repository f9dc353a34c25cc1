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
    CreditsSource,
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
from services.accounts.pool.health import HealthReasonCode
from services.queries.accounts import Availability

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
    "The status of a piece of work.",
    PENDING="It waits for a worker, or for its due time.",
    RUNNING="It is running.",
    SUCCEEDED="It has succeeded.",
    FAILED="It has failed.",
    CANCELED="It was canceled.",
)
describe(
    WorkflowStatus,
    "The status of a workflow or of one of its stages.",
    PENDING="Not begun.",
    RUNNING="It is running.",
    PAUSED="Running jobs finish; no more are started until resumeWorkflow.",
    SUCCEEDED="It has succeeded.",
    FAILED="It has failed; retryWorkflow continues it.",
    CANCELED="It was canceled.",
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
    "The scheduling priority.",
    URGENT="Before all other work.",
    HIGH="Before normal work.",
    NORMAL="The default.",
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
    "The distance and viewpoint of the camera.",
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
    "The quality of clips and film, against speed.",
    DRAFT="Fast, for previews.",
    STANDARD="For most uses.",
    HIGH="Slow, with the best quality.",
)
describe(
    MediaKind,
    "What is generated.",
    IMAGE="Pictures.",
    VIDEO="Clips.",
)
describe(
    AccountType,
    "Whether an account belongs to a service's Chinese or international site.",
    DOMESTIC="Of the Chinese service.",
    INTERNATIONAL="Of the international service.",
)
describe(
    Site,
    "The site that an account works on.",
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
    INACTIVE="Its session has expired, until a later look finds that it works, or its owner deactivated it.",
    BANNED="Upstream has banned it.",
)
describe(
    Availability,
    "Whether an active account can make something of a kind now.",
    AVAILABLE="It can, as soon as a slot is free.",
    RATE_LIMITED="It is in a cooldown; cooldowns say until when.",
    EXHAUSTED="It has reached its limit until the quota reset, or has no credits left.",
)
describe(
    HealthReasonCode,
    "What speaks against an account.",
    NOT_ACTIVE="It is inactive or banned, and gets no work.",
    FAILURES="Attempts of the last day failed because of it; recent ones count more.",
    CONSECUTIVE_FAILURES="Its last calls failed in a row.",
    COOLING_DOWN="It has cooldowns now; repeated ones count more.",
    RISK_CONTROL="Upstream's risk control refused it in the last day.",
    SESSION_UNCONFIRMED="Nothing in the last day has shown that upstream accepts its session.",
    OUT_OF_CREDIT="Its credits are not enough for its cheapest model.",
    LOW_CREDIT="Its credits are enough for fewer than ten of its cheapest model.",
    CREDIT_UNKNOWN="Its credits are unknown.",
    EXHAUSTED="Its quota is used up until the reset.",
    SLOTS_LOWERED="Upstream took fewer tasks at once than maxConcurrent.",
    OVERDUE_TASKS="Tasks that timed out hold slots of it.",
)
describe(
    OrderDirection,
    "The sort direction.",
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
    RATE_LIMIT="The provider limits the request rate.",
    INSUFFICIENT_CREDIT="There is not enough credit.",
    CONTENT_REJECTED="The provider refused the content.",
    INVALID_INPUT="The input cannot be used.",
    SERVER_ERROR="The provider failed.",
    API_ERROR="The provider's response could not be parsed.",
    NETWORK_ERROR="The provider could not be reached.",
    TIMEOUT="There was no result in time.",
    NO_ACCOUNT="No account can do it.",
    STORAGE_ERROR="A file could not be stored or read.",
    INTERNAL="An internal error of this server; see its log.",
)
describe(
    ErrorCode,
    "Every entry of errors has extensions { code: ErrorCode, number: Int, requestId: String, path: [String!] }; path "
    "is the argument at fault, and is present only where that is known.",
    BAD_USER_INPUT="40001: the input is invalid.",
    UNSUPPORTED_FILE="40002: the file type is not supported.",
    FILE_TOO_LARGE="40003: the file is larger than the limit.",
    QUERY_TOO_COMPLEX="40004: the document asks for too much at once.",
    UNAUTHENTICATED="40101: the token is missing or invalid.",
    INSUFFICIENT_CREDIT="40201: there is not enough credit.",
    FORBIDDEN="40301: the caller may not do that.",
    WORKFLOW_NOT_FOUND="40401: there is no such workflow of the caller's.",
    NOT_FOUND="40402: there is no such object of the caller's.",
    PERSISTED_QUERY_NOT_FOUND="40403: no document with that hash is kept; send the document with it.",
    NOT_ACCEPTABLE="40601: the Accept header allows no answer that there is.",
    CONFLICT="40901: it conflicts with the current state.",
    RATE_LIMITED="42901: too many requests; retryAfterSeconds of the extensions says when to come again.",
    QUOTA_EXCEEDED="42902: the caller has as much of something as is allowed; me.limits lists it.",
    TIMED_OUT="50401: the query took too long; its work was cancelled.",
    INTERNAL="50001: an internal error of the server.",
    PROVIDER_FAILED="50002: a provider failed.",
    STORAGE_FAILED="50003: the storage failed.",
    QUEUE_FAILED="50004: the queue failed.",
)
describe(
    AttemptOutcome,
    "The outcome of an attempt.",
    RUNNING="It is running.",
    SUCCEEDED="Its result was stored.",
    SWITCHED="Its job continued, on another account or later on this one.",
    FAILED="Its job failed with it.",
    CANCELED="Its job was canceled.",
)
describe(
    CreditsSource,
    "Where credits are known from.",
    CATALOGUE="The catalogue's price, which may be out of date.",
    LEARNED="What the same request was charged before.",
    MEASURED="Upstream's credit history, or the balance before and after.",
)
describe(
    UpstreamTaskType,
    "The kind of an upstream task.",
    IMAGE="Pictures.",
    VIDEO="A clip.",
    UNKNOWN="Upstream does not say.",
)
describe(
    Polling,
    "Who polls upstream for the result.",
    AUTO="The server, until the result is there.",
    MANUAL="The caller, with refreshJob or upstreamTask; the mutation answers once the task is submitted, and nothing "
    "times out. The slot is freed after the usual time.",
)
describe(
    Reuse,
    "Whether a cached result may be reused.",
    NONE="Always generate.",
    EXACT="Reuse if all parameters are the same; an input link is compared by the content last fetched from it.",
    SIMILAR="Also reuse if the prompts' similarity is at least reuseThreshold and all other parameters are equal. A "
    "word that inverts the meaning, such as not, hardly lowers the similarity.",
)
describe(
    Transition,
    "How a clip begins and ends.",
    NONE="No transition.",
    KEN_BURNS="With a slow move of the camera over it.",
    FADE="Out of black and into black.",
)
describe(
    LoadBalance,
    "How an account is chosen among the eligible ones.",
    ROUND_ROBIN="The account unused for the longest time.",
    LEAST_USED="The account with the fewest running jobs for its limit, then the fewest jobs today.",
    PRIORITY="The account with the lowest priority number.",
)
describe(
    RateLimitHandling,
    "What happens to a job when upstream limits the request rate.",
    WAIT="It waits until the account is available again.",
    SKIP="It fails.",
    SWITCH="It moves to another account at once.",
)
describe(
    DeliveryStatus,
    "The status of a callback.",
    PENDING="It waits to be sent or retried.",
    DELIVERED="The receiver answered with a status of 2xx.",
    FAILED="All tries failed, and an alert was raised; redeliverCallback sends it again.",
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
    "The status of a batch.",
    PENDING="None of its jobs has started.",
    RUNNING="Its jobs are running.",
    PAUSED="Running jobs finish; no more are started until resumeBatch.",
    SUCCEEDED="Every item has its result, or there was nothing to do.",
    PARTIALLY_FAILED="It has ended, and some items have their result.",
    FAILED="It has ended, and no item has a result.",
    CANCELED="It was canceled, or all of its jobs were.",
)
describe(
    ExistingRecords,
    "What to do with storyboards that already have a result or are being generated.",
    OVERWRITE="They are generated again, keeping the previous result as a version; one that is being generated is a "
    "conflict.",
    SKIP="They are skipped.",
)
