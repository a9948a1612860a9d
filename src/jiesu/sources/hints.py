"""By what names and values the columns of a case table go in other systems.

Data for `guess`, and for telling a header line from a row. Names are lower-case words, the
likeliest first.
"""

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class Hint:
    """Names of a column. `prefers` tells which of a pair X_ID and X_NAME is meant."""

    names: tuple[str, ...]
    prefers: Literal["code", "name", "any"] = "any"


HINTS = {
    "case_id": Hint(
        (
            "case id",
            "unique key",
            "service request id",
            "case enquiry id",
            "request id",
            "ticket id",
            "rec id",
            "工单编号",
            "工单号",
            "受理编号",
            "诉求编号",
            "事件编号",
            "案件编号",
            "编号",
            "单号",
            "case number",
            "ticket",
            "id",
        ),
        "code",
    ),
    "channel": Hint(
        ("channel", "source", "event src", "open data channel type", "来源", "渠道", "受理方式"),
        "name",
    ),
    "kind": Hint(
        ("kind", "event property", "request type", "诉求类型", "工单类型", "诉求性质", "性质"),
        "name",
    ),
    "category_1": Hint(
        (
            "category 1",
            "category",
            "complaint type",
            "service name",
            "一级分类",
            "一级",
            "大类",
            "event type",
            "subject",
            "问题分类",
            "类别",
        ),
        "name",
    ),
    "category_2": Hint(
        (
            "category 2",
            "main type",
            "reason",
            "descriptor",
            "subcategory",
            "二级分类",
            "二级",
            "小类",
        ),
        "name",
    ),
    "category_3": Hint(("category 3", "sub type", "三级分类", "三级", "细类", "type"), "name"),
    "unit": Hint(
        (
            "unit",
            "dispose unit",
            "agency",
            "agency responsible",
            "department",
            "承办单位",
            "主办单位",
            "处置单位",
            "责任单位",
            "办理单位",
            "处理部门",
            "部门",
            "assigned to",
        ),
        "code",
    ),
    "unit_name": Hint(
        ("unit name", "dispose unit name", "agency name", "承办单位名称", "department name"), "name"
    ),
    "assist_units": Hint(("assist units", "协办单位", "配合单位")),
    "district": Hint(
        ("district", "borough", "city council district", "所属区", "行政区", "区县"), "code"
    ),
    "place": Hint(
        (
            "place",
            "street id",
            "neighborhood",
            "neighbourhood",
            "community board",
            "street",
            "被反映街乡镇",
            "街道",
            "街乡镇",
            "乡镇",
            "属地",
        ),
        "code",
    ),
    "community": Hint(("community", "社区", "社区村", "村居"), "code"),
    "location": Hint(
        ("location", "address", "incident address", "occur place", "地址", "地点", "位置", "发生地")
    ),
    "caller": Hint(("caller", "来电人代码")),
    "created_at": Hint(
        (
            "created at",
            "created date",
            "create time",
            "requested datetime",
            "open dt",
            "opened",
            "open date",
            "受理时间",
            "来电时间",
            "创建时间",
            "登记时间",
            "上报时间",
            "诉求时间",
            "created",
        )
    ),
    "dispatched_at": Hint(("dispatched at", "dispatch time", "派单时间", "交办时间", "派遣时间")),
    "signed_at": Hint(("signed at", "签收时间", "接单时间")),
    "contacted_at": Hint(("contacted at", "联系时间", "首次联系")),
    "due_at": Hint(
        (
            "due at",
            "due date",
            "target dt",
            "sla target dt",
            "expected datetime",
            "deadline",
            "办理时限",
            "截止时间",
            "到期时间",
            "应办结时间",
            "时限",
            "due",
        )
    ),
    "closed_at": Hint(
        (
            "closed at",
            "closed date",
            "closed dt",
            "close time",
            "办结时间",
            "结案时间",
            "完成时间",
            "办理完成时间",
            "closed",
            "resolved at",
        )
    ),
    "closed_on_time": Hint(
        (
            "closed on time",
            "ontime",
            "on time",
            "in time",
            "intime",
            "按时办结",
            "是否按时",
        )
    ),
    "callback_at": Hint(("callback at", "回访时间", "首次回访时间")),
    "callback_valid": Hint(("callback valid", "有效回访", "是否有效回访", "回访是否有效")),
    "callback_contacted": Hint(("callback contacted", "是否联系", "是否响应", "联系情况")),
    "callback_resolved": Hint(("callback resolved", "是否解决", "解决情况", "解决")),
    "callback_satisfaction": Hint(
        ("callback satisfaction", "satisfaction", "是否满意", "满意情况", "满意度", "满意")
    ),
    "final_resolved": Hint(("final resolved", "最终是否解决", "最终解决")),
    "final_satisfaction": Hint(("final satisfaction", "最终是否满意", "最终满意")),
    "excluded": Hint(("excluded", "剔除", "是否剔除")),
    "exclusion_reason": Hint(("exclusion reason", "剔除原因")),
    "parked": Hint(("parked", "挂账", "是否挂账")),
    "repeat_of": Hint(("repeat of", "重复工单", "原工单编号", "duplicate of")),
    "labels": Hint(("labels", "tags", "keywords", "标签")),
}

TRUE_WORDS = (
    "true",
    "1",
    "yes",
    "y",
    "t",
    "是",
    "ontime",
    "on time",
    "按时",
    "按期",
    "已联系",
)
FALSE_WORDS = (
    "false",
    "0",
    "no",
    "n",
    "f",
    "否",
    "overdue",
    "late",
    "超时",
    "超期",
    "逾期",
    "未联系",
)
OVERDUE_WORDS = ("overtime", "overdue", "late", "超时", "超期", "逾期")

RESOLVED_WORDS = {
    "yes": ("yes", "是", "解决", "已解决", "1"),
    "partial": ("partial", "partly", "部分", "部分解决", "基本解决"),
    "no": ("no", "否", "未解决", "没有解决", "没解决", "0"),
}
SATISFACTION_WORDS = {
    "satisfied": ("satisfied", "very satisfied", "满意", "非常满意", "很满意"),
    "fairly_satisfied": ("fairly satisfied", "neutral", "基本满意", "比较满意", "一般"),
    "dissatisfied": ("dissatisfied", "unsatisfied", "very dissatisfied", "不满意", "非常不满意"),
}

VALUE_WORDS = frozenset(
    word
    for words in (
        TRUE_WORDS,
        FALSE_WORDS,
        *RESOLVED_WORDS.values(),
        *SATISFACTION_WORDS.values(),
    )
    for word in words
)
"""Values that may be names as well: where one stands alone it tells nothing."""

NULL_WORDS = ("-", "--", "—", "/", "N/A", "n/a", "NA", "NULL", "null", "None", "无", "\\N")

TIME_FORMATS = tuple(
    date + clock
    for date in (
        "%Y/%m/%d",
        "%m/%d/%Y",
        "%d/%m/%Y",
        "%d.%m.%Y",
        "%d-%m-%Y",
        "%m-%d-%Y",
        "%Y.%m.%d",
        "%Y年%m月%d日",
    )
    for clock in (
        " %H:%M:%S",
        " %H:%M",
        " %I:%M:%S %p",
        " %I:%M %p",
        "",
        " %H时%M分%S秒",
        " %H时%M分",
        "%H:%M:%S",
        "%H:%M",
    )
)
