"""The parameters of pictures and clips in the API: base classes of inputs and records.

Strawberry lists the fields of a type's bases first, from left to right, and keeps the position of a field that the
type redeclares. So bases follow the order of the schema, and each base holds fields that are adjacent everywhere.
"""

import strawberry

from models.enums import MediaKind, Transition
from models.generation_parameters import ClipAudio as StoredAudio
from models.generation_parameters import Reference as StoredReference
from schema.fields import optional
from schema.scalars import Long

NEGATIVE = "The content to avoid, for models that support it."
COUNT = "How many pictures, one of the model's counts; null: its usual number. The price is for each picture."
SEED = "Makes the same result again, for models that support it."
SAFETY = "Whether a service is to check the content; true is refused where none is configured."
FIRST_AND_LAST = "None: from text. One: the first frame. Two: the first and the last frame."
REFERENCE_NAME = "1 to 40 letters and digits of any script, and -, _ or ·, without spaces; the prompt says @name."
REFERENCES = (
    "Pictures and films to which the prompt refers by name, e.g. '@Mira dances as in @dance', for models that take them"
    " (Model.references); each has to be named there. @@ is a plain @. Not together with input images."
)
IMAGE_INPUTS = "Up to 10 http(s) links, upload ids or record ids; with any, the image is composed from them."


@strawberry.input(description="Sound to put under a clip; ducking lowers the music while the voice speaks.")
class ClipAudioInput:
    voiceover_url: str | None = optional("An http(s) link to the voice.")
    bgm_url: str | None = optional("An http(s) link to the music.")
    ducking: bool | None = strawberry.field(
        default=True, description="Whether the music is lowered while the voice speaks."
    )


# ------------------------------------------------------------------ parts of inputs


@strawberry.input
class SizeInput:
    size: str | None = optional(
        "Width x height, e.g. 1024x576, for models that support it; overrides ratio and resolution."
    )


@strawberry.input
class CountInput:
    count: int | None = optional(COUNT)


@strawberry.input
class CompositionInput:
    intelligent_ratio: bool | None = optional("Whether the model chooses the ratio by the prompt, for models that can.")
    sample_strength: float | None = optional("How much the picture follows its input images, 0 to 1.")


@strawberry.input
class SeedInput:
    seed: Long | None = optional(SEED)


@strawberry.input
class SamplerInput:
    steps: int | None = optional("Steps of the sampler, for models that support them.")
    guidance_scale: float | None = optional("How closely the prompt is followed, for models that support it.")
    scheduler: str | None = optional("The sampler's schedule, for models that support it.")
    style: str | None = optional("The style of the picture, for models that support it.")


@strawberry.input
class MotionInput:
    fps: int | None = optional("Frames per second, for models that support it.")
    motion_strength: float | None = optional("The amount of motion, 0 to 1, for models that support it.")
    transition: Transition | None = optional("How the clip begins and ends.")
    audio: ClipAudioInput | None = optional("Sound to put under the clip.")


@strawberry.input(description="A picture or film to which the prompt refers as @name.")
class ReferenceInput:
    name: str = strawberry.field(description=REFERENCE_NAME)
    file: str = strawberry.field(description="An http(s) link, an upload id or a record id of a picture or a film.")


@strawberry.input
class ReferencesInput:
    references: list[ReferenceInput] | None = strawberry.field(default_factory=list, description=REFERENCES)


# ------------------------------------------------------------------ parts of records


@strawberry.type(description="Sound under a clip.")
class ClipAudio:
    voiceover_url: str | None = strawberry.field(description="The voice.")
    bgm_url: str | None = strawberry.field(description="The music.")
    ducking: bool = strawberry.field(description="Whether the music is lowered while the voice speaks.")

    @staticmethod
    def maybe(audio: StoredAudio | None) -> "ClipAudio | None":
        if audio is None:
            return None
        return ClipAudio(voiceover_url=audio.voiceover_url, bgm_url=audio.bgm_url, ducking=audio.ducking)


@strawberry.type(description="A picture or film to which the prompt of a clip refers.")
class Reference:
    name: str = strawberry.field(description="The prompt says @name.")
    file: str = strawberry.field(description="The link or id, as given.")
    kind: MediaKind | None = strawberry.field(description="A picture or a film; null until a link was fetched.")
    duration_seconds: float | None = strawberry.field(description="The length of a film.")

    @staticmethod
    def of(reference: StoredReference) -> "Reference":
        return Reference(
            name=reference.name,
            file=reference.given,
            kind=reference.kind,
            duration_seconds=reference.duration_seconds,
        )


@strawberry.type
class ImageParameters:
    count: int | None = strawberry.field(
        description="How many pictures were asked for; null: the model's usual number."
    )
    intelligent_ratio: bool = strawberry.field(description="Whether the model was to choose the ratio by the prompt.")
    sample_strength: float | None = strawberry.field(description="How much the picture follows its input pictures.")
    seed: Long | None = strawberry.field(description="Makes the same picture again, where the model can.")
    size: str | None = strawberry.field(description="Width x height, where it was given.")
    steps: int | None = strawberry.field(description="Steps of the sampler.")
    guidance_scale: float | None = strawberry.field(description="How closely the prompt is followed.")
    scheduler: str | None = strawberry.field(description="The sampler's schedule.")
    style: str | None = strawberry.field(description="The style of the picture.")


@strawberry.type
class VideoParameters:
    duration_seconds: float | None = strawberry.field(description="The requested length; null where the model decides.")
    seed: Long | None = strawberry.field(description="Makes the same clip again, where the model can.")
    fps: int | None = strawberry.field(description="Frames per second, where it was given.")
    motion_strength: float | None = strawberry.field(description="The amount of motion, from 0 to 1.")
    transition: Transition = strawberry.field(description="How the clip begins and ends.")
    clip_audio: ClipAudio | None = strawberry.field(description="Sound under the clip, as the input's audio asked for.")
    references: list[Reference] = strawberry.field(description="The pictures and films to which the prompt refers.")
