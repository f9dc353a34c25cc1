"""People to dress, by their words."""

from media.drawing.order import DrawnSubject
from media.drawing.people.looks.person import Person
from media.drawing.people.looks.told import Told, told_of


def told(words: str, name: str = "Anna") -> Told:
    return told_of(DrawnSubject("CHARACTER", name, words))


def person(words: str, gender: str = "MALE", age: str = "ADULT", name: str = "Anna") -> Person:
    return Person(told(words, name), gender, age)
