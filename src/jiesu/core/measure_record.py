"""Measure tables as JSON, exact to the last digit: what an edition keeps of outside measures.

Readings are fractions written as `numerator/denominator`. What an evaluation says of its measures
is in `contract`.
"""

import json
import re
from collections.abc import Mapping
from fractions import Fraction
from typing import Any

from jiesu.core.measures import Measure, MeasureTable, Reading
from jiesu.core.problems import InputError, Problem
from jiesu.core.result import InputFile

SCHEMA = "jiesu.measures/1"

Json = dict[str, Any]


def tables_record(tables: Mapping[str, MeasureTable]) -> bytes:
    """The bytes of `measures.json`: the same tables always give the same."""
    document = {"schema": SCHEMA, "measures": [_table(tables[key]) for key in sorted(tables)]}
    return (json.dumps(document, ensure_ascii=False, indent=1) + "\n").encode()


def parse_tables(record: bytes, *, file: str) -> dict[str, MeasureTable]:
    """The tables of a record. Raises InputError, named `file`, where it is none."""
    try:
        document = json.loads(record.decode())
        if document["schema"] != SCHEMA:
            raise ValueError("another schema")
        tables = [_parsed(item) for item in document["measures"]]
    except (
        ValueError,
        KeyError,
        TypeError,
        AttributeError,
        RecursionError,
        ArithmeticError,
    ) as error:
        what = f"this is no record of measures ({type(error).__name__})"
        raise InputError(Problem(file, "", what, "take the edition from a copy")) from None
    return {table.measure.key: table for table in tables}


def _table(table: MeasureTable) -> Json:
    measure = table.measure
    return {
        "key": measure.key,
        "title": dict(measure.title),
        "measured_in": dict(measure.measured_in),
        "direction": measure.direction,
        "decimals": measure.decimals,
        "source": measure.source,
        "stands_for_months": measure.stands_for_months,
        "period": table.period,
        "span": table.span,
        "days": table.days,
        "files": [{"name": file.name, "sha256": file.sha256} for file in table.files],
        "readings": [_reading(unit, table.readings[unit]) for unit in sorted(table.readings)],
    }


def _reading(unit: str, reading: Reading) -> Json:
    value = reading.value
    return {
        "unit": unit,
        "value": f"{value.numerator}/{value.denominator}",
        "source": reading.source,
        "weak": reading.weak,
    }


def _parsed(item: Json) -> MeasureTable:
    measure = Measure(
        key=str(item["key"]),
        title={str(lang): str(text) for lang, text in item["title"].items()},
        measured_in={str(lang): str(text) for lang, text in item["measured_in"].items()},
        direction="higher" if item["direction"] == "higher" else "lower",
        decimals=int(item["decimals"]),
        source=str(item["source"]),
        stands_for_months=int(item["stands_for_months"]),
    )
    readings = {
        str(one["unit"]): Reading(_fraction(one["value"]), str(one["source"]), one["weak"] is True)
        for one in item["readings"]
    }
    files = tuple(InputFile(str(file["name"]), str(file["sha256"])) for file in item["files"])
    days = None if item["days"] is None else int(item["days"])
    return MeasureTable(measure, str(item["period"]), readings, str(item["span"]), days, files)


def _fraction(text: str) -> Fraction:
    match = re.fullmatch(r"(-?[0-9]+)/([0-9]+)", text)
    if match is None:
        raise ValueError("not a fraction")
    return Fraction(int(match[1]), int(match[2]))
