"""The sites of upstream: region from the catalogue, hosts and aid from the settings."""

from dataclasses import dataclass
from urllib.parse import urlsplit

from providers.jimeng.catalogue import Region, catalogue
from providers.jimeng.faults import invalid
from settings import JimengSettings

CN = "CN"
FALLBACK = "HK"  # JP and SG use its hosts unless their own are set


@dataclass(frozen=True)
class UpstreamSite:
    """URLs have no trailing slash. page_url: the web page, for Referer."""

    region: Region
    aid: int
    base_url: str
    commerce_url: str
    imagex_url: str
    vod_url: str
    page_url: str


def upstream_site(settings: JimengSettings, site: str) -> UpstreamSite:
    """Raises UpstreamFaultError INVALID_INPUT for an unknown site."""
    region = catalogue().regions.get(site)
    if region is None:
        raise invalid(f"Jimeng and Dreamina have no site {site}.")

    def address(purpose: str) -> str:
        own = getattr(settings, f"jimeng_{site.lower()}_{purpose}_url")
        chosen: str = own or getattr(settings, f"jimeng_{FALLBACK.lower()}_{purpose}_url")
        return chosen

    return UpstreamSite(
        region=region,
        aid=settings.jimeng_cn_aid if site == CN else settings.jimeng_us_aid,
        base_url=address("base"),
        commerce_url=address("commerce"),
        imagex_url=address("imagex"),
        vod_url=settings.jimeng_vod_url,
        page_url=address("page"),
    )


def origin(url: str) -> str:
    """Scheme, host and port of an address."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"
