"""Input pictures of a request, found: the caller's uploads and results by their ids, contents by their hash.

Links stay links: they are fetched before their job is scheduled (services/generation/inputs.py).
"""

from dataclasses import replace

from errors import BadInputError, JobFailure, NotFoundError
from models.artifacts import JobFile
from models.enums import FileState
from models.files import StoredFile
from models.generation import GenerationRecord
from models.ids import parse_global_id
from services.files import take_up
from services.generation.checking import check_input, is_link
from services.generation.requests import GenerationRequest, InputImage


async def resolve_inputs(owner: str, request: GenerationRequest) -> tuple[GenerationRequest, dict[int, StoredFile]]:
    """The request with the contents of all inputs that are no links, and their files by place. In a transaction: the
    files are kept from being removed until its end.

    An input with a hash is that content where it is still there. Raises NotFoundError for what is not the owner's or is
    gone, BadInputError for what is no picture; the path names the input.
    """
    inputs: list[InputImage] = []
    files: dict[int, StoredFile] = {}
    for place, image in enumerate(request.inputs):
        file = await _file(owner, image, place)
        if file is None:
            inputs.append(InputImage(image.given))
            continue
        files[place] = file
        inputs.append(replace(image, sha256=file.sha256))
    try:
        await take_up({file.id for file in files.values()})
    except JobFailure as failure:
        raise NotFoundError("An input picture was removed at this moment.", path=["input", "inputImages"]) from failure
    return replace(request, inputs=tuple(inputs)), files


async def _file(owner: str, image: InputImage, place: int) -> StoredFile | None:
    """None for a link that is still to be fetched."""
    path = ["input", "inputImages", str(place)]
    if image.sha256 is not None:
        known = await StoredFile.get_or_none(owner=owner, sha256=image.sha256, state=FileState.READY)
        if known is not None:
            return known
        if image.given == image.sha256:
            raise NotFoundError("An input picture is no longer there.", path=path)
    if is_link(image.given):
        return None
    check_input(image, *path)
    model, number = parse_global_id(image.given) or ("", 0)
    file = await (_upload(owner, number, path) if model == "StoredFile" else _result(owner, number, path))
    if not file.content_type.startswith("image/"):
        raise BadInputError(f"An input image must be a picture; this is {file.content_type}.", path=path)
    return file


async def _upload(owner: str, file_id: int, path: list[str]) -> StoredFile:
    file = await StoredFile.get_or_none(id=file_id, owner=owner, state=FileState.READY)
    if file is None:
        raise NotFoundError("There is no such upload.", path=path)
    return file


async def _result(owner: str, record_id: int, path: list[str]) -> StoredFile:
    """The chosen file of a record, else its first."""
    record = await GenerationRecord.get_or_none(id=record_id, owner=owner, deleted_at__isnull=True)
    if record is None:
        raise NotFoundError("There is no such record.", path=path)
    file_id = record.chosen_file_id
    if file_id is None and record.shown_job_id is not None:
        first = await JobFile.filter(job_id=record.shown_job_id).order_by("position").first()
        file_id = None if first is None else first.file_id
    file = None if file_id is None else await StoredFile.get_or_none(id=file_id, owner=owner, state=FileState.READY)
    if file is None:
        raise BadInputError("The record has no result yet that could be used.", path=path)
    return file
