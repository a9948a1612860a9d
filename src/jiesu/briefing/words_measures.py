"""The words of outside measures in lists; both languages have the same keys."""

ZH: dict[str, str] = {
    "measures.value": "{value}{unit}",
    "measures.note": "{title}：{when}；来源：{source}。",
    "measures.weak": "*：有效数据不足，仅供参考。",
    "measures.span": "{first}至{last}",
    "measures.source": "指标：{title}",
    "measures.source.text": "{when}；{source}；文件摘要{digest}",
    "measures.source.bare": "{when}；{source}",
    "measures.quarter": "{year}年第{n}季度",
}

EN: dict[str, str] = {
    "measures.value": "{value} {unit}",
    "measures.note": "{title}: {when}; source: {source}.",
    "measures.weak": "*: on few valid data, for information only.",
    "measures.span": "{first} to {last}",
    "measures.source": "Measure: {title}",
    "measures.source.text": "{when}; {source}; digests {digest}",
    "measures.source.bare": "{when}; {source}",
    "measures.quarter": "quarter {n} of {year}",
}
