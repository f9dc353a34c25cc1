"""Documents: links, and the commands and settings that they mention, are valid."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
DOCUMENTS = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")])

_LINK = re.compile(r"\]\((?!https?:|#)([^)#\s]+)")
_SHELL = re.compile(r"```sh\n(.*?)```", re.DOTALL)
_TYPED = re.compile(r"^make ([a-z-]+)", re.MULTILINE)
_FILE = re.compile(
    r"`((?:services|tasks|schema|resolvers|models|providers|media|web|tests|bench|examples)/[a-z0-9_/]+\.(?:py|toml|graphql))`"
)
_QUOTED = re.compile(r"`make ([a-z-]+)[^`]*`")


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_links_to_files_lead_somewhere(path: Path) -> None:
    text = path.read_text("utf-8")
    assert [link for link in _LINK.findall(text) if not (path.parent / link).exists()] == []


def test_files_of_the_code_that_are_named_are_there() -> None:
    named = {(path.name, file) for path in DOCUMENTS for file in _FILE.findall(path.read_text("utf-8"))}
    assert len(named) > 60
    assert sorted((document, file) for document, file in named if not (ROOT / file).exists()) == []


def test_every_make_target_that_is_named_is_there() -> None:
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE))
    named = set()
    for path in DOCUMENTS:
        text = path.read_text("utf-8")
        named |= {target for block in _SHELL.findall(text) for target in _TYPED.findall(block)}
        named |= set(_QUOTED.findall(text))
    assert {"demo", "serve", "check", "test"} <= named
    assert named <= targets


def test_the_makefile_explains_every_target_that_people_use() -> None:
    makefile = (ROOT / "Makefile").read_text("utf-8")
    phony = set(re.findall(r"^\.PHONY: (.*)$", makefile, re.MULTILINE)[0].split())
    explained = set(re.findall(r'@echo "make (\w+)', makefile))
    assert explained == {name for name in phony if "-" not in name and name != "help"}
