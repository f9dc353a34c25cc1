"""The providers of this deployment: `offline`, `jimeng`, and those that packages add through the entry-point group."""

import functools
from dataclasses import dataclass
from importlib.metadata import EntryPoint, entry_points
from typing import Any, TypeVar, cast

import structlog

from errors import JobErrorCode, JobFailure
from providers.base import (
    ImageProvider,
    MusicProvider,
    Provider,
    SpeechProvider,
    TextProvider,
    VideoProvider,
    VoiceInfo,
)
from providers.jimeng import JimengProvider
from providers.offline import OfflineProvider
from providers.pooled import ModelInfo, PooledProvider
from services.platform.foreign_files import NOBODY, in_parser
from services.platform.metrics.upstream import MeasuredPool
from services.platform.runtime import runtime
from settings import get_jimeng_settings, get_settings

log = structlog.get_logger(__name__)

ENTRY_POINT_GROUP = "ekonte.providers"
CAPABILITIES: dict[str, type] = {
    "TEXT": TextProvider,
    "IMAGE": ImageProvider,
    "VIDEO": VideoProvider,
    "SPEECH": SpeechProvider,
    "MUSIC": MusicProvider,
}
DEFAULT_PROVIDER = "offline"

P = TypeVar("P")


@dataclass(frozen=True)
class ProviderInfo:
    name: str
    capabilities: tuple[str, ...]
    default_for: tuple[str, ...]
    is_configured: bool
    is_reachable: bool
    message: str | None


class Registry(dict[str, Provider]):
    """Providers by name. A provider that fails to load is logged and left out."""

    def __init__(self) -> None:
        super().__init__()
        for provider in [*_own(), *_installed()]:
            self.setdefault(provider.name, provider)


def registry() -> dict[str, Provider]:
    """Returns this process's providers by name, loaded on first use."""
    return runtime().state(Registry)


def _own() -> list[Provider]:
    settings = get_settings()
    return [
        OfflineProvider(settings.render_concurrency, settings.render_timeout_seconds),
        JimengProvider(
            get_jimeng_settings(), settings.allowed_private_hosts, run_apart=functools.partial(in_parser, NOBODY)
        ),
    ]


@functools.cache
def _entry_points() -> tuple[EntryPoint, ...]:
    """Returns the entry points of the installed packages. Cached, because the search takes tens of milliseconds."""
    return tuple(entry_points(group=ENTRY_POINT_GROUP))


def _installed() -> list[Provider]:
    loaded: list[Provider] = []
    for entry in _entry_points():
        try:
            loaded.append(entry.load()())
        except Exception:
            log.exception("provider.load_failed", entry_point=entry.name)
    return loaded


def capabilities_of(provider: Provider) -> tuple[str, ...]:
    """Returns the provider's own capabilities, and for a pooled provider IMAGE or VIDEO if it has such models."""
    pooled = {model.kind for model in provider.models()} if isinstance(provider, PooledProvider) else set()
    return tuple(name for name, protocol in CAPABILITIES.items() if name in pooled or isinstance(provider, protocol))


def is_pooled(name: str) -> bool:
    """Returns whether a provider uses accounts; False for an unknown provider."""
    return isinstance(registry().get(name), PooledProvider)


def pooled_provider(name: str) -> PooledProvider:
    """Returns the provider for a job, with measured calls. Raises JobFailure INVALID_INPUT if it is no longer
    configured.
    """
    provider = registry().get(name)
    if not isinstance(provider, PooledProvider):
        raise JobFailure(
            JobErrorCode.INVALID_INPUT, f"The provider {name!r} is no longer configured.", is_retryable=False
        )
    return MeasuredPool(provider)


def pooled_models() -> dict[tuple[str, str], ModelInfo]:
    """Returns all models of pooled providers, by (provider, model name)."""
    return {
        (name, model.name): model
        for name, provider in registry().items()
        if isinstance(provider, PooledProvider)
        for model in provider.models()
    }


def provider_for(capability: str, name: str, protocol: type[P]) -> P:
    """Returns the provider for a job. Raises JobFailure INVALID_INPUT if it is no longer configured."""
    provider = registry().get(name)
    if provider is None or capability not in capabilities_of(provider):
        raise JobFailure(
            JobErrorCode.INVALID_INPUT, f"The provider {name!r} is no longer configured.", is_retryable=False
        )
    return cast(P, cast(Any, provider))


async def describe_providers() -> list[ProviderInfo]:
    """Returns all providers with their capabilities, and whether they are reachable now."""
    infos = []
    for name, provider in registry().items():
        problem = await provider.reachable()
        abilities = capabilities_of(provider)
        infos.append(
            ProviderInfo(
                name=name,
                capabilities=abilities,
                default_for=abilities if name == DEFAULT_PROVIDER else (),
                is_configured=True,
                is_reachable=problem is None,
                message=problem,
            )
        )
    return infos


def voices(provider: str | None = None, language: str | None = None) -> list[tuple[str, VoiceInfo]]:
    """Returns (provider name, voice) pairs; `language` selects voices of that language by its first part ("zh" for
    zh-CN).
    """
    wanted = language.split("-")[0].lower() if language else None
    return [
        (name, voice)
        for name, candidate in registry().items()
        if provider in (None, name) and isinstance(candidate, SpeechProvider)
        for voice in candidate.voices()
        if wanted is None or voice.language is None or voice.language.split("-")[0].lower() == wanted
    ]
