"""The prose-to-script engine: pure functions from a text to scenes, shots, characters, props and places."""

from providers.offline.writing.language import speech_seconds
from providers.offline.writing.script import write_script

__all__ = ["speech_seconds", "write_script"]
