"""The look of a character, derived only from its name and description, so that it is the same in every picture."""

import hashlib
import random
from dataclasses import replace

from media.drawing.animals.beasts import BEASTS, beast_of
from media.drawing.colour import mix
from media.drawing.order import DrawnSubject
from media.drawing.people.look import Look
from media.drawing.people.looks.age import age_of
from media.drawing.people.looks.body import build_of, eyes_of, height_of, skin_of
from media.drawing.people.looks.clothes import clothes_of
from media.drawing.people.looks.hair import hair_of
from media.drawing.people.looks.person import Person
from media.drawing.people.looks.reference import dressed_from
from media.drawing.people.looks.told import Told, told_gender, told_of
from media.drawing.reading.words import first_of


def character_look(subject: DrawnSubject) -> Look:
    """The look by the words; unspecified features are random, seeded by name and description.

    Animals are recognised by name or description; a reference picture gives the colours.
    """
    chance = random.Random(hashlib.sha256(f"{subject.name}\n{subject.description}".encode()).digest())
    look = person_look(told_of(subject), chance)
    species = beast_of(subject.name, subject.description)
    if species is not None:
        look = furred(look, species)
    return dressed_from(look, subject.reference) if subject.reference else look


def person_look(told: Told, chance: random.Random) -> Look:
    """The look of a human being. Random numbers are drawn in a fixed order, so the same words give the same look."""
    drawn_gender = chance.choice(("FEMALE", "MALE"))
    person = Person(told, told_gender(told) or drawn_gender, age_of(told))
    hair = hair_of(person, chance)
    skin = skin_of(told, chance)
    clothes = clothes_of(person, chance)
    return Look(
        gender=person.gender,
        age=person.age,
        skin=skin,
        hair=hair.colour,
        hair_style=hair.style,
        outfit=clothes.outfit,
        top=clothes.top,
        trim=clothes.trim,
        bottom=clothes.bottom,
        shoes=mix((58, 46, 44), clothes.bottom, 0.2),
        hat=clothes.hat,
        hat_colour=clothes.hat_colour,
        extras=clothes.extras,
        eyes=eyes_of(told, chance),
        build=build_of(told, chance),
        height=height_of(person, chance),
        fringe=chance.randrange(1 << 16),
        jaw=chance.uniform(-1, 1),
        eye_size=chance.uniform(0.94, 1.06),
    )


def furred(look: Look, species: str) -> Look:
    """The same character as an animal: fur instead of skin and clothes."""
    beast = BEASTS[species]
    return replace(
        look, species=species, age="ADULT", skin=beast.fur, hair=beast.dark, hair_style="BALD", outfit="FUR",
        top=beast.fur, trim=beast.pale, bottom=beast.fur, shoes=beast.dark, eyes=beast.eyes, build=beast.build,
        height=beast.height, extras=look.extras & {"GLASSES", "SCARF", "APRON"},
    )  # fmt: skip


def with_worn(look: Look, words: str) -> Look:
    """The look with additions from the words of a shot: a nightcap on a wolf."""
    if first_of((("CAP", "nightcap 睡帽 grandmother's~cap her~cap 奶奶的帽 外婆的帽"),), words.lower()):
        return replace(look, hat="NIGHTCAP", hat_colour=(240, 234, 226))
    return look
