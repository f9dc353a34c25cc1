"""Scripts with their scenes and shots."""

from datetime import datetime

import strawberry

from models.enums import InputType, JobStatus, ShotType
from models.scripts import Script as ScriptRow
from models.scripts import ScriptScene as SceneRow
from models.scripts import ScriptShot as ScriptShotRow
from schema.context import Info
from schema.fields import resolved
from schema.links import linked_list
from schema.paging import Connection, Node, child_connection, paged
from services.platform.paging import PageRequest
from services.queries.children import SCENES
from services.queries.film_length import length_warnings
from services.queries.orders import SCENE_ORDERS


@strawberry.type(
    description="A shot of the script. Storyboards have copies of these shots, with ids of their own, and change alone."
)
class ScriptShot(Node):
    number: int = strawberry.field(description="From 1 over the whole script.")
    title: str = strawberry.field(description="A short title for lists.")
    prompt: str = strawberry.field(description="What the picture shows.")
    shot_type: ShotType = strawberry.field(description="The distance and viewpoint of the camera.")
    narration: str | None = strawberry.field(description="What the narrator says.")
    dialogue: str | None = strawberry.field(description="What the speaker says, after the narrator.")
    speaker: str | None = strawberry.field(description="Who says the dialogue.")
    bgm_hint: str | None = strawberry.field(description="The mood of the music.")
    duration_seconds: float = strawberry.field(description="How long it is shown.")

    @staticmethod
    def from_row(row: ScriptShotRow) -> "ScriptShot":
        return ScriptShot(
            id=strawberry.ID(row.global_id),
            number=row.number,
            title=row.title,
            prompt=row.prompt,
            shot_type=row.shot_type,
            narration=row.narration,
            dialogue=row.dialogue,
            speaker=row.speaker,
            bgm_hint=row.bgm_hint,
            duration_seconds=row.duration_seconds,
        )


@strawberry.type(description="A scene of a script: one place at one time.")
class ScriptScene(Node):
    row: strawberry.Private[SceneRow]
    number: int = strawberry.field(description="From 1 over the whole script.")
    heading: str = strawberry.field(description="Where and when, e.g. EXT. STREET - DAY.")
    summary: str = strawberry.field(description="What happens.")
    characters: list[str] = strawberry.field(description="Who is in it, by the names that the text uses.")

    @resolved("Its shots, in order.")
    async def shots(self, info: Info) -> list[ScriptShot]:
        key = (self.row.script_id, self.row.number)
        return await linked_list(info.context.loaders.shots_by_scene, key, ScriptShot.from_row)

    @staticmethod
    def from_row(row: SceneRow) -> "ScriptScene":
        return ScriptScene(
            row=row,
            id=strawberry.ID(row.global_id),
            number=row.number,
            heading=row.heading,
            summary=row.summary,
            characters=list(row.characters),
        )


@strawberry.type(description="A text turned into scenes and shots.")
class Script(Node):
    row: strawberry.Private[ScriptRow]
    story_id: str | None = strawberry.field(description="The caller's own name for the story.")
    status: JobStatus = strawberry.field(description="The status of the script.")
    input_type: InputType = strawberry.field(description="What kind of text it is written from.")
    language: str | None = strawberry.field(description="The script's language, e.g. zh; null until it is known.")
    screenplay: str | None = strawberry.field(description="The screenplay in Fountain.")
    storyboard_script: str | None = strawberry.field(description="The shot list as text, for people.")
    created_at: datetime = strawberry.field(description="When it was requested.")

    @resolved(
        "What became of durationHintSeconds and targetShots where the text gives something else; empty until it is "
        "written."
    )
    async def warnings(self, info: Info) -> list[str]:
        return length_warnings(self.row.options, await info.context.loaders.length_by_script_id.load(self.row.id))

    @paged("Its scenes, in order.", SCENE_ORDERS)
    async def scenes(self, info: Info, request: PageRequest) -> Connection[ScriptScene] | None:
        return await child_connection(info, SCENES, self.row.id, request, ScriptScene.from_row)

    @staticmethod
    def from_row(row: ScriptRow) -> "Script":
        return Script(
            row=row,
            id=strawberry.ID(row.global_id),
            story_id=row.story_id,
            status=row.status,
            input_type=row.input_type,
            language=row.language,
            screenplay=row.screenplay,
            storyboard_script=row.storyboard_script,
            created_at=row.created_at,
        )
