"""Detects a text's language, splits it into sentences and clauses, and estimates speaking time."""

import re

_HAN = re.compile(r"[\u3400-\u9fff]")
_LATIN_WORD = re.compile(r"[A-Za-zÀ-ɏ]+(?:[’'-][A-Za-zÀ-ɏ]+)*")
_ANY_WORD = re.compile(r"[^\W_]+(?:[’'-][^\W_]+)*")

CHINESE_CHARACTERS_PER_SECOND = 4.5
ENGLISH_WORDS_PER_SECOND = 155 / 60
_SENTENCE_PAUSE_SECONDS = 0.35
_CLAUSE_PAUSE_SECONDS = 0.18

_CLOSERS = "”’」』）)》】\"'"
_ZH_SENTENCE = re.compile(rf"[^。！？!?…\n]*(?:[。！？!?…]+[{_CLOSERS}]*|\n|$)")
_EN_SENTENCE_END = re.compile(rf"[.!?…]+[{_CLOSERS}]*(?=\s+[\"'“‘(\[—-]*[A-Z0-9À-Þ])")
_EN_ABBREVIATION = re.compile(
    r"(?:\b(?:Mr|Mrs|Ms|Dr|St|Prof|Capt|Col|Gen|Lt|Sgt|Rev|Hon|Messrs|Mme|Mlle|Jr|Sr|vs|etc|No|Vol|i\.e|e\.g)|\b[A-Z])\.$"
)
_ZH_CLAUSE = re.compile(r"(?<=[，；：,;:])|(?<=——)(?!—)")
_EN_CLAUSE = re.compile(r"(?<=[,;:])\s+|(?<=[—–])\s*|(?<=--)\s*")
_EN_SOFT = re.compile(
    r"\s+(?=(?:and|but|or|who|which|that|when|while|because|until|so|as|with|for|to|in|from|where)\s)"
)
_ZH_SOFT = re.compile(r"(?<=[、的了着])|(?=[但却便就又再而并和与在从向把将被])")
_PAUSES = re.compile(r"[。！？!?…]+|[.](?=\s|$|[”\"’'])")
_SMALL_PAUSES = re.compile(r"[，、；：,;:]|——|—|--")


def detect_language(text: str) -> str:
    """ "zh" where Chinese characters outweigh Latin words, else "en"."""
    sample = text if len(text) < 60_000 else text[:30_000] + text[len(text) // 2 : len(text) // 2 + 30_000]
    return "zh" if len(_HAN.findall(sample)) > len(_LATIN_WORD.findall(sample)) else "en"


def speech_seconds(text: str, language: str) -> float:
    """Seconds of a calm reading: 4.5 Chinese characters or 155/60 English words per second, plus pauses."""
    han = len(_HAN.findall(text))
    words = len(_ANY_WORD.findall(_HAN.sub(" ", text)))
    if not han and not words:
        return 0.0
    spoken = han / CHINESE_CHARACTERS_PER_SECOND + words / ENGLISH_WORDS_PER_SECOND
    sentence_pauses = max(len(_PAUSES.findall(text)) - 1, 0) * _SENTENCE_PAUSE_SECONDS
    inner = text.rstrip("，、；：,;:—- ")
    return spoken + sentence_pauses + len(_SMALL_PAUSES.findall(inner)) * _CLAUSE_PAUSE_SECONDS


def is_spoken(text: str) -> bool:
    """Whether the text has anything that a voice can speak."""
    return any(character.isalnum() for character in text)


def split_sentences(text: str, language: str) -> list[str]:
    """The sentences in order; joined (with a space in English) they give the text."""
    if language == "zh":
        pieces = [piece.strip() for piece in _ZH_SENTENCE.findall(text)]
    else:
        pieces, start = [], 0
        for match in _EN_SENTENCE_END.finditer(text):
            if _EN_ABBREVIATION.search(text, max(0, match.start() - 8), match.start() + 1):
                continue
            pieces.append(text[start : match.end()].strip())
            start = match.end()
        pieces.append(text[start:].strip())
    sentences: list[str] = []
    for piece in pieces:
        if not piece:
            continue
        if sentences and not is_spoken(piece):
            sentences[-1] += piece
        else:
            sentences.append(piece)
    return sentences


def split_clauses(sentence: str, language: str) -> list[str]:
    """The clauses of one sentence, each with its punctuation and at least one word."""
    pattern = _ZH_CLAUSE if language == "zh" else _EN_CLAUSE
    clauses: list[str] = []
    for piece in pattern.split(sentence):
        piece = piece.strip()
        if not piece:
            continue
        if clauses and (not is_spoken(piece) or not is_spoken(clauses[-1])):
            clauses[-1] = join((clauses[-1], piece), language)
        else:
            clauses.append(piece)
    return clauses


def split_long(clause: str, language: str, limit_seconds: float) -> list[str]:
    """Splits a clause at breathing pauses into pieces close to the limit; anywhere as a last resort."""
    if speech_seconds(clause, language) <= limit_seconds * 1.15:
        return [clause]
    parts = _ZH_SOFT.split(clause) if language == "zh" else _EN_SOFT.split(clause)
    count = -(-speech_seconds(clause, language) // limit_seconds)
    aim = speech_seconds(clause, language) / count
    pieces: list[str] = [""]
    for part in parts:
        if pieces[-1] and speech_seconds(join((pieces[-1], part), language), language) > aim * 1.2:
            pieces.append(part)
        else:
            pieces[-1] = join((pieces[-1], part), language)
    return [
        short
        for piece in pieces
        if piece.strip()
        for short in _cut_hard(piece.strip(), language, max(limit_seconds, 1) * 2)
    ]


def _cut_hard(piece: str, language: str, limit_seconds: float) -> list[str]:
    if speech_seconds(piece, language) <= limit_seconds:
        return [piece]
    if language == "zh":
        size = max(int(limit_seconds * CHINESE_CHARACTERS_PER_SECOND), 4)
        return [piece[start : start + size] for start in range(0, len(piece), size)]
    words = piece.split()
    size = max(int(limit_seconds * ENGLISH_WORDS_PER_SECOND), 3)
    return [" ".join(words[start : start + size]) for start in range(0, len(words), size)]


def join(pieces: "list[str] | tuple[str, ...]", language: str) -> str:
    """Joins pieces of a text."""
    if language == "zh":
        return "".join(pieces)
    return " ".join(piece.strip() for piece in pieces if piece.strip())
