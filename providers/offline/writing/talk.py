"""The state of the conversation: recently mentioned people, the last actor, the last speaker and hearer."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from providers.offline.writing.people import Cast, Mention

_RECENT = 12


@dataclass
class Talk:
    """recent: names by their last mention; subject: who acted last; speech_paragraph: the last speech's, a number."""

    recent: list[str] = field(default_factory=list)
    subject: str | None = None
    speaker: str | None = None
    addressee: str | None = None
    speech_paragraph: int = -10

    def mention(self, name: str) -> None:
        """Makes the name the most recent one, and drops names not mentioned for long."""
        if name in self.recent:
            self.recent.remove(name)
        self.recent.append(name)
        del self.recent[:-_RECENT]

    def name_of(self, mention: Mention | None, cast: Cast, excluded: Sequence[str | None]) -> str | None:
        """The person of a mention: the named one, or for a pronoun the matching one that is not excluded."""
        if mention is None:
            return None
        return mention.person or self.resolve(mention, cast, prefer=(self.subject,), excluded=excluded)

    def resolve(
        self,
        mention: Mention,
        cast: Cast,
        prefer: Sequence[str | None] = (),
        excluded: Sequence[str | None] = (),
    ) -> str | None:
        """The person of a pronoun: the first matching preferred one, else the last mentioned, else the only one."""
        pronoun = mention.pronoun or ""
        for name in (*prefer, *reversed(self.recent)):
            if name is not None and name not in excluded and cast.fits(name, pronoun):
                return name
        fitting = [
            person.name for person in cast.people if person.name not in excluded and cast.fits(person.name, pronoun)
        ]
        return fitting[0] if len(fitting) == 1 else None
