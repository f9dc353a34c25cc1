"""Downloads the results of a workflow into a folder, with file names valid on all systems."""

import asyncio
import re
import shutil
from pathlib import Path
from typing import Any

from graphql_client import GraphQLClient
from own_server import ROOT

MAX_DOWNLOADS = 4
FORBIDDEN_IN_NAMES = re.compile(r'[\x00-\x1f\x7f<>:"/\\|?*]+')
MAX_NAME_BYTES = 120

RESULT = """
query ($id: ID!, $after: String) {
  workflow(id: $id) {
    name
    script { screenplay }
    assets(first: 100) { nodes { name designImage { url contentType } } }
    storyboard {
      shotsCount
      shots(first: 100, after: $after) {
        nodes { sequence croppedImage { url contentType } }
        pageInfo { hasNextPage endCursor }
      }
    }
    edit { durationSeconds film { url bytes width height } subtitles { url } poster { url contentType } }
  }
}
"""


async def save(client: GraphQLClient, workflow_id: str, out: Path) -> dict[str, Any]:
    """Downloads all results into `out`, replacing earlier images; returns the edit object of the API."""
    workflow: dict[str, Any] = {}
    shots: list[dict[str, Any]] = []
    after: str | None = None
    while True:
        workflow = (await client.execute(RESULT, {"id": workflow_id, "after": after}))["workflow"]
        page = workflow["storyboard"]["shots"]
        shots += page["nodes"]
        if not page["pageInfo"]["hasNextPage"]:
            break
        after = page["pageInfo"]["endCursor"]
    for folder in ("shots", "designs"):
        shutil.rmtree(out / folder, ignore_errors=True)
    edit: dict[str, Any] = workflow["edit"]
    wanted = [(edit["film"]["url"], out / "film.mp4")]
    if edit["subtitles"]:
        wanted.append((edit["subtitles"]["url"], out / "film.srt"))
    if edit["poster"]:
        wanted.append((edit["poster"]["url"], out / f"poster{extension(edit['poster'])}"))
    for shot in shots:
        if shot["croppedImage"]:
            name = f"{shot['sequence']:03}{extension(shot['croppedImage'])}"
            wanted.append((shot["croppedImage"]["url"], out / "shots" / name))
    taken: set[str] = set()
    for asset in workflow["assets"]["nodes"]:
        if asset["designImage"]:
            name = free_name(safe_name(asset["name"]), taken) + extension(asset["designImage"])
            wanted.append((asset["designImage"]["url"], out / "designs" / name))
    at_once = asyncio.Semaphore(MAX_DOWNLOADS)

    async def fetch(link: str, path: Path) -> None:
        async with at_once:
            await client.download(link, path)

    await asyncio.gather(*(fetch(link, path) for link, path in wanted))
    if workflow["script"]["screenplay"]:
        (out / "screenplay.fountain").write_text(workflow["script"]["screenplay"], "utf-8")
    return {**edit, "shots": len(shots)}


def output_folder(text: Path) -> Path:
    """The output folder of a text; different for story.txt and story.md."""
    return ROOT / "output" / safe_name(text.name.replace(".", "-"))


def safe_name(name: str) -> str:
    """A valid file name on all systems: without separators, control characters and outer dots, shortened."""
    cleaned = FORBIDDEN_IN_NAMES.sub("_", name).encode()[:MAX_NAME_BYTES].decode(errors="ignore")
    return cleaned.strip(" .") or "unnamed"


def free_name(name: str, taken: set[str]) -> str:
    """The name, numbered if `taken` has it in any case; adds it to `taken`."""
    free, number = name, 2
    while free.casefold() in taken:
        free, number = f"{name} {number}", number + 1
    taken.add(free.casefold())
    return free


def extension(file: dict[str, Any]) -> str:
    return {"image/png": ".png", "image/jpeg": ".jpg", "image/webp": ".webp"}.get(file["contentType"], "")
