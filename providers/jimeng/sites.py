"""Where a site is asked and what it is told: its region of the catalogue with its hosts and its aid of the settings."""

from dataclasses import dataclass
from urllib.parse import urlsplit

from providers.jimeng.catalogue import Region, catalogue
from providers.jimeng.faults import invalid
from settings import JimengSettings

CN = "CN"
STANDS_IN = "HK"  # whose hosts JP and SG use unless they have their own


@dataclass(frozen=True)
class UpstreamSite:
    """Addresses are without a slash at the end. page_url: the web page that requests come from, for Referer."""

    region: Region
    aid: int
    base_url: str
    commerce_url: str
    imagex_url: str
    page_url: str


def upstream_site(settings: JimengSettings, site: str) -> UpstreamSite:
    """UpstreamFaultError INVALID_INPUT for a site that is not known."""
    region = catalogue().regions.get(site)
    if region is None:
        raise invalid(f"There is no site {site} of Jimeng or Dreamina.")

    def address(purpose: str) -> str:
        own = getattr(settings, f"jimeng_{site.lower()}_{purpose}_url")
        chosen: str = own or getattr(settings, f"jimeng_{STANDS_IN.lower()}_{purpose}_url")
        return chosen

    return UpstreamSite(
        region=region,
        aid=settings.jimeng_cn_aid if site == CN else settings.jimeng_us_aid,
        base_url=address("base"),
        commerce_url=address("commerce"),
        imagex_url=address("imagex"),
        page_url=address("page"),
    )


def origin(url: str) -> str:
    """Scheme, host and port of an address."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"
