"""A headless Chromium, driven by the DevTools protocol over its WebSocket."""

import asyncio
import base64
import contextlib
import json
import shutil
import subprocess
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import websockets
from websockets.asyncio.client import ClientConnection

EXECUTABLES = ("chromium", "chromium-browser", "google-chrome", "chrome")
WAIT_SECONDS = 30.0


def find_browser() -> str | None:
    return next((path for path in map(shutil.which, EXECUTABLES) if path is not None), None)


class Page:
    """One tab. problems: exceptions, console errors and blocked loads. requested: loaded addresses."""

    def __init__(self, connection: ClientConnection) -> None:
        self._connection = connection
        self._number = 0
        self.problems: list[str] = []
        self.requested: list[str] = []
        self.sockets: list[str] = []

    async def call(self, method: str, **params: Any) -> dict[str, Any]:
        self._number += 1
        await self._connection.send(json.dumps({"id": self._number, "method": method, "params": params}))
        while True:
            message = json.loads(await asyncio.wait_for(self._connection.recv(), WAIT_SECONDS))
            if message.get("id") == self._number:
                if "error" in message:
                    raise RuntimeError(f"{method}: {message['error']}")
                return dict(message["result"])
            self._note(message)

    def _note(self, event: dict[str, Any]) -> None:
        params = event.get("params", {})
        match event.get("method"):
            case "Runtime.exceptionThrown":
                self.problems.append(str(params["exceptionDetails"]))
            case "Runtime.consoleAPICalled" if params["type"] in ("error", "assert"):
                self.problems.append(str(params["args"]))
            case "Log.entryAdded" if params["entry"]["level"] == "error":
                self.problems.append(params["entry"]["text"])
            case "Network.requestWillBeSent":
                self.requested.append(params["request"]["url"])
            case "Network.webSocketCreated":
                self.sockets.append(params["url"])

    async def open(self, url: str) -> None:
        for domain in ("Page", "Runtime", "Log", "Network"):
            await self.call(f"{domain}.enable")
        await self.call("Page.navigate", url=url)

    async def evaluate(self, script: str) -> Any:
        result = await self.call("Runtime.evaluate", expression=script, returnByValue=True, awaitPromise=True)
        return result["result"].get("value")

    async def wait_for(self, script: str) -> None:
        """Waits until the script is true; raises TimeoutError with the page's text."""
        try:
            async with asyncio.timeout(WAIT_SECONDS):
                while not await self.evaluate(script):
                    await asyncio.sleep(0.05)
        except TimeoutError:
            shown = await self.evaluate("document.body.innerText")
            raise TimeoutError(
                f"{script} never became true; the page shows: {shown}; problems: {self.problems}"
            ) from None

    async def screenshot(self, path: Path) -> None:
        picture = await self.call("Page.captureScreenshot", format="png")
        path.write_bytes(base64.b64decode(picture["data"]))


@contextlib.asynccontextmanager
async def browser_page(executable: str, profile: Path) -> AsyncIterator[Page]:
    """Opens a tab in a new browser, which is closed with the context."""
    process = subprocess.Popen(
        [
            executable,
            "--headless=new",
            "--no-sandbox",
            "--disable-gpu",
            "--disable-dev-shm-usage",
            "--no-first-run",
            "--disable-extensions",
            "--disable-background-networking",
            "--window-size=1280,800",
            "--remote-debugging-port=0",
            f"--user-data-dir={profile}",
            "about:blank",
        ],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        port = await _debugging_port(profile / "DevToolsActivePort")
        async with httpx.AsyncClient(trust_env=False) as client:
            tab = (await client.put(f"http://127.0.0.1:{port}/json/new?about:blank")).json()
        async with websockets.connect(tab["webSocketDebuggerUrl"], max_size=None, proxy=None) as connection:
            yield Page(connection)
    finally:
        process.terminate()
        try:
            process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait(timeout=10)


async def _debugging_port(file: Path) -> int:
    async with asyncio.timeout(WAIT_SECONDS):
        while not (file.exists() and len(file.read_text().splitlines()) >= 2):
            await asyncio.sleep(0.05)
    return int(file.read_text().splitlines()[0])
