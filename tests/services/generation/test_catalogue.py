"""The available models and the default model."""

import pytest

from errors import BadInputError
from models.enums import MediaKind
from services.generation.catalogue import default_model, find_model, models
from tests.changed_settings import change_settings
from tests.pool_factories import FakeUpstream


def test_models_of_all_providers_are_listed() -> None:
    assert {"offline-drawing", "jimeng-4.5"} <= {model.name for model in models(MediaKind.IMAGE)}
    assert {"offline-motion", "jimeng-video-3.0"} <= {model.name for model in models(MediaKind.VIDEO)}
    assert len(models()) == len(models(MediaKind.IMAGE)) + len(models(MediaKind.VIDEO))


def test_the_default_is_meant_where_none_is_named() -> None:
    assert find_model(None, MediaKind.IMAGE).name == default_model(MediaKind.IMAGE) == "jimeng-4.5"
    assert find_model(None, MediaKind.VIDEO).name == "jimeng-video-3.5-pro"


def test_an_unknown_model_is_refused_with_those_that_there_are() -> None:
    with pytest.raises(BadInputError) as refusal:
        find_model("jimeng-video-3.0", MediaKind.IMAGE, "input", "model")
    assert refusal.value.path == ["input", "model"]
    assert "offline-drawing, " in refusal.value.message


def test_a_default_that_no_provider_has_is_reported_as_the_deployments(upstream: FakeUpstream) -> None:
    change_settings(image_model="gone-1")
    with pytest.raises(BadInputError, match=r"default model of this deployment, 'gone-1'.*available: fake-picture"):
        find_model(None, MediaKind.IMAGE)
