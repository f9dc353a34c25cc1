"""Regions, models, sizes and prices of Jimeng and Dreamina, read from catalogue.toml."""

import functools
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from importlib.resources import files
from typing import Any

from providers.pooled import ModelInfo, ReferenceLimits, SiteLimit

PROVIDER = "jimeng"


@dataclass(frozen=True)
class Region:
    """Differences between sites, other than hosts and aid, which are settings.

    passport: whether the account check exists. credit_path, receive_path: paths for Referer, on the page's origin.
    """

    site: str
    region_query: str
    loc: str
    lan: str
    sends_web_id: bool
    checks_images: bool
    passport: bool
    sigv4_region: str
    service_id_field: str
    service_id: str
    credit_path: str
    receive_path: str


@dataclass(frozen=True)
class PictureSize:
    """image_ratio: upstream's code. width, height: pixels."""

    image_ratio: int
    width: int
    height: int
    resolution_type: str


@dataclass(frozen=True)
class ImageModel:
    """sizes: by resolution, then by ratio. only_sizes: ratio and size of sites that support a single size.

    max_count: the most pictures of one task. credits: price of one picture by resolution, if known.
    """

    name: str
    key: str
    sites: tuple[str, ...]
    resolutions: tuple[str, ...]
    sizes: Mapping[str, Mapping[str, PictureSize]]
    intelligent_ratio: bool
    max_count: int
    credits: Mapping[str, int]
    only_sizes: Mapping[str, tuple[str, PictureSize]] = field(default_factory=dict)

    def size(self, site: str, resolution: str, ratio: str) -> PictureSize | None:
        """None if the model does not support it on the site."""
        if resolution not in self.resolutions:
            return None
        if (only := self.only_sizes.get(site)) is not None:
            return only[1] if ratio == only[0] else None
        return self.sizes[resolution].get(ratio)


@dataclass(frozen=True)
class VideoModel:
    """resolutions: empty if requests have none. credits: price by resolution and seconds, if known.

    reference_benefit_type: of clips with references; None: the model takes none, as far as known.
    """

    name: str
    key: str
    sites: tuple[str, ...]
    seconds: tuple[int, ...]
    resolutions: tuple[str, ...]
    benefit_type: str
    credits: Mapping[tuple[str, int], int]
    reference_benefit_type: str | None = None


@dataclass(frozen=True)
class Catalogue:
    regions: Mapping[str, Region]
    images: Mapping[str, ImageModel]
    videos: Mapping[str, VideoModel]
    image_ratios: tuple[str, ...]
    video_ratios: tuple[str, ...]
    max_image_inputs: int
    max_video_inputs: int
    images_per_task: int
    references: ReferenceLimits

    def by_key(self, key: str) -> ImageModel | VideoModel | None:
        """The model with this upstream key."""
        models: Iterable[ImageModel | VideoModel] = [*self.images.values(), *self.videos.values()]
        return next((model for model in models if model.key == key), None)

    def models(self) -> tuple[ModelInfo, ...]:
        pictures = [
            ModelInfo(
                name=model.name,
                kind="IMAGE",
                provider=PROVIDER,
                sites=model.sites,
                ratios=self.image_ratios,
                resolutions=model.resolutions,
                durations_seconds=(),
                max_input_images=self.max_image_inputs,
                counts=self._counts(model),
                credits=_times(model.credits.get(model.resolutions[0]), self.images_per_task),
                sizes=tuple(
                    (size.width, size.height, ratio, resolution)
                    for resolution, table in model.sizes.items()
                    for ratio, size in table.items()
                ),
                site_limits=tuple(SiteLimit(site, (only[0],)) for site, only in model.only_sizes.items()),
                takes_intelligent_ratio=model.intelligent_ratio,
                takes_sample_strength=True,
                takes_negative_prompt=True,
                takes_seed=True,
            )
            for model in self.images.values()
        ]
        clips = [
            ModelInfo(
                name=model.name,
                kind="VIDEO",
                provider=PROVIDER,
                sites=model.sites,
                ratios=self.video_ratios,
                resolutions=model.resolutions,
                durations_seconds=model.seconds,
                max_input_images=self.max_video_inputs,
                credits=model.credits.get((next(iter(model.resolutions), ""), model.seconds[0])),
                takes_seed=True,
                references=None if model.reference_benefit_type is None else self.references,
            )
            for model in self.videos.values()
        ]
        return (*pictures, *clips)

    def _counts(self, model: ImageModel) -> tuple[int, ...]:
        others = (count for count in range(1, model.max_count + 1) if count != self.images_per_task)
        return (self.images_per_task, *others)

    def picture_credits(self, model: ImageModel, resolution: str, count: int | None) -> int | None:
        """The estimated price of a task in credits; None: unknown. count None: the usual number of pictures."""
        return _times(model.credits.get(resolution), self.images_per_task if count is None else count)


def _times(credits: int | None, count: int) -> int | None:
    return None if credits is None else credits * count


@functools.cache
def catalogue() -> Catalogue:
    return read_catalogue(tomllib.loads(files(__package__).joinpath("catalogue.toml").read_text("utf-8")))


def read_catalogue(data: Mapping[str, Any]) -> Catalogue:
    sizes = {
        name: {
            ratio: PictureSize(code, width, height, name.partition("-")[0])
            for ratio, (code, width, height) in table.items()
        }
        for name, table in data["sizes"].items()
    }
    rules = [(rule["part"], rule["benefit_type"]) for rule in data["benefit_types"]]
    return Catalogue(
        regions={site: Region(site=site, **values) for site, values in data["regions"].items()},
        images={entry["name"]: _image_model(entry, sizes, data["pictures"]["max_count"]) for entry in data["images"]},
        videos={entry["name"]: _video_model(entry, rules) for entry in data["videos"]},
        image_ratios=tuple(data["pictures"]["ratios"]),
        video_ratios=tuple(data["clips"]["ratios"]),
        max_image_inputs=data["pictures"]["max_inputs"],
        max_video_inputs=data["clips"]["max_inputs"],
        images_per_task=data["pictures"]["images_per_task"],
        references=ReferenceLimits(**data["references"]),
    )


def _image_model(
    entry: Mapping[str, Any], tables: Mapping[str, Mapping[str, PictureSize]], max_count: int
) -> ImageModel:
    named = entry.get("sizes", {})
    sizes = {resolution: tables[named.get(resolution, resolution)] for resolution in entry["resolutions"]}
    only_sizes = {}
    for site, only in entry.get("only_size", {}).items():
        plain = sizes[entry["resolutions"][0]][only["ratio"]]
        size = PictureSize(plain.image_ratio, plain.width, plain.height, only["resolution_type"])
        only_sizes[site] = (only["ratio"], size)
    return ImageModel(
        name=entry["name"],
        key=entry["key"],
        sites=tuple(entry["sites"]),
        resolutions=tuple(entry["resolutions"]),
        sizes=sizes,
        intelligent_ratio=entry.get("intelligent_ratio", False),
        max_count=entry.get("max_count", max_count),
        credits=entry.get("credits", {}),
        only_sizes=only_sizes,
    )


def _video_model(entry: Mapping[str, Any], rules: Iterable[tuple[str, str]]) -> VideoModel:
    return VideoModel(
        name=entry["name"],
        key=entry["key"],
        sites=tuple(entry["sites"]),
        seconds=tuple(entry["seconds"]),
        resolutions=tuple(entry["resolutions"]),
        benefit_type=next(benefit for part, benefit in rules if part in entry["key"]),
        credits={
            (resolution, int(seconds)): credits
            for resolution, prices in entry.get("credits", {}).items()
            for seconds, credits in prices.items()
        },
        reference_benefit_type=entry.get("reference_benefit_type"),
    )
