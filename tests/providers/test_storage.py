"""Storage in a folder and in a bucket of a local S3 server."""

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from moto.server import ThreadedMotoServer

from errors import ConfigurationError
from providers.storage import LocalStorage, open_storage


@pytest.fixture
def storage(tmp_path: Path) -> LocalStorage:
    return LocalStorage(tmp_path / "files")


@pytest.fixture
def source(tmp_path: Path) -> Path:
    path = tmp_path / "source.bin"
    path.write_bytes(bytes(range(256)) * 20_000)
    return path


async def test_what_is_put_in_is_there_whole_and_in_parts(storage: LocalStorage, source: Path, tmp_path: Path) -> None:
    await storage.put("ab/cd.bin", source)
    await storage.put("ab/cd.bin", source)
    data = source.read_bytes()
    assert (await storage.fetch("ab/cd.bin", tmp_path)).read_bytes() == data
    read = b"".join([chunk async for chunk in storage.read("ab/cd.bin", 100, 3_000_000)])
    assert read == data[100:3_000_000]
    assert await storage.keys() == ["ab/cd.bin"]
    assert (await storage.free_bytes() or 0) > 0


async def test_a_copy_that_fails_leaves_nothing(storage: LocalStorage, tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        await storage.put("ab/cd.bin", tmp_path / "missing")
    assert await storage.keys() == []
    assert not await storage.exists("ab/cd.bin")
    assert list((tmp_path / "files" / ".incoming").iterdir()) == []


async def test_what_is_not_there_cannot_be_fetched_but_can_be_removed(storage: LocalStorage, tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        await storage.fetch("ab/cd.bin", tmp_path)
    await storage.remove("ab/cd.bin")


async def test_what_a_killed_process_was_writing_is_cleared(storage: LocalStorage, tmp_path: Path) -> None:
    (tmp_path / "files" / ".incoming" / "half").write_bytes(b"half")
    assert await storage.keys() == []
    storage.clear_incoming()
    assert list((tmp_path / "files" / ".incoming").iterdir()) == []


@pytest.mark.parametrize("url", ["ftp://host/path", "s3://", "folder"])
def test_a_storage_that_there_is_not_is_refused_with_the_name_of_the_variable(url: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="EKONTE_STORAGE_URL"):
        open_storage(url, tmp_path)


@pytest.fixture(scope="module")
def bucket_url() -> Iterator[str]:
    """A bucket of a local S3 server."""
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    try:
        _, port = server.get_host_and_port()
        assert httpx.put(f"http://127.0.0.1:{port}/films").status_code == 200
        yield (
            f"s3://films/studio?endpoint=http://127.0.0.1:{port}&region=us-east-1"
            "&access_key_id=key&secret_access_key=secret"
        )
    finally:
        server.stop()


async def test_a_bucket_keeps_and_gives_back_what_is_put_in(bucket_url: str, source: Path, tmp_path: Path) -> None:
    storage = open_storage(bucket_url, tmp_path)
    await storage.put("ab/cd.bin", source)
    data = source.read_bytes()
    assert await storage.exists("ab/cd.bin")
    assert not await storage.exists("ab/other.bin")
    assert await storage.keys() == ["ab/cd.bin"]
    copies = [await storage.fetch("ab/cd.bin", tmp_path / "cache") for _ in range(2)]
    assert copies[0] == copies[1]
    assert copies[0].read_bytes() == data
    read = b"".join([chunk async for chunk in storage.read("ab/cd.bin", 100, 3_000_000)])
    assert read == data[100:3_000_000]
    with pytest.raises(FileNotFoundError):
        await storage.fetch("ab/other.bin", tmp_path / "cache")
    await storage.remove("ab/cd.bin")
    await storage.remove("ab/cd.bin")
    assert await storage.keys() == []


async def test_a_bucket_that_is_away_is_an_error_of_the_storage_and_not_of_the_caller(
    tmp_path: Path, source: Path
) -> None:
    url = "s3://films?endpoint=http://127.0.0.1:9&region=us-east-1&access_key_id=key&secret_access_key=secret"
    storage = open_storage(url, tmp_path)
    with pytest.raises(OSError, match="storage"):
        await storage.put("ab/cd.bin", source)
