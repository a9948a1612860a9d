"""The words of documents about the air; both languages have the same keys."""

ZH: dict[str, str] = {
    "air.title": "{year}年以来{headline}平均浓度情况（截至{until}）",
    "air.districts": "各区{headline}浓度",
    "air.streets": "街道（乡镇）{headline}浓度",
    "air.days": "逐日变化",
    "air.stations": "各监测站数据",
    "air.method": "计算方法和数据来源",
    "air.essence.span": "统计时段：{span}，共{days}天（“本月”为{month}）",
    "air.essence.days": "有效日：全天有效小时不少于{hours}个；有效日不足{share}的，浓度后标“*”",
    "air.essence.ranks": "名次按公布数值由低到高，并列的占位；名单按未修约数值取舍。单位：{unit}",
    "air.best": "{span}，{headline}平均浓度最低的是{best}，最高的是{worst}。",
    "air.one": "{span}，仅{best}有{headline}有效数据。",
    "air.none": "{span}，没有有效数据。",
    "air.place": "{name}（{value}{unit}）",
    "air.no_station": "没有监测站、不参加排名的：{names}。",
    "air.no_value": "有监测站但没有有效日、不参加排名的：{names}。",
    "air.no_street_station": "没有监测站、不参加排名的街道（乡镇）共{n}个。",
    "air.weak": "有效日不足{share}、数据仅供参考的：{names}。",
    "air.more": "等{n}个",
    "air.bottom": "{headline}平均浓度排名后{n}的街道（乡镇）",
    "air.top": "{headline}平均浓度排名前{n}的街道（乡镇）",
    "air.column.rank": "名次",
    "air.column.district": "区",
    "air.column.street": "街道（乡镇）",
    "air.column.station": "监测站",
    "air.column.month": "{month}月",
    "air.column.year": "1月1日以来",
    "air.column.since": "{title} 累计",
    "air.column.in_month": "{title} {month}月",
    "air.column.days": "有效日",
    "air.column.stations": "站点数",
    "air.table.districts": "各区{title}平均浓度（{unit}）",
    "air.table.stations": "各监测站{title}平均浓度（{unit}）",
    "air.note": "按1月1日以来平均浓度由低到高排列。*：有效日不足{share}。",
    "air.unlisted": "数据中有而名单中没有的监测站（不计入任何区）：{names}。",
    "air.chart.city": "全市各站平均：{headline}逐日浓度",
    "air.chart.strip": "{headline}逐日浓度：{what}",
    "air.chart.lines": "{headline}日均浓度变化：{what}",
    "air.what.districts": "各区",
    "air.what.stations": "各监测站",
    "air.chart.city.description": (
        "日历图，每格一天，颜色越深浓度越高。有效{valid}天，无有效数据{missing}天，"
        "最高的一天为{day}，{value}{unit}。"
    ),
    "air.chart.strip.description": "每行一个单位、每格一天的色带，共{n}行；颜色越深浓度越高。",
    "air.chart.lines.description": "共{n}幅折线小图，纵轴相同；无有效数据的日子断开。",
    "air.chart.missing": "无有效数据",
    "air.chart.band": "各站最低至最高",
    "air.chart.mean": "累计平均",
    "air.method.days": (
        "小时值在{lowest}至{highest}{unit}之间的为有效小时；日均值为当日有效小时值的算术平均；"
        "监测站平均浓度为1月1日以来各有效日日均值的平均；区、街道（乡镇）的日均值为所辖各站有效日"
        "日均值的平均，平均浓度为有值各日的平均。"
    ),
    "air.source.files": "小时数据文件",
    "air.source.digest": "文件摘要",
    "air.source.span": "统计时段",
    "air.source.stations": "监测站",
    "air.source.stations.text": "名单{listed}个，有有效日{valid}个",
    "air.source.source": "数据提供",
    "air.weekdays": "一,二,三,四,五,六,日",
    "air.months": "1月,2月,3月,4月,5月,6月,7月,8月,9月,10月,11月,12月",
    "air.days.of": "{first}至{last}",
}

EN: dict[str, str] = {
    "air.title": "Mean {headline} in {year} up to {until}",
    "air.districts": "{headline} by district",
    "air.streets": "{headline} by street and township",
    "air.days": "Day by day",
    "air.stations": "All stations",
    "air.method": "Method and sources",
    "air.essence.span": "Span: {span}, {days} days (“month” means {month})",
    "air.essence.days": (
        "A day is valid with at least {hours} valid hours; a mean on less than {share} of the days "
        "is marked *"
    ),
    "air.essence.ranks": (
        "Ranks go from low to high by the printed figure, ties leave gaps; lists are cut by the "
        "exact figure. Unit of measure: {unit}"
    ),
    "air.best": "{span}: mean {headline} was lowest in {best} and highest in {worst}.",
    "air.one": "{span}: only {best} has valid {headline} data.",
    "air.none": "{span}: there are no valid data.",
    "air.place": "{name} ({value} {unit})",
    "air.no_station": "Without a station, and not ranked: {names}.",
    "air.no_value": "With stations but without a valid day, and not ranked: {names}.",
    "air.no_street_station": "{n} streets and townships have no station and are not ranked.",
    "air.weak": "On less than {share} of the days, for information only: {names}.",
    "air.more": "and others, {n} in all",
    "air.bottom": "The {n} streets and townships with the highest mean {headline}",
    "air.top": "The {n} streets and townships with the lowest mean {headline}",
    "air.column.rank": "Rank",
    "air.column.district": "District",
    "air.column.street": "Street or township",
    "air.column.station": "Station",
    "air.column.month": "Month {month}",
    "air.column.year": "Since 1 January",
    "air.column.since": "{title} since 1 January",
    "air.column.in_month": "{title} month {month}",
    "air.column.days": "Valid days",
    "air.column.stations": "Stations",
    "air.table.districts": "Mean {title} by district ({unit})",
    "air.table.stations": "Mean {title} by station ({unit})",
    "air.note": (
        "From low to high by the mean since 1 January. *: on less than {share} of the days."
    ),
    "air.unlisted": (
        "Stations in the data that the list lacks (they count for no district): {names}."
    ),
    "air.chart.city": "Mean of all stations: {headline} day by day",
    "air.chart.strip": "{headline} day by day: {what}",
    "air.chart.lines": "Daily mean {headline}: {what}",
    "air.what.districts": "districts",
    "air.what.stations": "stations",
    "air.chart.city.description": (
        "A calendar with a cell for each day, darker for more. {valid} days have a value, "
        "{missing} have none; the highest is {day} with {value} {unit}."
    ),
    "air.chart.strip.description": (
        "{n} rows with a cell for each day; a darker cell means a higher value."
    ),
    "air.chart.lines.description": (
        "{n} small line charts on one scale; a line is broken where days are not valid."
    ),
    "air.chart.missing": "not valid",
    "air.chart.band": "lowest to highest station",
    "air.chart.mean": "mean since 1 January",
    "air.method.days": (
        "An hour is valid with a value from {lowest} to {highest} {unit}. A day's mean is that of "
        "its valid hours; a station's mean is that of its valid days since 1 January. A district's "
        "or street's day is the mean of its stations' valid days, its mean that of the days with a "
        "value."
    ),
    "air.source.files": "Hourly files",
    "air.source.digest": "Digests",
    "air.source.span": "Span",
    "air.source.stations": "Stations",
    "air.source.stations.text": "{listed} in the list, {valid} with a valid day",
    "air.source.source": "Data from",
    "air.weekdays": "Mon,Tue,Wed,Thu,Fri,Sat,Sun",
    "air.months": "Jan,Feb,Mar,Apr,May,Jun,Jul,Aug,Sep,Oct,Nov,Dec",
    "air.days.of": "{first} to {last}",
}
