"""The alert SITE_TROUBLE, one per owner, provider, site and what the trouble is about.

Both functions write in the caller's transaction.
"""

from models.alert_enums import AlertKind, AlertSeverity
from services.notifications.alerts.raising import close_alert, raise_alert
from services.stores.account_faults import FaultScope, SiteOfOwner


def site_cause(where: SiteOfOwner, scope: FaultScope) -> str:
    return ":".join(part for part in ("site", where.provider, where.site, scope.kind, scope.model) if part)


def site_name(where: SiteOfOwner) -> str:
    return f"{where.provider}, site {where.site}" if where.site else where.provider


async def record_trouble(where: SiteOfOwner, scope: FaultScope, hit: int, asked: int, reason: str) -> None:
    """Raises the alert. hit: accounts that met the fault, of those that were asked within the minute."""
    about = f" for {scope.model}" if scope.model else ""
    message = (
        f"{hit} of {asked} accounts of {site_name(where)} met the same fault within a minute{about}, so it is taken for"
        f" a fault of the site and not of the accounts. The site says: {reason} Its work is held, and one job at a time"
        " finds out whether the fault has passed; nothing has to be done unless it lasts."
    )
    await raise_alert(where.owner, AlertKind.SITE_TROUBLE, AlertSeverity.WARNING, site_cause(where, scope), message)


async def record_trouble_over(where: SiteOfOwner, scope: FaultScope) -> None:
    """Closes the alert."""
    await close_alert(where.owner, AlertKind.SITE_TROUBLE, site_cause(where, scope))
