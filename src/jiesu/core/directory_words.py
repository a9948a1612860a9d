"""The words of findings about a dispatch directory, in Chinese and English.

What is found is decided in `directory_check`.
"""

from collections.abc import Mapping, Sequence

SHOWN = 5
"""At most so many lines or places are named."""


def few(codes: Sequence[str]) -> str:
    """The first codes, and how many there are in all."""
    more = f" … ({len(codes)})" if len(codes) > SHOWN else ""
    return ", ".join(codes[:SHOWN]) + more


def listed_lines(lines: Sequence[int]) -> str:
    """The first lines, and how many there are in all."""
    return few([str(line) for line in lines])


def said(
    key: str,
    *,
    zh: Mapping[str, str] | None = None,
    en: Mapping[str, str] | None = None,
    **values: str,
) -> tuple[dict[str, str], dict[str, str]]:
    """What is wrong and the remedy, each by language."""
    own = {"zh": zh or {}, "en": en or {}}
    what, remedy = {}, {}
    for language, words in _WORDS.items():
        filled = {**values, **own[language]}
        what[language] = words[key].format(**filled)
        remedy[language] = words[f"{key}.remedy"].format(**filled)
    return what, remedy


def hole_words(
    language: str, places: Sequence[str], n_places: int, kinds: Sequence[str]
) -> dict[str, str]:
    """Where a hole is and for which kinds, in one language; no places: anywhere."""
    words = _WORDS[language]
    where = words["at"].format(places=few(places), n=n_places) if places else words["anywhere"]
    named = ", ".join(kind or words["other_kinds"] for kind in kinds)
    return {"where": where, "kinds": f" ({named})" if named else ""}


_WORDS: Mapping[str, Mapping[str, str]] = {
    "en": {
        "contradiction": "lines {lines} contradict each other: {what}",
        "contradiction.remedy": "leave one of them",
        "said_twice": "lines {lines} say the same: {what}",
        "said_twice.remedy": "leave one of them",
        "category_unknown": "the category {value} is not in the city's tree (line {lines})",
        "category_unknown.remedy": "correct it, or add it to categories.csv",
        "place_unknown": "no street and no district has the code {value} (line {lines})",
        "place_unknown.remedy": "correct it, or add the place to places.csv",
        "kind_unknown": "the kind {value} is not known (line {lines})",
        "kind_unknown.remedy": "use one of: {use}",
        "limit_unknown": "the limit {value} is not known (line {lines})",
        "limit_unknown.remedy": "use one of: {use}",
        "unit_unknown": "no unit has the code {value} (line {lines})",
        "unit_unknown.remedy": "correct it, or add the unit",
        "unit_not_valid": "the unit {value} does not exist on {on} (line {lines})",
        "unit_not_valid.remedy": "name the unit that answers now",
        "unit_unknown_meant": "{n} places have no unit to answer for them: {value}",
        "unit_unknown_meant.remedy": "add the unit, or name another one in places.csv",
        "unit_not_valid_meant": "{n} units of places do not exist on {on}: {value}",
        "unit_not_valid_meant.remedy": "name the unit that answers now in places.csv",
        "hole": "{category} finds no unit {where}{kinds}",
        "hole.remedy": "add a line for it",
        "holes": "{n} categories, all of {category}, find no unit {where}{kinds}",
        "holes.remedy": "add a line for {category}, or one for each",
        "never_reached": "more specific lines take every case of line {lines} ({value})",
        "never_reached.remedy": "remove it, or make it more specific",
        "anywhere": "anywhere",
        "at": "in {n} places: {places}",
        "other_kinds": "other kinds",
    },
    "zh": {
        "contradiction": "第 {lines} 行互相矛盾：{what}",
        "contradiction.remedy": "只保留其中一行",
        "said_twice": "第 {lines} 行内容重复：{what}",
        "said_twice.remedy": "只保留其中一行",
        "category_unknown": "分类目录中没有 {value}（第 {lines} 行）",
        "category_unknown.remedy": "更正，或将其加入 categories.csv",
        "place_unknown": "没有代码为 {value} 的街乡镇或区（第 {lines} 行）",
        "place_unknown.remedy": "更正，或将其加入 places.csv",
        "kind_unknown": "没有诉求类型 {value}（第 {lines} 行）",
        "kind_unknown.remedy": "可用：{use}",
        "limit_unknown": "没有办理时限 {value}（第 {lines} 行）",
        "limit_unknown.remedy": "可用：{use}",
        "unit_unknown": "没有代码为 {value} 的单位（第 {lines} 行）",
        "unit_unknown.remedy": "更正，或增加该单位",
        "unit_not_valid": "单位 {value} 在 {on} 不存在（第 {lines} 行）",
        "unit_not_valid.remedy": "改为现在负责的单位",
        "unit_unknown_meant": "{n} 个地点没有负责单位：{value}",
        "unit_unknown_meant.remedy": "增加该单位，或在 places.csv 中指定其他单位",
        "unit_not_valid_meant": "{n} 个地点的负责单位在 {on} 不存在：{value}",
        "unit_not_valid_meant.remedy": "在 places.csv 中指定现在负责的单位",
        "hole": "{category} {where}没有承办单位{kinds}",
        "hole.remedy": "为其增加一行",
        "holes": "{category} 的全部 {n} 个分类{where}没有承办单位{kinds}",
        "holes.remedy": "为 {category} 增加一行，或逐个增加",
        "never_reached": "第 {lines} 行（{value}）的诉求全部由更具体的行承接",
        "never_reached.remedy": "删除，或写得更具体",
        "anywhere": "在任何地点都",
        "at": "在 {n} 个地点（{places}）",
        "other_kinds": "其他类型",
    },
}
