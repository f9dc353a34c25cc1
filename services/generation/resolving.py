"""Resolving the materials of requests, input pictures and references: uploads and results by id, contents by hash.

Links are not resolved here; they are fetched before the job is scheduled (services/generation/inputs.py).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from errors import BadInputError, EkonteError, NotFoundError, not_found
from models.artifacts import JobFile
from models.enums import FileState, MediaKind
from models.files import StoredFile
from models.generation import GenerationRecord
from models.generation_parameters import InputImage, Reference
from models.generation_requests import GenerationRequest
from models.ids import parse_global_id
from services.generation.catalogue import find_model
from services.generation.checking import input_faults, is_link
from services.generation.references import limit_faults
from services.platform.files import keep_files_ready


@dataclass(frozen=True)
class Resolved:
    """materials: with the hashes of all that are not links. files: position of a material -> its file. faults: their
    paths are relative to the request.
    """

    materials: tuple[InputImage, ...] = ()
    files: Mapping[int, StoredFile] = field(default_factory=dict)
    faults: tuple[EkonteError, ...] = ()


async def resolve_inputs(owner: str, request: GenerationRequest) -> tuple[GenerationRequest, Mapping[int, StoredFile]]:
    """Resolves the materials of one request (see `resolve_all`). Raises the first fault, also where references are more
    or longer than the model takes.
    """
    resolved = (await resolve_all(owner, [request.materials]))[0]
    for fault in resolved.faults:
        raise fault
    ready = request.with_materials(resolved.materials)
    if ready.references:
        for over in limit_faults(ready.references, find_model(ready.model, ready.kind, "input", "model")):
            raise over
    return ready, resolved.files


async def resolve_all(owner: str, requests: Sequence[Sequence[InputImage]], *, locks: bool = True) -> list[Resolved]:
    """Resolves the materials of each request, in at most six statements in all. In a transaction: the files cannot be
    removed until its end. locks False: they are only read.

    An input with a hash stands for that content, if it still exists. The faults are NotFoundError for what is not the
    owner's or does not exist, BadInputError for what is not a picture.
    """
    known = await _load(owner, [image for inputs in requests for image in inputs])
    if not known.is_needed:
        return [Resolved(tuple(inputs)) for inputs in requests]
    found = [_resolve(inputs, known) for inputs in requests]
    files = {file.id for resolved in found for file in resolved.files.values()}
    if not locks or (kept := await keep_files_ready(files)) == files:
        return found
    return [_without_removed(resolved, kept) for resolved in found]


@dataclass
class _Known:
    """The rows that inputs refer to. results: record id -> the file that the record shows; None: it shows none."""

    is_needed: bool = False
    by_digest: dict[str, StoredFile] = field(default_factory=dict)
    uploads: dict[int, StoredFile] = field(default_factory=dict)
    results: dict[int, StoredFile | None] = field(default_factory=dict)


async def _load(owner: str, images: Sequence[InputImage]) -> _Known:
    digests = {image.sha256 for image in images if image.sha256 is not None}
    ids = {parsed for image in images if not is_link(image.given) and (parsed := parse_global_id(image.given))}
    known = _Known(is_needed=any(image.sha256 is not None or not is_link(image.given) for image in images))
    ready = StoredFile.filter(owner=owner, state=FileState.READY)
    if digests:
        known.by_digest = {file.sha256: file for file in await ready.filter(sha256__in=list(digests))}
    if uploads := [number for model, number in ids if model == "StoredFile"]:
        known.uploads = {file.id: file for file in await ready.filter(id__in=uploads)}
    if records := [number for model, number in ids if model == "GenerationRecord"]:
        known.results = await _results(owner, records)
    return known


async def _results(owner: str, record_ids: Sequence[int]) -> dict[int, StoredFile | None]:
    """record id -> its chosen file, else its first."""
    records = await GenerationRecord.filter(owner=owner, id__in=list(record_ids), deleted_at__isnull=True)
    shown = [record.shown_job_id for record in records if record.chosen_file_id is None and record.shown_job_id]
    firsts: dict[int, int] = {}
    if shown:
        for link in await JobFile.filter(job_id__in=shown).order_by("job_id", "position"):
            firsts.setdefault(link.job_id, link.file_id)
    file_ids = {record.id: record.chosen_file_id or firsts.get(record.shown_job_id or 0) for record in records}
    wanted = [file_id for file_id in file_ids.values() if file_id is not None]
    files = {
        file.id: file
        for file in (await StoredFile.filter(owner=owner, id__in=wanted, state=FileState.READY) if wanted else ())
    }
    return {record_id: files.get(file_id or 0) for record_id, file_id in file_ids.items()}


def _resolve(images: Sequence[InputImage], known: _Known) -> Resolved:
    materials: list[InputImage] = []
    files: dict[int, StoredFile] = {}
    faults: list[EkonteError] = []
    paths = _paths(images)
    for place, image in enumerate(images):
        try:
            file = _file(image, known, paths[place])
        except EkonteError as fault:
            faults.append(fault)
            file = None
        if file is None:
            materials.append(without_content(image))
            continue
        files[place] = file
        materials.append(with_content(image, file))
    return Resolved(tuple(materials), files, tuple(faults))


def _paths(materials: Sequence[InputImage]) -> list[list[str]]:
    """The path of each material in the input: references come after the input images."""
    images = sum(not isinstance(material, Reference) for material in materials)
    return [
        ["input", "references", str(place - images), "file"]
        if isinstance(material, Reference)
        else ["input", "inputImages", str(place)]
        for place, material in enumerate(materials)
    ]


def with_content(material: InputImage, file: StoredFile) -> InputImage:
    """The material with the content of a stored file."""
    if not isinstance(material, Reference):
        return replace(material, sha256=file.sha256)
    is_film = file.content_type.startswith("video/")
    kind, seconds = (MediaKind.VIDEO, file.duration_seconds) if is_film else (MediaKind.IMAGE, None)
    return replace(material, sha256=file.sha256, kind=kind, duration_seconds=seconds)


def without_content(material: InputImage) -> InputImage:
    if not isinstance(material, Reference):
        return replace(material, sha256=None)
    return replace(material, sha256=None, kind=None, duration_seconds=None)


def _file(image: InputImage, known: _Known, path: list[str]) -> StoredFile | None:
    """The file of an input; None for a link that is not fetched yet. Raises NotFoundError or BadInputError."""
    if image.sha256 is not None:
        if (stored := known.by_digest.get(image.sha256)) is not None:
            return stored
        if image.given == image.sha256:
            raise NotFoundError(f"{_named(image)} no longer exists.", path=path)
    if is_link(image.given):
        return None
    for fault in input_faults(image, *path):
        raise fault
    model, number = parse_global_id(image.given) or ("", 0)
    file = known.uploads.get(number) if model == "StoredFile" else known.results.get(number)
    if file is None:
        if model == "StoredFile":
            raise not_found("upload", path)
        if number not in known.results:
            raise not_found("record", path)
        raise BadInputError("The record has no result yet.", path=path)
    if isinstance(image, Reference):
        if (why := reference_fault(file.content_type, file.duration_seconds)) is not None:
            raise BadInputError(why, path=path)
    elif not file.content_type.startswith("image/"):
        raise BadInputError(f"An input image must be a picture; this file is {file.content_type}.", path=path)
    return file


def reference_fault(content_type: str, duration_seconds: float | None) -> str | None:
    """Why a file cannot be a reference."""
    if not content_type.startswith(("image/", "video/")):
        return f"A reference must be a picture or a film; this file is {content_type}."
    if content_type.startswith("video/") and not duration_seconds:
        return "The length of this film is not known; upload it again."
    return None


def _named(material: InputImage) -> str:
    return f"The reference {material.name}" if isinstance(material, Reference) else "The input picture"


def _without_removed(resolved: Resolved, kept: set[int]) -> Resolved:
    removed = [place for place, file in resolved.files.items() if file.id not in kept]
    paths = _paths(resolved.materials)
    faults = [
        NotFoundError(f"{_named(resolved.materials[place])} was removed meanwhile.", path=paths[place])
        for place in removed
    ]
    return replace(resolved, faults=(*resolved.faults, *faults))
