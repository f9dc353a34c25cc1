"""Uploads the materials of a request to an account, each content once per account and week."""

import asyncio
from collections.abc import Sequence
from pathlib import Path

from models.database import execute, is_sqlite
from models.enums import MediaKind
from models.generation_parameters import InputImage, Reference
from models.generation_requests import GenerationRequest
from providers.pooled import Credential, PooledProvider, UploadedFile
from services.platform.files import local_copies
from services.platform.owned import places
from services.stores import account_usage

URI_DAYS = 7


async def uploaded_materials(
    provider: PooledProvider, credential: Credential, request: GenerationRequest, owner: str
) -> tuple[UploadedFile, ...]:
    """Uploads the input pictures and references, and returns what the provider calls them, in order. A content that was
    uploaded to the account in the last URI_DAYS is not uploaded again, unless what a reference tells of it is unknown.
    """
    materials = {material.sha256: material for material in request.materials if material.sha256 is not None}
    if not materials:
        return ()
    known = await _known(credential.account_id, list(materials))
    missing = {
        digest
        for digest, material in materials.items()
        if digest not in known or (isinstance(material, Reference) and not known[digest].width)
    }
    paths = await local_copies(owner, missing) if missing else {}

    async def upload(digest: str) -> None:
        uploaded = known[digest] = await _upload(provider, credential, materials[digest], paths[digest])
        await account_usage.write_upload(credential.account_id, digest, uploaded)

    outcomes = await asyncio.gather(*(upload(digest) for digest in missing), return_exceptions=True)
    for outcome in outcomes:
        if isinstance(outcome, BaseException):
            raise outcome
    return tuple(known[material.sha256] for material in request.materials if material.sha256 is not None)


async def _known(account_id: int, digests: Sequence[str]) -> dict[str, UploadedFile]:
    """What the account has uploaded of late, by content."""
    rows = await execute(
        "SELECT sha256, uri, width, height, format, duration_ms FROM uploaded_input WHERE account_id = ?"
        f" AND created_at > {_days_ago_sql(URI_DAYS)} AND sha256 IN ({places(digests)})",
        account_id,
        *digests,
    )
    return {
        row["sha256"]: UploadedFile(
            row["uri"], row["width"] or 0, row["height"] or 0, row["format"] or "", row["duration_ms"]
        )
        for row in rows
    }


async def _upload(provider: PooledProvider, credential: Credential, material: InputImage, path: Path) -> UploadedFile:
    is_film = isinstance(material, Reference) and material.kind is MediaKind.VIDEO
    return await (provider.upload_film if is_film else provider.upload)(credential, path)


def _days_ago_sql(days: int) -> str:
    if is_sqlite():
        return f"strftime('%Y-%m-%d %H:%M:%f+00:00', 'now', '-{days} days')"
    return f"clock_timestamp() - interval '{days} days'"
