"""The rules of references: names, the prompt, models, numbers and lengths."""

from dataclasses import replace

import pytest

from models.enums import MediaKind
from models.generation_parameters import InputImage, Reference
from models.generation_requests import GenerationRequest
from providers.jimeng.catalogue import catalogue
from providers.pooled import UploadedFile
from services.generation.checking import check_parameters, general_faults, model_faults
from services.generation.generation_input import GenerationInput
from services.generation.references import limit_faults, model_reference_faults
from services.generation.submitting import order_of

MODELS = {model.name: model for model in catalogue().models()}
SEEDANCE, OTHER = MODELS["jimeng-video-seedance-2.0"], MODELS["jimeng-video-3.0"]
LINK = "https://a.example/b.png"
HASH = "ab" * 32


def picture(name: str, given: str = LINK) -> Reference:
    return Reference(given, HASH, name, MediaKind.IMAGE)


def film(name: str, seconds: float) -> Reference:
    return Reference(LINK, HASH, name, MediaKind.VIDEO, seconds)


def asked(prompt: str, *references: Reference, **changes: object) -> GenerationInput:
    values = {"kind": MediaKind.VIDEO, "storyboard_id": "s", "prompt": prompt, "references": references, **changes}
    return GenerationInput(**values)  # type: ignore[arg-type]


def faults_of(requested: GenerationInput) -> list[tuple[str, str]]:
    faults = [*general_faults(requested), *model_reference_faults(requested, SEEDANCE, [])]
    return [(".".join(fault.path[1:]), fault.message) for fault in faults]


def test_a_prompt_that_names_its_references_is_right() -> None:
    assert faults_of(asked("@a dances as in @b", picture("a"), film("b", 4))) == []


@pytest.mark.parametrize(
    ("prompt", "names", "path", "says"),
    [
        ("@a and @c", ("a",), "prompt", "@c"),
        ("@a", ("a", "b"), "references.1.name", "does not say @b"),
        ("@a", ("a", "a"), "references.1.name", "Two references"),
        ("@a", ("a", "two words"), "references.1.name", "no spaces"),
        ("@a", ("a", ""), "references.1.name", "1 to 40"),
    ],
)
def test_faults_of_names_say_which(prompt: str, names: tuple[str, ...], path: str, says: str) -> None:
    ((where, message),) = faults_of(asked(prompt, *(picture(name) for name in names)))
    assert where == path
    assert says in message


def test_a_prompt_without_references_may_say_anything() -> None:
    assert faults_of(asked("mail @kim at kim@example.com")) == []


def test_what_a_reference_is_must_be_a_link_or_an_id() -> None:
    ((where, message),) = faults_of(asked("@a", Reference("nonsense", name="a")))
    assert where == "references.0.file"
    assert message == "A reference is an http(s) link, an upload id or a record id."


def test_models_without_references_refuse_them_and_name_those_that_take_them() -> None:
    (fault,) = model_reference_faults(asked("@a", picture("a")), OTHER, ["one", "two"])
    assert fault.message == "The model jimeng-video-3.0 takes no references. Models that take them: one, two."
    assert list(model_reference_faults(asked("@a", picture("a")), SEEDANCE, [])) == []


def test_references_of_before_give_way_to_a_model_that_takes_none() -> None:
    kept = asked("b", picture("a"), defaulted=frozenset({"references", "ratio", "resolution", "duration_seconds"}))
    assert list(model_faults(kept, OTHER)) == []
    assert check_parameters(kept, OTHER).references == ()
    assert check_parameters(replace(kept, prompt="@a", ratio="16:9"), SEEDANCE).references == (picture("a"),)


def test_frames_and_references_exclude_each_other() -> None:
    (fault,) = model_reference_faults(asked("@a", picture("a"), inputs=(InputImage(LINK),)), SEEDANCE, [])
    assert "either input images" in fault.message


@pytest.mark.parametrize(
    ("pictures", "lengths", "says"),
    [
        (9, (), None),
        (10, (), "at most 9 pictures"),
        (0, (1, 1, 1), None),
        (0, (1, 1, 1, 1), "at most 3 films"),
        (9, (1, 1, 1), None),
        (10, (1, 1, 1), "at most 12 references"),
        (1, (15.0,), None),
        (1, (15.04,), None),
        (1, (15.2,), "15.2 s"),
        (1, (8, 8), "f0 8.0 s, f1 8.0 s"),
    ],
)
def test_numbers_and_lengths_are_those_that_the_model_takes(
    pictures: int, lengths: tuple[float, ...], says: str | None
) -> None:
    references = [picture(f"p{number}") for number in range(pictures)]
    references += [film(f"f{number}", seconds) for number, seconds in enumerate(lengths)]
    messages = [fault.message for fault in limit_faults(references, SEEDANCE)]
    assert (messages == []) is (says is None)
    if says is not None:
        assert any(says in message for message in messages)


def test_references_are_part_of_what_a_result_is_made_from() -> None:
    plain = GenerationRequest(kind=MediaKind.VIDEO, provider="jimeng", model=SEEDANCE.name, prompt="@a @b")
    one = replace(plain, references=(picture("a"), film("b", 2)))
    other = replace(plain, references=(picture("b"), film("a", 2)))
    link = replace(plain, references=(replace(picture("a"), sha256="cd" * 32), film("b", 2)))
    assert len({request.sha256() for request in (plain, one, other, link)}) == 4
    assert len({request.shape_sha256() for request in (plain, one, other, link)}) == 4
    assert GenerationRequest.from_json(one.to_json()) == one


def test_an_order_has_the_prompt_in_parts() -> None:
    request = GenerationRequest(
        kind=MediaKind.VIDEO,
        provider="jimeng",
        model=SEEDANCE.name,
        prompt="@明 like @b, @明",
        references=(film("b", 2), picture("明")),
    )
    order = order_of(request, (UploadedFile("vid"), UploadedFile("uri")))
    assert [(each.kind, each.file.uri) for each in order.references] == [("VIDEO", "vid"), ("IMAGE", "uri")]
    assert (order.prompt_parts, order.inputs) == ((1, " like ", 0, ", ", 1), ())
