"""The five sites and the parameters that calls to each of them must have."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Site:
    """name: CN, US, HK, JP, SG. region: in the query. loc: the header Loc. upload_region: of the SigV4 scope.

    service_ids: accepted as ServiceId by ImageX. has_passport: False: the account check answers 404.
    """

    name: str
    aid: int
    region: str
    loc: str
    upload_region: str
    service_ids: tuple[str, ...]
    store_prefix: str
    has_passport: bool


_WORLD_AID = 513641
_CN_SERVICE = "tb4s082cfz"
_WORLD_SERVICE = "wopfjsm1ax"


def _singapore(name: str) -> Site:
    service_ids = (_WORLD_SERVICE,)
    return Site(
        name, _WORLD_AID, name, name.lower(), "ap-southeast-1", service_ids, f"tos-alisg-i-{_WORLD_SERVICE}", False
    )


SITES: dict[str, Site] = {
    site.name: site
    for site in (
        Site("CN", 513695, "cn", "cn", "cn-north-1", (_CN_SERVICE,), f"tos-cn-i-{_CN_SERVICE}", True),
        Site("US", _WORLD_AID, "US", "us", "us-east-1", (_WORLD_SERVICE,), f"tos-useast5-i-{_WORLD_SERVICE}", True),
        _singapore("HK"),
        _singapore("JP"),
        _singapore("SG"),
    )
}

_BY_LOC = {site.loc: site for site in SITES.values()}


def site_by_loc(loc: str) -> Site | None:
    return _BY_LOC.get(loc)


def token_prefix(site_name: str) -> str:
    """The prefix of session ids as users enter them: empty for CN, else e.g. `us-`."""
    return "" if site_name == "CN" else f"{site_name.lower()}-"
