"""The rules of references: named pictures and films to which the prompt of a clip refers. Pure functions of values."""

from collections import Counter
from collections.abc import Iterator, Sequence

from errors import BadInputError, shortened
from models.enums import MediaKind
from models.generation_parameters import Reference
from providers.pooled import ModelInfo
from services.generation.generation_input import GenerationInput
from services.generation.mentions import MAX_NAME_CHARACTERS, is_name, mentioned, normalised_name, parts_of

PATH = ("input", "references")
MAX_REFERENCES = 12
"Of any model; bounds the input."
_NAMED = 12
"Names in a message."


def naming_faults(requested: GenerationInput) -> Iterator[BadInputError]:
    """The faults of names, and of the prompt that refers to them. Nothing of a prompt without references is read."""
    references = requested.references
    if not references:
        return
    if len(references) > MAX_REFERENCES:
        yield BadInputError(f"A clip takes at most {MAX_REFERENCES} references.", path=PATH)
        return
    names = [normalised_name(reference.name) for reference in references]
    faults = list(_name_faults(names))
    yield from faults
    if not faults:
        yield from _mention_faults(requested.prompt, names)


def _name_faults(names: Sequence[str]) -> Iterator[BadInputError]:
    for place, name in enumerate(names):
        path = (*PATH, str(place), "name")
        if not is_name(name):
            yield BadInputError(
                f"The name of a reference has 1 to {MAX_NAME_CHARACTERS} letters and digits, and may have -, _ and ·"
                " between them, but no spaces.",
                path=path,
            )
        elif name in names[:place]:
            yield BadInputError(f"Two references have the name {name!r}; each needs its own.", path=path)


def _mention_faults(prompt: str, names: Sequence[str]) -> Iterator[BadInputError]:
    said = list(mentioned(parts_of(prompt, names)))
    known = ", ".join(f"@{name}" for name in names[:_NAMED])
    for unknown in dict.fromkeys(mention.said for mention in said if mention.name is None):
        yield BadInputError(
            f"The prompt says @{shortened(unknown)}, and no reference begins like that; there are: {known}. Write @@"
            " for a plain @.",
            path=("input", "prompt"),
        )
    used = {mention.name for mention in said}
    for place, name in enumerate(names):
        if name not in used:
            yield BadInputError(
                f"The prompt does not say @{name}: say what the reference is for, or leave it out.",
                path=(*PATH, str(place), "name"),
            )


def model_reference_faults(
    requested: GenerationInput, model: ModelInfo, takers: Sequence[str]
) -> Iterator[BadInputError]:
    """The faults of references, of their names and of the prompt. Those of before that another model does not take are
    dropped, and so not looked at. takers: the names of the models that take references."""
    references = requested.references
    if not references:
        return
    if not model.takes_references:
        if "references" not in requested.defaulted:
            these = f" Models that take them: {', '.join(takers)}." if takers else ""
            yield BadInputError(f"The model {model.name} takes no references.{these}", path=PATH)
        return
    if requested.inputs:
        yield BadInputError(
            "A clip takes either input images, as its first and last frame, or references; name the frames in the"
            " prompt as references instead.",
            path=PATH,
        )
    yield from naming_faults(requested)
    yield from limit_faults(references, model)


def limit_faults(references: Sequence[Reference], model: ModelInfo) -> Iterator[BadInputError]:
    """The faults of numbers and lengths, of those references that are known."""
    limits = model.references
    if limits is None:
        return
    kinds = Counter(reference.kind for reference in references)
    for count, most, what in (
        (len(references), limits.max_total, "references"),
        (kinds[MediaKind.IMAGE], limits.max_pictures, "pictures as references"),
        (kinds[MediaKind.VIDEO], limits.max_films, "films as references"),
    ):
        if count > most:
            yield BadInputError(f"The model {model.name} takes at most {most} {what}; these are {count}.", path=PATH)
    films = [reference for reference in references if reference.kind is MediaKind.VIDEO]
    seconds = sum(film.duration_seconds or 0.0 for film in films)
    if round(seconds, 1) > limits.max_film_seconds:
        lengths = ", ".join(f"{film.name} {film.duration_seconds or 0.0:.1f} s" for film in films)
        yield BadInputError(
            f"The films that are references are {seconds:.1f} s long together ({lengths}); the model {model.name} takes"
            f" {limits.max_film_seconds:g} s at most.",
            path=PATH,
        )
