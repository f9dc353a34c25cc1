"""Tracks state from shot to shot: who rides, who lies on the ground or in bed, who wears whose clothes."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from providers.offline.writing.pacing import Take
from providers.offline.writing.people import Cast
from providers.offline.writing.places import Place
from providers.offline.writing.scenes import Passed

_RIDE = {
    "zh": re.compile(r"雇定?[了到]?[^，。]{0,4}车|坐上[^，。]{0,5}车|上了[^，。]{0,3}车(?!厢)"),
    "en": re.compile(
        r"\b(?:got|climbed|stepped) into (?:the|a|his|her) (?:rickshaw|cart|carriage|wagon)\b", re.IGNORECASE
    ),
}
_ALIGHT = {
    "zh": re.compile(r"(?<!放)下了?车(?!子)"),
    "en": re.compile(r"\b(?:got|climbed|stepped|jumped) (?:down|out)\b", re.IGNORECASE),
}
_VEHICLES = ("人力车", "黄包车", "洋车", "马车", "牛车", "rickshaw", "cart", "carriage", "wagon")
_PULLERS = ("车夫", "人力车夫", "马夫", "rickshaw puller", "coachman", "driver")
_FALL = {
    "zh": re.compile(r"跌倒|摔倒|倒在地|伏在地|躺在地"),
    "en": re.compile(r"\b(?:fell (?:down|to the ground)|lay on the ground)\b", re.IGNORECASE),
}
_RISE = {
    "zh": re.compile(r"起来|站起|爬起|立起|下了床|起床"),
    "en": re.compile(r"\b(?:got up|rose|sprang|out of bed|awoke|woke|jumped|came out)\b", re.IGNORECASE),
}
_ABED = {
    "zh": re.compile(r"(?:躺|睡|倒)(?:在|到|上)了?床|床上(?:躺|睡)着"),
    "en": re.compile(
        r"\b(?:la(?:id|y)[^.]{0,24} (?:in|on) (?:the |her |his )?bed|fell asleep|there lay|lying in)\b", re.IGNORECASE
    ),
}
_DEVOUR = {
    "zh": re.compile(r"吞|吃掉|吃了"),
    "en": re.compile(r"\b(?:devoured|swallowed|ate up)\b", re.IGNORECASE),
}
_DISGUISE = {
    "zh": re.compile(r"(?:穿|戴)上了?[^，。]{0,4}(?:奶奶|外婆|祖母)?的(?:衣|帽|睡帽)"),
    "en": re.compile(
        r"\b(?:put on (?:her|his)|dressed (?:himself|herself|itself) in (?:her|his)) (?:clothes|cap|nightcap|dress)",
        re.IGNORECASE,
    ),
}
_FREED = {
    "zh": re.compile(r"救出|跳了?出来|活着"),
    "en": re.compile(r"\b(?:came out|sprang out|alive|saved from)\b", re.IGNORECASE),
}
_DEATH = {"zh": re.compile(r"死了|死去|淹死"), "en": re.compile(r"\b(?:dead|died|drowned)\b", re.IGNORECASE)}
_ENTER = {
    "zh": re.compile(r"推开门|走进屋|进了屋|进屋|床"),
    "en": re.compile(
        r"\b(?:door flew open|went in\b|entered|(?:to|in|into|of) (?:the |her |his )?(?:\w+'s )?bed)\b", re.IGNORECASE
    ),
}
_GROWN = {
    "zh": re.compile(r"高大|仰视"),
    "en": re.compile(r"\b(?:towered|loomed|grew (?:tall|larger))\b", re.IGNORECASE),
}


@dataclass
class Continuity:
    """The state of the story at a shot. Call `enter` before and `leave` after the shot of each take is made."""

    cast: Cast
    props: tuple[str, ...]
    rider: str | None = None
    fallen: str | None = None
    abed: str | None = None
    disguised: str | None = None
    eaten: str | None = None
    inside: tuple[str, ...] | None = None  # who went into the house that the scene shows from outside
    memory: tuple[str, str] | None = None  # a person who grew in the narrator's eyes, and the place
    reflections: int = 0
    is_inside: bool = False
    _stand_in: dict[str, str] = field(default_factory=dict)

    @property
    def vehicle(self) -> str | None:
        return next((name for name in _VEHICLES if name in self.props), None)

    @property
    def puller(self) -> str | None:
        return next((name for name in _PULLERS if name in self.cast.by_name), None)

    def things(self, told: str, props: tuple[str, ...]) -> tuple[str, ...]:
        """The props of a shot, plus the cart if the words name one of its parts."""
        if self.vehicle and self.vehicle not in props and re.search(r"车把|车子|车前|\bshafts?\b", told):
            return (*props, self.vehicle)
        return props

    def open_scene(self) -> None:
        """Starts a scene: resets who lies on the ground and who is inside a house seen from outside."""
        self.inside = self.fallen = None

    def pass_over(self, passed: Sequence[Passed], scene: int) -> None:
        """Applies omitted beats before a shot of the given scene."""
        last = None
        for skipped in passed:
            if last is not None and skipped.scene != last:
                self.open_scene()
            last, beat = skipped.scene, skipped.beat
            narration, speech = (beat.text, "") if beat.speaker is None else ("", beat.text)
            take = Take(narration, speech, beat.speaker, beat.people, 0.0)
            self.enter(take, skipped.place)
            self.leave(take, skipped.place.name, [name for name in beat.people if name in self.cast.by_name])
        if last is not None and last != scene:
            self.open_scene()

    def enter(self, take: Take, place: Place) -> None:
        """Applies the state changes at the start of a take."""
        told = take.narration
        people = [name for name in take.people if name in self.cast.by_name]
        self._mount_or_fall(told, people)
        self._lie_or_rise(take, people)
        self._devour_or_free(told, people)
        self._disguise(told, people)
        self._go_inside(told, people, place)
        self.is_inside = place.is_inside or self.inside is not None

    def _mount_or_fall(self, told: str, people: Sequence[str]) -> None:
        language, narrator = self.cast.language, self.cast.narrator.name if self.cast.narrator else None
        if self.vehicle and _RIDE[language].search(told):
            self.rider = narrator or next((name for name in people if name != self.puller), None)
        if people and _FALL[language].search(told):
            self.fallen = next((name for name in people if name not in (narrator, self.puller)), None)

    def _lie_or_rise(self, take: Take, people: Sequence[str]) -> None:
        lying = self._lying(take, people)
        if lying is not None:
            self.abed = lying
        elif self.abed in people and _RISE[self.cast.language].search(take.narration):
            self.abed = None

    def _devour_or_free(self, told: str, people: Sequence[str]) -> None:
        language = self.cast.language
        if len(people) > 1 and _DEVOUR[language].search(told):
            self.eaten = people[1]
        if self._stand_in.keys() & set(people) and _FREED[language].search(told):
            self.eaten = None
            self._stand_in = {}

    def _disguise(self, told: str, people: Sequence[str]) -> None:
        if not people or not _DISGUISE[self.cast.language].search(told):
            return
        self.disguised = people[0]
        if self.eaten and self.eaten != self.disguised:
            self._stand_in = {self.eaten: self.disguised}

    def _go_inside(self, told: str, people: Sequence[str], place: Place) -> None:
        """Marks people as inside the house that the scene shows from outside, until others come."""
        if self.inside is not None and not set(people) <= set(self.inside):
            self.inside = None
        is_before_house = place.category == "home" and not place.is_inside and self.inside is None
        if is_before_house and _ENTER[self.cast.language].search(told):
            self.inside = (*people, *((self.eaten,) if self.eaten else ()))

    def _lying(self, take: Take, people: Sequence[str]) -> str | None:
        """The person who lies in bed: the one named after "there lay", else the one named before."""
        found = _ABED[self.cast.language].search(take.narration)
        if found is None:
            return None
        mentions = self.cast.mentions(take.narration)
        if found.group().lower().startswith("there"):
            after = [m.person for m in mentions if m.start >= found.start() and m.person]
            return self._stand_in.get(after[0], after[0]) if after else None
        before = [mention for mention in mentions if mention.start < found.start()]
        if before and before[-1].person:
            return before[-1].person
        fitting = [name for name in people if not before or self.cast.fits(name, before[-1].pronoun or "")]
        return fitting[0] if len(fitting) == 1 else None

    def leave(self, take: Take, scene_place: str, in_view: Sequence[str]) -> None:
        """Applies the state changes at the end of a take."""
        language, told = self.cast.language, take.narration
        if _ALIGHT[language].search(told):
            self.rider = None
        if self.fallen and _RISE[language].search(told):
            self.fallen = None
        if self.disguised in in_view and _DEATH[language].search(told):
            self.disguised = self.abed = None
            self._stand_in = {}
        if in_view and _GROWN[language].search(told):
            self.memory = (in_view[0], scene_place)

    def seen(self, in_view: tuple[str, ...]) -> tuple[str, ...]:
        """The people actually visible for those named: the wolf lies in the grandmother's bed."""
        if not self.is_inside:
            return in_view
        return tuple(dict.fromkeys(self._stand_in.get(name, name) for name in in_view))

    def words_for(self, name: str) -> tuple[str, ...]:
        """Descriptions of a person's state in this shot, besides the looks."""
        is_chinese = self.cast.language == "zh"
        words = []
        if name == self.disguised:
            words.append("戴着睡帽" if is_chinese else "in a nightcap")
        if name == self.abed and self.is_inside:
            words.append("躺在床上" if is_chinese else "lying in bed")
        return tuple(words)

    def added_action(self, in_view: Sequence[str], action: str) -> str:
        """The continuing actions of people in view that the action does not mention."""
        is_chinese = self.cast.language == "zh"
        added = []
        if self.rider in in_view and self.vehicle:
            pulled = self.puller in in_view and re.search(r"跑|拉|\bran\b|\brun", action)
            if pulled and is_chinese:
                added.append(f"{self.puller}拉着{self.vehicle}")
            added.append(
                f"{self.rider}坐在{self.vehicle}上" if is_chinese else f"{self.rider} sitting in the {self.vehicle}"
            )
        if self.fallen is not None and self.fallen in in_view and self.fallen not in action:
            added.append(f"{self.fallen}倒在地上" if is_chinese else f"{self.fallen} lying on the ground, fallen")
        return ("，" if is_chinese else ", ").join(added)


@dataclass(frozen=True)
class Reflection:
    """A picture for words without visible content: shot type, action and people."""

    view: str
    action: str
    in_view: tuple[str, ...]


def reflect(
    state: Continuity, who: str, place: Place, scene_words: str, views: Sequence[str], wind: str | None
) -> Reflection:
    """The next way to show a person thinking, different from the last shots."""
    is_chinese = state.cast.language == "zh"
    riding = who == state.rider or who == state.abed
    choices: list[Reflection] = []

    def offer(view: str, zh: str, en: str, in_view: tuple[str, ...] = (who,)) -> None:
        choices.append(Reflection(view, zh if is_chinese else en, in_view))

    offer("CLOSE_UP", f"{who}沉思，低下头", f"{who} lost in thought, head bowed")
    if not riding:
        where = "屋里" if place.is_inside else "路上"
        offer("LONG", f"{who}的背影，独自走在{where}", f"{who} from behind, walking alone")
    offer("EXTREME_CLOSE_UP", f"{who}的双手，静静摊开", f"{who}'s own hands, held open")
    if state.memory is not None and state.memory[1] != scene_words:
        grown = state.memory[0]
        offer(
            "FULL", f"回忆中，{grown}的背影越走越大，须仰视才见", f"remembered: {grown} from behind, towering", (grown,)
        )
    offer("MEDIUM", f"{who}抬头望着远处", f"{who} looking into the distance")
    if not place.is_inside:
        offer(
            "LONG",
            f"空镜，四下无人，{wind or '只有天光'}",
            "no one in view, the light moving over the place",
            (),
        )
    offer("EXTREME_CLOSE_UP", f"{who}沉思的眼睛", f"{who} thinking, the eyes alone")
    if not riding:
        offer("FULL", f"{who}独自站着，沉思", f"{who} standing alone, lost in thought")
    start = state.reflections
    state.reflections += 1
    ordered = [choices[(start + step) % len(choices)] for step in range(len(choices))]
    return next((choice for choice in ordered if choice.view not in views[-1:]), ordered[0])
