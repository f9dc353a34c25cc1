"""Says whether a text that was given is a story, or only names the place of one: a link, a path, an id. Pure rules."""

import re
from enum import Enum

from models.ids import parse_global_id

_MAX_CHARACTERS = 4096
_WEB = re.compile(r"https?://\S+", re.IGNORECASE)
_OTHER_ADDRESS = re.compile(r"(?:[a-z][a-z0-9+.-]{1,20}://\S|www\.\S+\.\S|data:\w+/[\w.+-]+[;,])", re.IGNORECASE)
_MARKDOWN_LINK = re.compile(r"!?\[[^\]\n]*\]\((https?://[^)\s]+)\)", re.IGNORECASE)
# "C:\x", "C:/x", "\\server\x", "/srv/x", "~/x", "./x", "../x"
_ROOTED = re.compile(r"(?:[A-Za-z]:[\\/]|\\\\[\w.-]+\\|~?/[^/\s]|\.{1,2}[\\/])")
_ENDING = re.compile(
    r"[^\s.][^\n]*\.(?:txt|text|md|markdown|docx?|pdf|epub|rtf|odt|html?|fountain|fdx|csv|json|xml|zip|mobi|azw3?)",
    re.IGNORECASE,
)
_QUOTES = "\"'`<>“”‘’「」《》"


class ContentKind(Enum):
    """What a content is. LINK: one http(s) address and nothing else."""

    TEXT = "text"
    LINK = "link"
    ADDRESS = "address"  # several links, or one that is not http(s)
    PATH = "path"  # of a file on the caller's machine
    ID = "id"  # of something that this server has


def content_kind(content: str) -> ContentKind:
    """The kind of a content. Whatever has a second line, or words beside a link or a path, is a text."""
    bare = content.strip().strip(_QUOTES).strip()
    if not bare:
        return ContentKind.TEXT
    if _WEB.fullmatch(bare):
        return ContentKind.LINK
    if bare[:5].lower() == "data:" and _OTHER_ADDRESS.match(bare):
        return ContentKind.ADDRESS
    if len(content) > _MAX_CHARACTERS:
        return ContentKind.TEXT
    if all(_WEB.fullmatch(word) for word in bare.split()) or _MARKDOWN_LINK.fullmatch(bare):
        return ContentKind.ADDRESS
    if "\n" in bare:
        return ContentKind.TEXT
    if bare.lower().startswith("file:"):
        return ContentKind.PATH
    if not re.search(r"\s", bare):
        if _OTHER_ADDRESS.match(bare):
            return ContentKind.ADDRESS
        if parse_global_id(bare) is not None:
            return ContentKind.ID
        if _ROOTED.match(bare) or _ENDING.fullmatch(bare):
            return ContentKind.PATH
    elif _ROOTED.match(bare) and _ENDING.fullmatch(bare):  # with spaces in it
        return ContentKind.PATH
    return ContentKind.TEXT


def link_in(content: str) -> str:
    """The address of a content that is a LINK."""
    return content.strip().strip(_QUOTES).strip()


HINTS = {
    ContentKind.ADDRESS: "inputContent is the story itself, and this is only an address. Give one http(s) link as "
    "inputFile.",
    ContentKind.PATH: "inputContent is the story itself, and this is the path of a file of your own machine, which the "
    "server cannot read. Give the text, or upload the file with uploadScriptFile and give its id as inputFile.",
    ContentKind.ID: "inputContent is the story itself, and this is an id. Give the id of an upload as inputFile.",
}
"""What to do where a content is no story; a LINK is fetched."""
