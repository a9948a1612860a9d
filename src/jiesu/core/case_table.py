"""The canonical case table: its columns, their kinds and the codes they may hold.

`sources` writes this table and `evaluation` reads it; this module is what the two agree
on. It names columns only: how they are stored (Parquet, UTC) is said in `sources`.
"""

from dataclasses import dataclass
from typing import Literal

VERSION = 1
"""Raised when a column changes its meaning; stored in every file that `sources` writes."""

FILE_KEY = "jiesu"
"""Key of the Parquet metadata entry that marks a file as a checked canonical case table."""

LIST_SEPARATOR = ";"
"""Between the codes in `assist_units` and in `labels`."""

Kind = Literal["text", "code", "instant", "boolean"]


@dataclass(frozen=True, slots=True)
class Column:
    """A column of the case table. `codes` are the values that a `code` column may hold."""

    name: str
    kind: Kind
    zh: str
    codes: tuple[str, ...] = ()


COLUMNS = (
    Column("case_id", "text", "工单编号"),
    Column("channel", "text", "来源渠道"),
    Column("kind", "text", "诉求类型"),
    Column("category_1", "text", "一级分类"),
    Column("category_2", "text", "二级分类"),
    Column("category_3", "text", "三级分类"),
    Column("unit", "text", "承办单位"),
    Column("unit_name", "text", "承办单位名称"),
    Column("assist_units", "text", "协办单位"),
    Column("district", "text", "所属区"),
    Column("place", "text", "被反映街乡镇"),
    Column("community", "text", "社区村"),
    Column("location", "text", "地址"),
    Column("caller", "text", "来电人代码"),
    Column("created_at", "instant", "受理时间"),
    Column("dispatched_at", "instant", "派单时间"),
    Column("signed_at", "instant", "签收时间"),
    Column("contacted_at", "instant", "联系时间"),
    Column("due_at", "instant", "办理时限"),
    Column("closed_at", "instant", "办结时间"),
    Column("closed_on_time", "boolean", "按时办结"),
    Column("callback_at", "instant", "回访时间"),
    Column("callback_valid", "boolean", "有效回访"),
    Column("callback_contacted", "boolean", "是否联系"),
    Column("callback_resolved", "code", "是否解决", ("yes", "partial", "no")),
    Column(
        "callback_satisfaction",
        "code",
        "是否满意",
        ("satisfied", "fairly_satisfied", "dissatisfied"),
    ),
    Column("final_resolved", "code", "最终是否解决", ("yes", "partial", "no")),
    Column(
        "final_satisfaction",
        "code",
        "最终是否满意",
        ("satisfied", "fairly_satisfied", "dissatisfied"),
    ),
    Column("excluded", "boolean", "剔除"),
    Column("exclusion_reason", "text", "剔除原因"),
    Column("parked", "boolean", "挂账"),
    Column("repeat_of", "text", "重复工单"),
    Column("labels", "text", "标签"),
)
"""All columns in their order. Only `case_id` and `created_at` must have a value."""

REQUIRED = ("case_id", "created_at")

CATEGORIES = ("category_1", "category_2", "category_3")
"""The columns of a case's category, from the first level of the tree down."""

GROUPABLE = (
    "unit",
    "district",
    "place",
    "community",
    "channel",
    "kind",
    "category_1",
    "category_2",
    "category_3",
    "exclusion_reason",
)
"""The columns whose values may stand for units: none that tells of a person or an address."""

BY_NAME = {column.name: column for column in COLUMNS}
