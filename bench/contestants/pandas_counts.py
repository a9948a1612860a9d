"""The year's counts in pandas: `pandas_counts FOLDER plain|categories [--check]`.

`categories` reads the texts as categories, by an argument that pandas passes on to PyArrow:
faster, and less known.
"""

import json
import sys
from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd

from bench.contestants.months import AS_OF, EDGES, Joint, Place, summary

_TEXTS = ["unit", "place", "callback_resolved", "callback_satisfaction"]
_COLUMNS = [
    *_TEXTS,
    "created_at",
    "callback_at",
    "callback_valid",
    "callback_contacted",
    "excluded",
]


def main() -> None:
    folder, form = sys.argv[1:3]
    as_categories: dict[str, Any] = {"read_dictionary": _TEXTS} if form == "categories" else {}
    cases = pd.read_parquet(folder, engine="pyarrow", columns=_COLUMNS, **as_categories)
    edges = pd.DatetimeIndex(EDGES)
    created = cases["created_at"]
    cases = cases[(created >= edges[0]) & (created < edges[-1]) & (created <= AS_OF)]
    cases["month"] = edges.searchsorted(cases["created_at"], side="right") - 1
    cases["mask"] = _mask(cases)
    cases["of_place"] = _place(cases)
    joints = _sizes(cases, ["unit", "month", "mask"])
    places = _sizes(cases, ["of_place", "month"])
    found = summary(_joints(joints), _places(places)) if "--check" in sys.argv else {}
    print(json.dumps(found))


def _mask(cases: pd.DataFrame) -> Any:
    satisfaction, resolved = cases["callback_satisfaction"], cases["callback_resolved"]
    by_then = cases["callback_at"].isna() | (cases["callback_at"] <= AS_OF)
    called = _true(cases["callback_valid"]) & _true(by_then)
    answers = (
        _true(cases["callback_contacted"]),
        _true(resolved == "yes"),
        _true(resolved == "partial"),
        _true(satisfaction == "satisfied"),
        _true(satisfaction == "fairly_satisfied"),
        _true(satisfaction == "dissatisfied"),
    )
    mask = 1 + (_true(cases["excluded"]).astype(np.int16) << 1) + (called.astype(np.int16) << 2)
    for place, answer in enumerate(answers, start=3):
        mask += (called & answer).astype(np.int16) << place
    return mask


def _true(column: "pd.Series[Any]") -> Any:
    """An array of booleans in which a missing value is false."""
    return column.eq(True).fillna(False).to_numpy(dtype=bool)


def _place(cases: pd.DataFrame) -> "pd.Series[Any]":
    """The place, and the unit where it is missing."""
    place, unit = cases["place"], cases["unit"]
    if isinstance(place.dtype, pd.CategoricalDtype):
        words = place.cat.categories.union(unit.cat.categories)
        place, unit = place.cat.set_categories(words), unit.cat.set_categories(words)
    return place.fillna(unit)


def _sizes(cases: pd.DataFrame, keys: list[str]) -> list[tuple[Any, ...]]:
    """The cases for each combination of keys: the keys' values and the number."""
    sizes = cases.groupby(keys, dropna=False, observed=True, sort=False).size()
    return list(sizes.reset_index(name="n").itertuples(index=False, name=None))


def _joints(sizes: list[tuple[Any, ...]]) -> Iterator[Joint]:
    for unit, month, mask, n in sizes:
        yield (None if pd.isna(unit) else str(unit)), int(month), int(mask), int(n)


def _places(sizes: list[tuple[Any, ...]]) -> Iterator[Place]:
    for place, month, n in sizes:
        yield (None if pd.isna(place) else str(place)), int(month), int(n)


if __name__ == "__main__":
    main()
