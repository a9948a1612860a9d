"""Editions: an evaluation that is frozen, numbered, signed and tied to the one before it.

The record of an edition as an object and as `edition.json`; its seal is the SHA-256 of that
file's bytes, and the next edition of the period holds it. Holds no figures (see `difference`) and
reads no files (see `jiesu.city.editions`). What is frozen and why: docs/methods/editions.md.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from hashlib import sha256
from typing import Any
from zoneinfo import ZoneInfo

from jiesu.core.problems import InputError, Problem
from jiesu.core.result import Input, InputFile

SCHEMA = "jiesu.edition/1"

ROLES = ("prepared", "reviewed", "issued")
"""What an office signs for: it made the edition, looked it through, or gave it out."""

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class SignOff:
    """An office's name under an edition; `role` is one of `ROLES`. Never a person's name."""

    office: str
    role: str
    on: date


@dataclass(frozen=True, slots=True)
class Edition:
    """The record of one edition of a period's evaluation.

    `number` counts from 1 within the period. `made_by` is the version of jiesu. `as_of`, `zone`,
    `city`, `synthetic` and `input` are those of the evaluation, `first` is the earliest time of
    the whole input (which reaches further back than the cases that are kept), `names` are the
    units' names where no units file gives them. `files` has the SHA-256 of every other file of the
    edition by its name. `reason` says why a correction was made, `previous` is the seal of the
    edition that it corrects; empty and `None` for the first.
    """

    period: str
    number: int
    made_at: datetime
    made_by: str
    as_of: datetime
    first: datetime
    zone: str
    city: Mapping[str, str]
    synthetic: bool
    policy: tuple[str, str, str]
    input: Input
    names: Mapping[str, str]
    n_cases: int
    files: Mapping[str, str]
    signed: tuple[SignOff, ...]
    reason: str
    previous: str | None


def edition_record(edition: Edition) -> bytes:
    """The bytes of `edition.json`."""
    name, version, digest = edition.policy
    source = edition.input
    document: Json = {
        "schema": SCHEMA,
        "period": edition.period,
        "number": edition.number,
        "made_at": edition.made_at.isoformat(),
        "made_by": edition.made_by,
        "as_of": edition.as_of.isoformat(),
        "first": edition.first.isoformat(),
        "zone": edition.zone,
        "city": dict(edition.city),
        "synthetic": edition.synthetic,
        "policy": {"name": name, "version": version, "digest": digest},
        "input": {
            "files": [{"name": file.name, "sha256": file.sha256} for file in source.files],
            "accepted": source.accepted,
            "rejected": source.rejected,
            "duplicates": source.duplicates,
        },
        "names": dict(edition.names),
        "cases": edition.n_cases,
        "files": dict(edition.files),
        "signed": [
            {"office": sign.office, "role": sign.role, "on": sign.on.isoformat()}
            for sign in edition.signed
        ],
        "reason": edition.reason,
        "previous": edition.previous,
    }
    return (json.dumps(document, ensure_ascii=False, indent=1) + "\n").encode()


def seal_of(record: bytes) -> str:
    """The seal of an edition: the SHA-256 of its record's bytes, in hexadecimal."""
    return sha256(record).hexdigest()


def parse_edition(record: bytes, *, file: str) -> Edition:
    """The edition of a record. Raises InputError, named `file`, where it is none."""
    try:
        return _edition(json.loads(record.decode()))
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        what = f"this is no record of an edition ({type(error).__name__})"
        remedy = "take the edition from a copy; nobody may change it"
        raise InputError(Problem(file, "", what, remedy)) from None


def _edition(document: Json) -> Edition:
    if document["schema"] != SCHEMA:
        raise ValueError("another schema")
    rule, source = document["policy"], document["input"]
    files = tuple(InputFile(_text(item["name"]), _hex(item["sha256"])) for item in source["files"])
    counts = (source["accepted"], source["rejected"], source["duplicates"])
    previous = document["previous"]
    return Edition(
        period=_text(document["period"]),
        number=_count(document["number"]),
        made_at=_moment(document["made_at"]),
        made_by=_text(document["made_by"]),
        as_of=_moment(document["as_of"]),
        first=_moment(document["first"]),
        zone=ZoneInfo(_text(document["zone"])).key,
        city=_texts(document["city"]),
        synthetic=document["synthetic"] is True,
        policy=(_text(rule["name"]), _text(rule["version"]), _hex(rule["digest"])),
        input=Input(files, *map(_count, counts)),
        names=_texts(document["names"]),
        n_cases=_count(document["cases"]),
        files={_name(name): _hex(digest) for name, digest in _texts(document["files"]).items()},
        signed=tuple(
            SignOff(_text(sign["office"]), _role(sign["role"]), date.fromisoformat(sign["on"]))
            for sign in document["signed"]
        ),
        reason=_text(document["reason"]),
        previous=None if previous is None else _hex(previous),
    )


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError("not a text")
    return value


def _name(value: str) -> str:
    """A file's name that leads nowhere but into the edition's own folder."""
    if not value or value.startswith(".") or set(value) & set("/\\\0"):
        raise ValueError("not a name")
    return value


def _hex(value: object) -> str:
    if not re.fullmatch(r"[0-9a-f]{64}", _text(value)):
        raise ValueError("not a SHA-256")
    return str(value)


def _count(value: object) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        raise ValueError("not a count")
    return value


def _moment(value: object) -> datetime:
    moment = datetime.fromisoformat(_text(value))
    if moment.tzinfo is None:
        raise ValueError("a time without its offset")
    return moment


def _role(value: object) -> str:
    if value not in ROLES:
        raise ValueError("not a role")
    return str(value)


def _texts(value: Mapping[object, object]) -> dict[str, str]:
    return {_text(key): _text(text) for key, text in value.items()}
