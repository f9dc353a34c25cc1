"""Finding the characters of a Chinese text: names, role nouns and the narrator 我, by how the text uses them."""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import rjieba

from providers.offline.writing import lexicon_zh as lexicon
from providers.offline.writing.language import split_sentences
from providers.offline.writing.people import Cast, Person
from providers.offline.writing.quotes import Span

_HAN = "[\u3400-\u9fff]"
_TAG = re.compile(
    rf"(?:^|[，。！？…；：“”「」\s—])(?P<name>(?:阿[A-Z]|{_HAN}{{2,4}}?|欧阳{_HAN}{{1,2}}))"
    rf"(?:对着?.{{1,6}}|向着?.{{1,6}}|{lexicon.TAG_FILLER})*{lexicon.SPEECH_VERB}(?:[，：:。！？]|$)"
)
_AFTER_TAG = re.compile(
    rf"^(?P<name>(?:阿[A-Z]|{_HAN}{{2,4}}?)){lexicon.TAG_FILLER}*{lexicon.SPEECH_VERB}(?:[，：:。]|着|$)"
)
_SURNAMED = re.compile(
    rf"(?:^|[，。！？…；：“”「」\s、—和与跟对向被把叫给问])"
    rf"(?P<name>(?:{'|'.join(lexicon.COMPOUND_SURNAMES)}){_HAN}{{1,2}}|[{''.join(sorted(lexicon.SURNAMES))}]{_HAN}{{1,2}})"
)
_NICKNAME = re.compile(
    rf"(?:阿[A-Z]|阿{_HAN}|小[{''.join(sorted(lexicon.SURNAMES))}]|老[{''.join(sorted(lexicon.SURNAMES))}])(?={_HAN}|[，。：])"
)
_TITLED = re.compile(rf"(?:{_HAN}{{1,2}})(?:{'|'.join(sorted(lexicon.TITLE_TAILS, key=len, reverse=True))})")
_ROLE = re.compile("|".join(sorted(map(re.escape, lexicon.ROLES), key=lambda word: (-len(word), word))) + "")
_PERSON_TAGS = ("nr", "nrt", "nrfg")
_LEADS_ON = re.compile(rf"(?:{lexicon.SPEECH_VERB}|[\u3400-\u9fff])[：:]$|{lexicon.SPEECH_VERB}[，,]$")
_SELF = re.compile(r"(?<!自)我(?!们|国|军)")
_YI = re.compile(r"伊(?![尹藤斯拉朗索莉丽])")


@dataclass
class _Evidence:
    """How often a word is used at all, opens a clause, and announces a speech."""

    total: Counter[str] = field(default_factory=Counter)
    subject: Counter[str] = field(default_factory=Counter)
    speech: Counter[str] = field(default_factory=Counter)
    first: dict[str, int] = field(default_factory=dict)

    def see(self, word: str, at: int, *, is_subject: bool = False) -> None:
        self.total[word] += 1
        self.subject[word] += is_subject
        self.first.setdefault(word, at)


def find_cast(paragraphs: Sequence[Sequence[Span]]) -> Cast:
    """The characters in the order of their first appearance in narration, with the narrator 我 where there is one."""
    roles, names = _Evidence(), _Evidence()
    tagged_alone: dict[str, tuple[str, ...]] = {}
    self_count = narrated = offset = yi_count = 0
    surnamed: Counter[str] = Counter()
    titled: Counter[str] = Counter()
    self_at: int | None = None
    for spans in paragraphs:
        for index, span in enumerate(spans):
            offset += len(span.text)
            if span.is_speech:
                continue
            text = span.text
            narrated += len(text)
            if found := _SELF.findall(text):
                self_count += len(found)
                self_at = offset if self_at is None else self_at
            yi_count += len(_YI.findall(text))
            _see_roles(text, offset, roles)
            for match in _SURNAMED.finditer(text):
                name = match.group("name")
                surnamed.update([name, name[:-1]] if len(name) > 2 else [name])
            titled.update(match.group() for match in _TITLED.finditer(text))
            for match in _NICKNAME.finditer(text):
                names.see(match.group(), offset + match.start())
            _see_tags(text, offset, index, spans, roles, names)
    whole = "\n".join(span.text for spans in paragraphs for span in spans if not span.is_speech)
    _see_tokens(whole, names)
    chosen = _choose_names(whole, names, surnamed, titled, roles, tagged_alone)
    people = _merge_names(chosen, names, whole)
    people = _with_offices(people, _choose_roles(roles, yi_count), whole)
    ordered = sorted(people, key=lambda person: _first_use(whole, person))
    if self_count >= 3 and self_count * 500 >= narrated:
        ordered.insert(0, Person("我", ("我",), is_narrator=True))
    return Cast("zh", tuple(ordered))


def _first_use(whole: str, person: Person) -> int:
    return min((at for form in person.forms if (at := whole.find(form)) >= 0), default=len(whole))


def _see_roles(text: str, offset: int, roles: _Evidence) -> None:
    if not _ROLE.search(text):
        return
    ends, starts, cursor = set(), set(), 0
    for token in rjieba.cut(text):
        starts.add(cursor)
        cursor += len(token)
        ends.add(cursor)
    for match in _ROLE.finditer(text):
        word = match.group()
        follows = text[match.end() : match.end() + 1]
        if follows == "们" or match.end() not in ends or (len(word) == 1 and match.start() not in starts):
            continue
        clause = re.split(r"[，。！？；：…“”]", text[: match.start()])[-1]
        lead = lexicon.CLAUSE_START.match(clause)
        is_subject = (lead is not None and lead.end() == len(clause)) or bool(
            re.search(r"[出来有了是]一[个位名]$|又来了$", clause)
        )
        roles.see(word, offset + match.start(), is_subject=is_subject and follows != "的")


def _see_tags(text: str, offset: int, index: int, spans: Sequence[Span], roles: _Evidence, names: _Evidence) -> None:
    """Who is said to speak just before or after a quotation."""
    found: list[str] = []
    if index + 1 < len(spans) or text.endswith(("：", ":")):
        found += [match.group("name") for match in _TAG.finditer(text[-60:])]
        # 紫鹃端着茶走进来，笑道： – who opens the sentence speaks, where the tag itself names nobody.
        if not found and _LEADS_ON.search(text):
            opening = _last_sentence_opening(text)
            if opening and not re.search(r"[，；]", text[:-1]):
                found.append(opening)  # 袭人在门外叫道： – one clause, so it is a tag itself
            elif opening and (
                opening[0] in lexicon.SURNAMES or rjieba.tag(opening)[0][1] in _PERSON_TAGS or opening in lexicon.ROLES
            ):
                found.append(opening)
    if index and (match := _AFTER_TAG.match(text)):
        found.append(match.group("name"))
    elif index and spans[index - 1].is_speech and (match := _NICKNAME.match(text)):
        found.append(match.group())  # “……”阿海站起来
    for word in found:
        role = next((match.group() for match in _ROLE.finditer(word) if match.end() == len(word)), None)
        if role:
            roles.speech[role] += 1
            if role != word and word[0] in lexicon.SURNAMES:
                names.speech[word] += 1
        else:
            names.speech[word] += 1
            names.first.setdefault(word, offset)


def _last_sentence_opening(text: str) -> str | None:
    """The first word of the sentence that leads into a quotation, where it may be a name."""
    sentence = split_sentences(text[-120:], "zh")[-1]
    tokens = rjieba.tag(sentence[:24])
    while tokens and tokens[0][1] in ("c", "d", "x", "t", "r", "f", "p"):
        tokens = tokens[1:]
    if not tokens:
        return None
    word, tag = tokens[0]
    if len(word) == 1 and word in lexicon.SURNAMES and len(tokens) > 1 and len(tokens[1][0]) <= 2:
        word += tokens[1][0]
        tag = "nr"
    word = _without_verb(word)
    if tag in _PERSON_TAGS or (tag in ("n", "nz", "x") and len(word) in (2, 3)):
        return word
    return word if word in lexicon.ROLES or word.endswith(tuple(lexicon.TITLE_TAILS)) else None


def _without_verb(word: str) -> str:
    """紫鹃 of 紫鹃端: the dictionary sometimes takes the verb that follows a name for its last character."""
    while len(word) > 2 and (word[-1] in lexicon.NOT_NAME_TAILS or word[-1] in "端吐掏捧跪探接喝吃住停愣躲搀牵"):
        word = word[:-1]
    return word


def _see_tokens(whole: str, names: _Evidence) -> None:
    at, before = 0, ""
    for line in whole.split("\n"):
        for token, tag in rjieba.tag(line):
            if tag in _PERSON_TAGS and 2 <= len(token) <= 5 and re.fullmatch(rf"{_HAN}+(?:·{_HAN}+)*", token):
                names.see(_without_verb(token), at, is_subject=before in "，。！？…；：“”」 \n—" or before == "")
            before = token
            at += len(token)
        before = ""


def _choose_names(
    whole: str,
    names: _Evidence,
    surnamed: Counter[str],
    titled: Counter[str],
    roles: _Evidence,
    alone: dict[str, tuple[str, ...]],
) -> list[str]:
    candidates = set(names.total) | set(names.speech) | {word for word, count in surnamed.items() if count >= 2}
    candidates |= {
        word for word, count in titled.items() if word[0] in lexicon.SURNAMES and (count >= 2 or len(word) == 3)
    }
    kept: list[str] = []
    for word in sorted(candidates):
        is_thing_that_speaks = word in lexicon.PROPS and names.speech[word] > 0
        if not _may_be_name(word) and not is_thing_that_speaks:
            continue
        count = whole.count(word)
        if not names.speech[word] and not _stands_alone(word, whole):
            continue
        speech, subject = names.speech[word], names.subject[word]
        tags = _tags_alone(word, alone)
        is_person_tag = tags[0] in _PERSON_TAGS and len(tags) == 1
        has_surname = word[0] in lexicon.SURNAMES or word[:2] in lexicon.COMPOUND_SURNAMES
        is_common_word = len(tags) == 1 and not is_person_tag and tags[0] not in ("x", "nz")
        has_title = word.endswith(tuple(lexicon.TITLE_TAILS)) and has_surname
        is_nickname = bool(_NICKNAME.match(word + "，")) and len(word) == 2
        if is_common_word and not is_nickname and not has_title:
            # 袭人 and 石头 are words of the dictionary too; who speaks under them is a person.
            if tags[0] == "n" and speech and len(word) <= 3:
                kept.append(word)
            continue
        if (
            (has_surname and (speech or (count >= 2 and (is_person_tag or surnamed[word] >= 2))))
            or (has_surname and is_person_tag and len(word) >= 3 and subject)
            or (is_nickname and (speech or count >= 3))
            or (is_person_tag and (speech or (count >= 3 and subject >= 2)))
            or (has_title and (speech or count >= 2))
            or speech >= 3
        ):
            kept.append(word)
    return _longest_where_it_counts(kept, whole, names)


def _stands_alone(word: str, whole: str) -> bool:
    """Whether different characters follow it: a name does many things, a slip of the word cutter is one phrase."""
    following = {
        whole[match.end() : match.end() + 2] for match, _ in zip(re.finditer(word, whole), range(60), strict=False)
    }
    if word[0] == "伊" and whole.count("伊") > 2 * whole.count(word):
        return False  # the pronoun of older texts
    return len(following) > 1 or (len(word) == 3 and whole.count(word) == 1)


def _may_be_name(word: str) -> bool:
    if len(word) < 2 or word in lexicon.COMPOUND_SURNAMES or word in lexicon.NOBODY:
        return False
    if (
        word in lexicon.NOT_NAMES
        or word in lexicon.ROLES
        or word in lexicon.PLACES
        or word[0] in lexicon.NOT_NAME_HEADS
    ):
        return False
    if word[-1] in lexicon.NOT_NAME_TAILS or any(mark in word for mark in "的了着是说道他她们我你这那不没"):
        return False
    if word[:2] in lexicon.NOT_NAMES or word in lexicon.PROPS or word in lexicon.TIMES or word in lexicon.WEATHER:
        return False
    stem = word.removesuffix(next((tail for tail in lexicon.TITLE_TAILS if word.endswith(tail)), ""))
    return bool(stem) and not any(
        role in word for role in lexicon.ROLES if len(role) > 1 and role not in lexicon.TITLE_TAILS
    )


def _tags_alone(word: str, cache: dict[str, tuple[str, ...]]) -> tuple[str, ...]:
    if word not in cache:
        cache[word] = tuple(tag for _, tag in rjieba.tag(word)) or ("x",)
    return cache[word]


def _longest_where_it_counts(kept: list[str], whole: str, names: _Evidence) -> list[str]:
    """Of 李雷 and 李雷同 the one that the text means: the longer only where the shorter hardly stands without it."""
    counts = {word: whole.count(word) for word in kept}
    dropped: set[str] = set()
    for word in kept:
        for longer in (other for other in kept if other != word and other.startswith(word)):
            if longer.endswith(tuple(lexicon.TITLE_TAILS)):
                continue
            if counts[longer] >= 0.7 * counts[word]:
                dropped.add(word)
            elif not names.speech[longer] or names.speech[word] >= names.speech[longer]:
                dropped.add(longer)
    return [word for word in kept if word not in dropped]


def _merge_names(chosen: list[str], names: _Evidence, whole: str) -> list[Person]:
    """林黛玉 and 黛玉 are one person; so are 老张 and nobody else, as that would be a guess."""
    aliases: dict[str, list[str]] = {word: [] for word in chosen}
    for word in chosen:
        surname = 2 if word[:2] in lexicon.COMPOUND_SURNAMES else 1
        given = word[surname:]
        has_surname = word[0] in lexicon.SURNAMES or surname == 2
        if (
            has_surname
            and len(given) == 2
            and given not in lexicon.ROLES
            and not word.endswith(tuple(lexicon.TITLE_TAILS))
        ):
            owners = [other for other in chosen if other != given and len(other) > 2 and other.endswith(given)]
            if len(owners) == 1 and (given in chosen or whole.count(given) > whole.count(word)) and _may_be_name(given):
                aliases[word].append(given)
        elif len(word) == 2 and not word.endswith(tuple(lexicon.TITLE_TAILS)):
            full = [
                other
                for other in names.total
                if len(other) == 3 and other.endswith(word) and other[0] in lexicon.SURNAMES
            ]
            if len(full) == 1 and full[0] not in chosen:
                aliases[word].append(full[0])
    taken = {alias for words in aliases.values() for alias in words}
    return [
        Person(word, (word, *aliases[word]), gender=_gender(word, whole), is_named=True)
        for word in chosen
        if word not in taken
    ]


def _with_offices(named: list[Person], roles: list[Person], whole: str) -> list[Person]:
    """舰长陈薇 says that the captain is Chen Wei: one person, where no other name stands behind that role."""
    kept: list[Person] = []
    for role in roles:
        bearers = [
            index for index, person in enumerate(named) if any(f"{role.name}{form}" in whole for form in person.forms)
        ]
        if len(bearers) == 1 and len(role.name) > 1:
            bearer = named[bearers[0]]
            named[bearers[0]] = replace(
                bearer, forms=(*bearer.forms, *role.forms), gender=bearer.gender, age=bearer.age or role.age
            )
        else:
            kept.append(role)
    return [*named, *kept]


def _gender(name: str, whole: str) -> str | None:
    """By a title in the name, else by which of 他 and 她 follows the name within the sentence more often."""
    if re.search(r"(?:小姐|太太|夫人|大妈|大娘|大婶|大嫂|大姐|姑娘|嫂|婶|奶奶|姐)$", name):
        return "f"
    if re.search(r"(?:先生|老爷|少爷|大爷|大叔|大哥|叔|伯|爷|哥|公子|掌柜)$", name):
        return "m"
    counts: Counter[str] = Counter()
    for number, match in enumerate(re.finditer(re.escape(name), whole)):
        if number >= 60:
            break
        following = whole[match.end() : match.end() + 40].split("\n")[0]
        # Only a pronoun that opens a clause is likely to mean the same person.
        if pronoun := re.search(r"[，。！？][^，。！？]{0,2}([他她])(?!们)", following):
            counts[pronoun.group(1)] += 1
    if counts["她"] > counts["他"]:
        return "f"
    return "m" if counts["他"] > counts["她"] else None


def _choose_roles(roles: _Evidence, yi_count: int) -> list[Person]:
    kept: dict[str, list[str]] = {}
    words = sorted(roles.total | roles.speech, key=lambda word: (-len(word), word))
    for word in words:
        total, subject, speech = roles.total[word], roles.subject[word], roles.speech[word]
        heads = [other for other in kept if other != word and word in other and other.startswith(("老", "小", "大"))]
        heads = [other for other in heads if word in lexicon.GENERIC_ROLES or other.startswith(word)]
        if len(heads) == 1:
            kept[heads[0]].append(word)
            continue
        is_generic = word in lexicon.GENERIC_ROLES
        if (speech or subject >= 2) if is_generic else (speech or subject or total >= 3):
            kept[word] = [word]
    people = []
    for forms in kept.values():
        name = forms[0]
        gender, age = lexicon.ROLES[name]
        people.append(Person(name, tuple(dict.fromkeys(forms)), gender, age))
    women = [person for person in people if person.gender == "f"]
    if yi_count >= 2 and len(women) == 1:
        woman = women[0]
        people[people.index(woman)] = Person(woman.name, (*woman.forms, "伊"), woman.gender, woman.age)
    return people
