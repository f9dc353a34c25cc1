"""What is uploaded to an account: each content once, with what upstream says of it."""

from pathlib import Path

import pytest

from models.accounts import UploadedInput
from models.enums import MediaKind
from models.generation_parameters import InputImage, Reference
from models.generation_requests import GenerationRequest
from providers.pooled import Credential, UploadedFile
from services.generation.uploading import uploaded_materials
from tests.factories import OWNER
from tests.pool_factories import FakeUpstream

pytestmark = pytest.mark.usefixtures("either_database")
PICTURE, FILM = "ab" * 32, "cd" * 32


class Counting(FakeUpstream):
    """Names each upload after the account and its number."""

    def __init__(self) -> None:
        super().__init__()
        self.uploads: list[str] = []

    def _next(self, what: str, credential: Credential) -> str:
        self.uploads.append(what)
        return f"{what}-{credential.account_id}-{len(self.uploads)}"

    async def upload(self, credential: Credential, picture: Path) -> UploadedFile:
        return UploadedFile(self._next("picture", credential), 320, 240, "png")

    async def upload_film(self, credential: Credential, film: Path) -> UploadedFile:
        return UploadedFile(self._next("film", credential), 160, 90, duration_ms=2040)


@pytest.fixture(autouse=True)
def local(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    async def copies(owner: str, digests: set[str]) -> dict[str, Path]:
        return {digest: tmp_path / digest for digest in digests}

    monkeypatch.setattr("services.generation.uploading.local_copies", copies)


def request() -> GenerationRequest:
    return GenerationRequest(
        kind=MediaKind.VIDEO,
        provider="fake",
        model="m",
        prompt="@a @b @c",
        references=(
            Reference("x", FILM, "a", MediaKind.VIDEO, 2.04),
            Reference("x", PICTURE, "b", MediaKind.IMAGE),
            Reference("x", FILM, "c", MediaKind.VIDEO, 2.04),
        ),
    )


async def uploaded(upstream: FakeUpstream, account_id: int, asked: GenerationRequest) -> list[UploadedFile]:
    return list(await uploaded_materials(upstream, Credential(account_id, "CN", "s"), asked, OWNER))


async def test_each_content_goes_up_once_for_an_account_and_is_remembered() -> None:
    upstream = Counting()
    first = await uploaded(upstream, 1, request())
    assert sorted(upstream.uploads) == ["film", "picture"]
    film, picture, again = first
    assert (film.width, film.height, film.duration_ms) == (160, 90, 2040)
    assert (picture.width, picture.height, picture.format) == (320, 240, "png")
    assert again == film
    assert await uploaded(upstream, 1, request()) == first
    assert len(upstream.uploads) == 2
    other = await uploaded(upstream, 2, request())
    assert len(upstream.uploads) == 4
    assert all(one.uri != two.uri for one, two in zip(first, other, strict=True))


async def test_a_picture_of_unknown_size_is_good_as_a_frame_and_goes_up_again_as_a_reference() -> None:
    """Such are those from before there were references."""
    await UploadedInput.create(account_id=1, sha256=PICTURE, uri="old")
    upstream = Counting()
    frame = GenerationRequest(
        kind=MediaKind.VIDEO, provider="fake", model="m", prompt="x", inputs=(InputImage("x", PICTURE),)
    )
    assert [each.uri for each in await uploaded(upstream, 1, frame)] == ["old"]
    assert upstream.uploads == []
    assert (await uploaded(upstream, 1, request()))[1].width == 320
    assert sorted(upstream.uploads) == ["film", "picture"]
