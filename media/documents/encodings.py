"""Detects the encoding of text: UTF-8, UTF-16 with or without its mark, GB18030, Big5, or a Western code page."""

import codecs
import unicodedata

import charset_normalizer

_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
# The most frequent Chinese characters, simplified and traditional. A wrong decoding yields few of them.
_COMMON = frozenset(
    "的一是不了在人有我他这个们中来上大为和国地到以说时要就出会可也你对生能而子那得于着下自之年过发后作里用道行所然家种事成方多经么去法学"
    "如都同现当没动面起看定天分还进好小部其些主样理心她本前开但因只从想实日军者意无力它与长把机十民第公此已工使情明性知全三又关点正业外将"
    "两高间由问很最重并物手应战向头文体政美相见被利什二等产或新己制身果加西斯月话合回特代内信表化老给世位次度门任常先海通教儿原东声提立及"
    "比员解水名真论处走义各入几口认条平系气题活尔更别打女变四神总何电数安少报才结反受目太量再感建务做接必场件计管期市直德资命山金指克许"
    "统区保至队形社便空决治展马科司五基眼书非则听白却界达光放强即像难且权思王象完设式色路记南品住告类求据程北边死张该交规万取拉格望觉术领"
    "共确传师观清今切院让识候带导争运笑岁风步红黑夜雪雨树花鸟父母亲爱哭冷静快慢坐站跑叫喊答吃喝车船房屋窗灯火刀剑心脸眼睛头发衣服街村城"
    "這個們來為國說時會對過發後裡種經麼學現沒動麵還進樣開從實軍無與長機關點業將兩間問戰頭體見產製話門東聲員論處義幾認條氣題爾別變總電數"
    "報結務場計許統區隊決馬書則聽達強難權設記類據邊張該規萬術領確傳師觀導爭運歲風紅樹鳥親愛靜車燈劍臉髮衣給讓識帶兒誰應請題願靈觀樂買賣"
    "著甚啊呢吧吗嗎呀嘛哪怎谁它她您咱妳喔好早晚昨今明每些啦了吸呼轻輕細细遠远近离離已經曾永忽突慌忙"
)
_PUNCTUATION = frozenset("，。！？；：、“”‘’「」『』《》〈〉（）…—·～　【】")
_WESTERN = frozenset("“”‘’–—…•€£©®°§«»¡¿")


def decode_text(data: bytes) -> str | None:
    """The text of the bytes, without a byte order mark; None where they are not text in a known encoding."""
    for mark, encoding in _MARKS:
        if data.startswith(mark):
            return _strictly(data, encoding)
    if b"\x00" in data[:65536]:
        return _decode_wide(data)
    text = _strictly(data, "utf-8")
    if text is not None and not _has_controls(text):
        return text
    candidates = ["gb18030", "big5hkscs", "cp950", "cp1252"]
    if len(data) % 2 == 0:
        candidates += ["utf-16-le", "utf-16-be"]
    best: tuple[float, str] | None = None
    for encoding in candidates:
        decoded = _strictly(data, encoding)
        if decoded is None or _has_controls(decoded):
            continue
        score = _score(decoded)
        if best is None or score > best[0]:
            best = (score, decoded)
    if best is not None and best[0] >= 0.45:
        return best[1]
    guess = charset_normalizer.from_bytes(data[:200_000]).best()
    if guess is not None and guess.encoding not in ("utf_7",):
        decoded = _strictly(data, guess.encoding)
        if decoded is not None and not _has_controls(decoded) and _score(decoded) > 0.2:
            return decoded
    return best[1] if best is not None and best[0] > 0.3 else None


def _decode_wide(data: bytes) -> str | None:
    """UTF-16 without a mark: the byte order by the positions of zero bytes; other bytes with zeros are not text."""
    if len(data) % 2:
        return None
    scored: list[tuple[float, str]] = []
    for encoding in ("utf-16-le", "utf-16-be"):
        decoded = _strictly(data, encoding)
        if decoded is not None and not _has_controls(decoded):
            scored.append((_score(decoded), decoded))
    best = max(scored, default=None, key=lambda pair: pair[0])
    return best[1] if best is not None and best[0] > 0.4 else None


def _strictly(data: bytes, encoding: str) -> str | None:
    try:
        return data.decode(encoding)
    except (UnicodeDecodeError, LookupError):
        return None


def _has_controls(text: str) -> bool:
    """Whether the bytes have more than a few control characters, as binary files do and text does not."""
    sample = text[:100_000]
    count = sum(1 for character in sample if character < " " and character not in "\t\n\r\f\v\x1a")
    return count > max(len(sample) // 2000, 0)


def _score(text: str) -> float:
    """From -1 to 1: how plausible the non-ASCII characters are in written text. All ASCII: 0.9."""
    sample = text if len(text) <= 20_000 else text[:12_000] + text[len(text) // 2 : len(text) // 2 + 8_000]
    total = count = 0.0
    for character in sample:
        if character < "\x80":
            continue
        count += 1
        if character in _COMMON or character in _PUNCTUATION:
            total += 1.0
        elif "\u4e00" <= character <= "\u9fff":
            total += 0.3
        elif character in _WESTERN or "\u3040" <= character <= "\u30ff":
            total += 0.75
        elif "\u00c0" <= character <= "\u017f":
            # In Western text accented letters stand between plain ones; in misread Chinese they stand in rows.
            total += 0.55
        elif unicodedata.category(character) in ("Co", "Cn", "Cc", "Cs"):
            total -= 1.0
        elif character.isalpha() and "\uac00" <= character <= "\ud7af":
            total += 0.1
        else:
            total -= 0.25
    if not count:
        return 0.9
    letters = [ch for ch in sample if ch.isalpha()]
    accented = sum(1 for ch in letters if "\u00c0" <= ch <= "\u024f")
    if letters and accented > 0.35 * len(letters):
        total -= 0.5 * accented
    return total / count
