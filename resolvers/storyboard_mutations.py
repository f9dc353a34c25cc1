"""Mutations that draw storyboards and edit their shots."""

from typing import Annotated, Any

import strawberry

from models.enums import GridLayout
from resolvers.fields import mutation
from resolvers.ids import maybe, need, need_all
from resolvers.keyed import Repeats
from resolvers.mutating import incoming, key_for
from resolvers.script_mutations import File
from schema.context import Info
from schema.fields import given
from schema.jobs import JobPayload
from schema.stage_inputs import CreateStoryboardInput, EditShotInput, RegenerateShotsInput
from schema.storyboards import ShotPayload
from services.film import storyboards, videos
from services.platform.not_given import NOT_GIVEN

ShotId = Annotated[strawberry.ID, strawberry.argument(description="The shot.")]


def shot_changes(input: EditShotInput) -> storyboards.ShotChanges:
    """The changes of a shot. Dialogue, narration and speaker: not given keeps them, null removes them. All other fields
    keep their value where null.
    """
    parts = given(input.replacements)
    return storyboards.ShotChanges(
        shot_id=need(input.shot_id, "Shot", "input", "shotId"),
        prompt=given(input.prompt),
        character=given(parts.character) if parts is not None else None,
        scene=given(parts.scene) if parts is not None else None,
        action=given(parts.action) if parts is not None else None,
        shot_type=given(parts.shot_type) if parts is not None else None,
        dialogue=_words(input.dialogue),
        narration=_words(input.narration),
        speaker=_words(input.speaker),
        duration_seconds=given(input.duration_seconds),
    )


def _words(words: str | None) -> Any:
    return NOT_GIVEN if words is strawberry.UNSET else words


@strawberry.type
class StoryboardMutations:
    @mutation("Draws a picture for each shot of a script.")
    async def create_storyboard(
        self,
        info: Info,
        input: Annotated[CreateStoryboardInput, strawberry.argument(description="The script, and how to draw it.")],
    ) -> JobPayload | None:
        row = await storyboards.create_storyboard(
            info.context.owner,
            script_id=need(input.script_id, "Script", "input", "scriptId"),
            workflow_id=maybe(input.workflow_id, "Workflow", "input", "workflowId"),
            grid_layout=input.grid_layout or GridLayout.SINGLE,
            provider=given(input.provider),
            auto_crop=input.auto_crop is not False,
            idempotency_key=key_for(info, input.idempotency_key),
        )
        return JobPayload.of(row)

    @mutation(
        "Edits a shot; regenerateShots or resumeWorkflow then remakes what is out of date.",
        repeats=Repeats.IN_TRANSACTION,
    )
    async def edit_shot(
        self,
        info: Info,
        input: Annotated[EditShotInput, strawberry.argument(description="The shot, and the changes.")],
    ) -> ShotPayload | None:
        return ShotPayload.of(await storyboards.edit_shot(info.context.owner, shot_changes(input)))

    @mutation("Generates the pictures of shots again.")
    async def regenerate_shots(
        self,
        info: Info,
        input: Annotated[RegenerateShotsInput, strawberry.argument(description="The shots, and who draws.")],
    ) -> JobPayload | None:
        row = await storyboards.regenerate_shots(
            info.context.owner,
            storyboard_id=need(input.storyboard_id, "Storyboard", "input", "storyboardId"),
            shot_ids=need_all(input.shot_ids, "Shot", "input", "shotIds"),
            provider=given(input.provider),
            idempotency_key=key_for(info, input.idempotency_key),
        )
        return JobPayload.of(row)

    @mutation("Replaces a shot's picture by an uploaded one.", repeats=Repeats.WITH_CLAIM)
    async def upload_shot_image(self, info: Info, shot_id: ShotId, file: File) -> ShotPayload | None:
        number = need(shot_id, "Shot", "shotId")
        async with incoming(file) as upload:
            return ShotPayload.of(await storyboards.upload_shot_image(info.context.owner, number, upload))

    @mutation("Replaces a shot's clip by an uploaded one.", repeats=Repeats.WITH_CLAIM)
    async def upload_shot_video(self, info: Info, shot_id: ShotId, file: File) -> ShotPayload | None:
        number = need(shot_id, "Shot", "shotId")
        async with incoming(file) as upload:
            return ShotPayload.of(await videos.upload_shot_video(info.context.owner, number, upload))

    @mutation("Chooses another of a shot's pictures.", repeats=Repeats.IN_TRANSACTION)
    async def choose_shot_image(
        self,
        info: Info,
        shot_id: ShotId,
        sha256: Annotated[str, strawberry.argument(description="The picture, as Shot.candidates names it.")],
    ) -> ShotPayload | None:
        number = need(shot_id, "Shot", "shotId")
        return ShotPayload.of(await storyboards.choose_shot_image(info.context.owner, number, sha256))
