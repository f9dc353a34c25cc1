"""Uploads of pictures and films: keys of an account, then apply, upload, commit; committed files are the account's."""

import base64
import hashlib
import io
import secrets
import zlib
from dataclasses import dataclass
from pathlib import Path

import av
from PIL import Image

from providers.jimeng.emulator.signature import WrongSignature
from providers.jimeng.emulator.sites import Site
from providers.jimeng.fitting import READ_FORMATS

MAX_FILE_BYTES = 100 * 1024 * 1024
COMMITTED = 2000
FILM_SPACE = "dreamina"


class UploadRefusal(Exception):
    """code, message: in ImageX's format. http_status: of the response."""

    def __init__(self, code: str, message: str, http_status: int = 400) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code
        self.message = message
        self.http_status = http_status


@dataclass(frozen=True)
class UploadKey:
    """A key issued by get_upload_token. kind: what it uploads, IMAGE or VIDEO."""

    access_key: str
    secret: str
    token: str
    session: str
    site: Site
    kind: str
    expires_at: float


@dataclass
class Upload:
    """One file. auth: the Authorization that its upload must have. path: of the content, once uploaded. vid,
    duration_ms: of a film.
    """

    uri: str
    auth: str
    session_key: str
    session: str
    size: int
    kind: str = "IMAGE"
    vid: str = ""
    path: Path | None = None
    crc32: str = ""
    is_committed: bool = False
    width: int = 0
    height: int = 0
    format: str = ""
    duration_ms: int = 0


class UploadBook:
    """All keys and files. folder: for the contents."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._keys: dict[str, UploadKey] = {}
        self._by_uri: dict[str, Upload] = {}
        self._by_session_key: dict[str, Upload] = {}
        self._by_vid: dict[str, Upload] = {}

    def new_key(self, session: str, site: Site, kind: str, *, expires_at: float) -> UploadKey:
        key = UploadKey(
            f"AKTP{secrets.token_hex(16)}", secrets.token_urlsafe(30), f"STS2{secrets.token_urlsafe(60)}",
            session, site, kind, expires_at,
        )  # fmt: skip
        self._keys[key.access_key] = key
        return key

    def key(self, access_key: str, token: str, *, now: float) -> UploadKey:
        """Raises WrongSignature if the key is unknown, its token differs, or it has expired."""
        found = self._keys.get(access_key)
        if found is None or found.token != token:
            raise WrongSignature("InvalidClientTokenId", "the access key or its session token is unknown")
        if now >= found.expires_at:
            raise WrongSignature("ExpiredToken", "the session token has expired")
        return found

    def session_of_key(self, access_key: str) -> str | None:
        found = self._keys.get(access_key)
        return found.session if found else None

    def apply(self, key: UploadKey, size: int) -> Upload:
        if not 0 < size <= MAX_FILE_BYTES:
            raise UploadRefusal("InvalidParameter.FileSize", "FileSize is 0 or too large")
        uri = f"{key.site.store_prefix}/{secrets.token_hex(16)}"
        auth = f"SpaceKey/{key.site.service_ids[0]}/1/:version:v2:{secrets.token_urlsafe(40)}"
        session_key = base64.b64encode(secrets.token_bytes(48)).decode()
        upload = Upload(uri, auth, session_key, key.session, size, key.kind)
        if key.kind == "VIDEO":
            upload.vid = f"v0{secrets.token_hex(15)}"
            self._by_vid[upload.vid] = upload
        self._by_uri[uri] = self._by_session_key[session_key] = upload
        return upload

    def get(self, uri: str) -> Upload | None:
        return self._by_uri.get(uri)

    def store(self, uri: str, auth: str, crc32: str, content: bytes) -> Upload:
        """Stores the content. Blocking. Repeating it with the same content has no further effect."""
        upload = self._by_uri.get(uri)
        if upload is None or auth != upload.auth:
            raise UploadRefusal("Forbidden", "Authorization does not match the file", 403)
        if len(content) != upload.size:
            raise UploadRefusal("InvalidBody", "the body's size differs from FileSize")
        if crc32 != f"{zlib.crc32(content):08x}":
            raise UploadRefusal("CRC32Mismatch", "Content-CRC32 does not match the body")
        path = self._folder / hashlib.sha256(uri.encode()).hexdigest()
        path.write_bytes(content)
        upload.path, upload.crc32 = path, crc32
        return upload

    def commit(self, key: UploadKey, session_key: str) -> Upload:
        """Blocking. Repeating it has no further effect."""
        upload = self._by_session_key.get(session_key)
        if upload is None or upload.session != key.session or upload.kind != key.kind:
            raise UploadRefusal("InvalidParameter.SessionKey", "the SessionKey is unknown")
        if upload.path is None:
            raise UploadRefusal("ObjectNotFound", "nothing was uploaded")
        if upload.kind == "VIDEO":
            upload.width, upload.height, upload.format, upload.duration_ms = _film_info(upload.path)
        else:
            upload.width, upload.height, upload.format = _picture_info(upload.path)
        upload.is_committed = True
        return upload

    def committed(self, session: str, uri: str) -> Upload | None:
        """The picture; None unless this account has committed it."""
        upload = self._by_uri.get(uri)
        is_there = upload is not None and upload.kind == "IMAGE" and upload.is_committed and upload.session == session
        return upload if is_there else None

    def committed_film(self, session: str, vid: str) -> Upload | None:
        """The film; None unless this account has committed it."""
        upload = self._by_vid.get(vid)
        is_there = upload is not None and upload.is_committed and upload.session == session
        return upload if is_there else None

    def __len__(self) -> int:
        return sum(upload.is_committed for upload in self._by_uri.values())

    def clear(self) -> None:
        for upload in self._by_uri.values():
            if upload.path is not None:
                upload.path.unlink(missing_ok=True)
        self._keys.clear()
        self._by_uri.clear()
        self._by_session_key.clear()
        self._by_vid.clear()


def _picture_info(path: Path) -> tuple[int, int, str]:
    """Width, height and format. Raises UploadRefusal if the file is not a picture."""
    try:
        with Image.open(io.BytesIO(path.read_bytes()), formats=READ_FORMATS) as picture:
            return picture.width, picture.height, (picture.format or "").lower()
    except (OSError, ValueError, Image.DecompressionBombError):
        raise UploadRefusal("UnsupportedImage", "the file is not a picture") from None


def _film_info(path: Path) -> tuple[int, int, str, int]:
    """Width, height, format, and length in milliseconds. Raises UploadRefusal if the file is not a film."""
    try:
        with av.open(str(path)) as container:
            picture = container.streams.video[0].codec_context
            milliseconds = round((container.duration or 0) * 1000 / av.time_base)
            if milliseconds <= 0:
                raise UploadRefusal("UnsupportedVideo", "the film has no length")
            return picture.width, picture.height, container.format.name, milliseconds
    except (av.FFmpegError, OSError, ValueError, IndexError):
        raise UploadRefusal("UnsupportedVideo", "the file is not a film") from None
