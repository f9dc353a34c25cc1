"""What callers may choose: a provider, a model, a language, a voice. Unknown ones are refused with what there is."""

from errors import BadInputError, shortened
from models.enums import GridLayout
from providers.base import NamedTextChoices
from services.platform.providers import DEFAULT_PROVIDER, capabilities_of, is_pooled, registry, voices

_MADE = {"TEXT": "scripts", "IMAGE": "images", "VIDEO": "videos"}


def choose_provider(capability: str, name: str | None, *path: str) -> str:
    """Returns the name of the provider to use: the given one, or the deployment's default.

    Raises BadInputError, which lists the available names, if it does not exist or lacks the capability.
    """
    able = sorted(known for known, provider in registry().items() if capability in capabilities_of(provider))
    chosen = name if name is not None else DEFAULT_PROVIDER
    if chosen not in able:
        raise BadInputError(
            f"No provider {shortened(chosen)!r} for {capability.lower()}; available: {', '.join(able)}.",
            path=list(path),
        )
    return chosen


def known_models(provider: str, capability: str) -> list[str] | None:
    """Returns the models that a provider has for TEXT, IMAGE or VIDEO; None where it does not list them."""
    found = registry().get(provider)
    if capability == "TEXT":
        return list(found.text_models) if isinstance(found, NamedTextChoices) else None
    models = getattr(found, "models", None)
    return None if models is None else [model.name for model in models() if model.kind == capability]


def check_model(provider: str, capability: str, model: str | None, *path: str) -> None:
    """Raises BadInputError, which lists the provider's models, for one that it does not have; None passes. A provider
    that does not list its models, or that is unknown, interprets the name itself.
    """
    known = known_models(provider, capability)
    if model is None or known is None or model in known:
        return
    there = f"available: {', '.join(known)}" if known else "it has none to choose from"
    raise BadInputError(
        f"{provider} has no model {shortened(model)!r} for {_MADE[capability]}; {there}. Null is its default.",
        path=path,
    )


def check_language(provider: str, language: str | None, *path: str) -> None:
    """Raises BadInputError, which lists the languages, for one that the text provider does not write; None passes."""
    found = registry().get(provider)
    if language is None or not isinstance(found, NamedTextChoices):
        return
    if language.strip().lower().replace("_", "-").split("-")[0] not in found.text_languages:
        raise BadInputError(
            f"{provider} does not write {shortened(language)!r}; available: {', '.join(found.text_languages)}. Null is "
            "the language of the text.",
            path=path,
        )


def check_layout(provider: str, layout: GridLayout, *path: str) -> None:
    """Raises BadInputError where a pooled provider, which makes single pictures only, is to make grids of them."""
    if layout is not GridLayout.SINGLE and is_pooled(provider):
        raise BadInputError(f"{provider} makes single pictures only: use gridLayout SINGLE.", path=path)


def check_voice(voice_id: str | None, provider: str | None, *path: str) -> None:
    """Raises BadInputError for a voice that no provider has, or not the given one; None passes."""
    if voice_id is not None and voice_id not in {voice.id for _, voice in voices(provider)}:
        raise BadInputError(f"Voice {shortened(voice_id)!r} does not exist. See the voices query.", path=path)
