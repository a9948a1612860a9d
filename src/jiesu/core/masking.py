"""Personal data as far as a list or an export may show it, and one form for the same person.

Masks never show more than docs/personal-data.md states, whatever the input. Leaves out who may
see the whole value and how it is kept.
"""

import re
import unicodedata

MASK = "****"
"""Stands for what is hidden, however long that is."""

SHOWN_OF_ADDRESS = 6
"""Characters: a city and a district, or the name of an estate."""

_LONGEST_NUMBER = 15  # digits, by ITU-T E.164: what is longer is no phone, but perhaps an ID card
_MOBILE = re.compile(r"1[3-9]\d{9}")
# 010 and 02x have three digits, all others four.
_LANDLINE = re.compile(r"(?P<area>0(?:10|2\d|[3-9]\d{2}))(?P<local>\d{7,8})")
_LOCAL = re.compile(r"[2-9]\d{6,7}")

_SEVERAL = re.compile(r"[/|、,，;；\n]")
_EXTENSION = re.compile(r"(?P<number>.*?)(?:转|分机|extension|ext|x|#)\D*(?P<extension>\d{1,6})\D*")
_DASHED_EXTENSION = re.compile(
    r"(?P<number>(?:\+?86-?)?(?:1[3-9]\d{9}|(?:0\d{2,3}-?)?[2-9]\d{6,7}))-(?P<extension>\d{1,5})"
)
_DASHES = re.compile(r"[‐‑‒–—―−－ー]")

_TITLES_AFTER = re.compile(
    r"(?:先生|女士|小姐|太太|夫人|同志|师傅|老师|大爷|大妈|大叔|大姐|大哥|阿姨|叔叔)$"
)
_TITLES_BEFORE = re.compile(r"^(?:mr|mrs|ms|miss|dr)(?:\.\s*|\s+)")
_IN_BRACKETS = re.compile(r"\([^()]*\)")
_NO_PART_OF_A_NAME = re.compile(r"[\s·•‧・.\-_'’,]")

_DIGIT = r"\d〇零一二三四五六七八九幺壹贰叁肆伍陆柒捌玖"
# Blanks on the line, dashes, dots, brackets and characters without width, up to three in a row.
_BETWEEN = r"(?:[^\S\r\n]|[-‐‑‒–—―−－_.·•・()（）*\u200b-\u200f\u2060\ufeff]){0,3}"
_HIDDEN_IN_TEXT = re.compile(
    r"(?P<mail>[A-Za-z0-9._%+-]{1,64}[@＠][A-Za-z0-9.-]{1,255})"
    r"|(?<!\d)(?P<date>(?:19|20)\d\d(?P<sep>[-./])(?:0?[1-9]|1[0-2])(?P=sep)(?:3[01]|[12]\d|0?[1-9]))"
    rf"(?![-./]?[{_DIGIT}])"
    rf"|[{_DIGIT}](?:{_BETWEEN}[{_DIGIT}]){{6,}}(?:{_BETWEEN}[XxＸｘ](?![A-Za-z]))?"
)


def masked_name(name: str) -> str:
    """The first character of a name and a mask of fixed length; a single one is hidden too."""
    text = _NO_PART_OF_A_NAME.sub("", _plain(name))
    if not text:
        return ""
    return f"{text[0]}**" if len(text) > 1 else "**"


def masked_phone(phone: str) -> str:
    """A phone number with at least four digits hidden: 138****0000, 010****5678, 0471****567.

    A mobile number shows its first three and last four digits, a landline its area code and
    what follows the first four of its own, another number of 9 to 15 digits its last four. A
    shorter or longer one and an extension are hidden.
    """
    number = normal_phone(phone).partition("x")[0]
    if not number:
        return MASK if phone.strip() else ""
    if _MOBILE.fullmatch(number):
        return f"{number[:3]}{MASK}{number[-4:]}"
    if landline := _LANDLINE.fullmatch(number):
        return f"{landline['area']}{MASK}{landline['local'][4:]}"
    if _LOCAL.fullmatch(number):
        return f"{MASK}{number[4:]}"
    digits = number.removeprefix("+")
    return f"{MASK}{digits[-4:]}" if 9 <= len(digits) <= _LONGEST_NUMBER else MASK


def masked_address(address: str) -> str:
    """The beginning of an address: at most six characters and at most half of it, no digit."""
    text = "".join(_plain(address).split())
    if not text:
        return ""
    shown = text[: min(SHOWN_OF_ADDRESS, len(text) // 2)]
    number = re.search(r"[\d#]", shown)
    return (shown[: number.start()] if number else shown) + MASK


def masked_text(text: str) -> str:
    """Nothing of a text but that there is one: a list shows the case's category instead."""
    return MASK if text.strip() else ""


def mask_digits_in(text: str) -> str:
    """A text without e-mail addresses and without numbers of seven digits or more.

    These are phones, ID cards and bank cards, also with blanks, dashes or dots in between and in
    Chinese numerals. A date with separators stays. Names and addresses stay too: what comes out
    is still personal data.
    """
    return _HIDDEN_IN_TEXT.sub(lambda match: match["date"] or MASK, text)


def normal_phone(text: str) -> str:
    """The one form of a phone number, for its keyed hash; empty when there is no digit.

    Full-width digits, +86, blanks and dashes make no difference; the leading 0 of a mobile
    number goes, that of an area code comes back after +86. A foreign number keeps its `+`, an
    extension follows after `x`: behind one switchboard are many people. Of several numbers it
    is the first.
    """
    plain = _DASHES.sub("-", _plain(text)).casefold()
    plain = next((part for part in _SEVERAL.split(plain) if _digits(part)), "")
    plain = re.sub(r"[\s().]", "", plain)
    found = _DASHED_EXTENSION.fullmatch(plain) or _EXTENSION.fullmatch(plain)
    number = _national(found["number"]) if found else ""
    return f"{number}x{_digits(found['extension'])}" if found and number else _national(plain)


def normal_name(text: str) -> str:
    """The one form of a name, for its keyed hash: without blanks, case, dots, brackets, titles.

    A title alone gives an empty text.
    """
    plain = _TITLES_BEFORE.sub("", _IN_BRACKETS.sub("", _plain(text).casefold()).strip())
    while (shorter := _shorter_name(plain)) != plain:
        plain = shorter
    return plain


def _shorter_name(name: str) -> str:
    plain = _NO_PART_OF_A_NAME.sub("", _IN_BRACKETS.sub("", _plain(name).casefold()))
    return _TITLES_AFTER.sub("", plain)


def _plain(text: str) -> str:
    """NFKC without characters that nobody sees (formats, controls but for white space)."""
    folded = unicodedata.normalize("NFKC", text)
    if folded.isprintable():
        return folded
    return "".join(
        char for char in folded if char.isspace() or unicodedata.category(char) not in ("Cf", "Cc")
    )


def _digits(text: str) -> str:
    if text.isascii() and text.isdecimal():
        return text
    # Other scripts' digits are digits too.
    return "".join(str(unicodedata.digit(char)) for char in text if char.isdecimal())


def _national(text: str) -> str:
    """A Chinese number without its country code, a foreign one with `+`."""
    number = ("+" if text.startswith("+") else "") + _digits(text)
    while (shorter := _without_prefix(number)) != number:
        number = shorter
    return number


def _without_prefix(number: str) -> str:
    if number.startswith("00"):
        return f"+{number[2:]}"
    if number.startswith("+86"):
        rest = number[3:]
        is_landline = _LANDLINE.fullmatch(f"0{rest}") and not _MOBILE.fullmatch(rest)
        return f"0{rest}" if is_landline else rest
    for prefix in ("86", "0"):
        if number.startswith(prefix) and _MOBILE.fullmatch(number, len(prefix)):
            return number.removeprefix(prefix)
    return "" if number == "+" else number
