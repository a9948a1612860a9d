"""The words of the index's documents; both languages have the same keys."""

ZH: dict[str, str] = {
    "index.masthead": "{city}监测评价通报",
    "index.title": "{year}年{title}结果",
    "index.unit.title": "{name}{year}年{title}结果",
    "index.illustrative": "示例指标体系",
    "index.illustrative.short": "示例指标体系：官方指标体系未公开，得分和排名仅作演示",
    "index.illustrative.text": (
        "本文书采用随软件提供的示例指标体系和权重，官方指标体系未公开；"
        "得分和排名仅作演示，不代表任何部门的评价。"
    ),
    "index.overall": "总体情况",
    "index.dimensions": "各维度得分",
    "index.change": "变化来源",
    "index.units": "各单位与全市对照",
    "index.data": "数据说明",
    "index.indicators": "各项指标",
    "index.overall.text": (
        "按考评年{year}年（{span}）计算，共{n}个单位参加排名，"
        "采用{leaves}项指标、{dimensions}个维度。"
    ),
    "index.city": "全市总分{value}分（{rule}）",
    "index.city.change": "，比上年变化{change}分",
    "index.rule.by_population": "按常住人口加权平均",
    "index.rule.mean": "各单位算术平均",
    "index.first": "总分排名前三的是{names}。",
    "index.last": "排名靠后的是{names}。",
    "index.named": "{name}（{value}分）",
    "index.up": "上升最多的是{names}。",
    "index.down": "下降最多的是{names}。",
    "index.moved": "{name}（{value}分）",
    "index.city.best": "全市得分最高的维度是{names}，最低的是{low}。",
    "index.change.none": "没有上年得分可比。",
    "index.change.text": (
        "全市总分变化{change}分。各项指标的贡献相加等于总分的变化，分毫不差；"
        "因权重变化或缺数产生的部分为{by_weight}分，其余来自得分变化。"
    ),
    "index.change.top": "贡献最大的指标是{names}。",
    "index.change.bottom": "拉低总分最多的指标是{names}。",
    "index.unit.text": ("{name}总分{value}分，在{n}个单位中{tied}列第{rank}位；全市为{city}分。"),
    "index.unit.apart": "{name}因缺少必需的数据，没有总分，不参加排名。",
    "index.unit.change": "上年{before}分，列第{rank}位，变化{change}分。",
    "index.unit.best": "名次靠前的维度：{names}。",
    "index.unit.weakest": "名次靠后的维度：{names}。",
    "index.ranked": "{name}（第{rank}位，{value}分）",
    "index.tied": "并列",
    "index.rank": "名次",
    "index.unit": "单位",
    "index.total": "总分",
    "index.moved.head": "变化",
    "index.before": "上年名次",
    "index.best": "名次靠前的维度",
    "index.weakest": "名次靠后的维度",
    "index.score": "得分",
    "index.value": "数值",
    "index.value.before": "上年数值",
    "index.city.head": "全市",
    "index.weight": "权重（%）",
    "index.contribution": "贡献",
    "index.indicator": "指标",
    "index.kind": "类型",
    "index.kind.objective": "客观",
    "index.kind.survey": "调查",
    "index.kind.hotline": "热线",
    "index.source": "来源",
    "index.year": "年份",
    "index.caption.ranking": "{year}年总分排名",
    "index.caption.dimensions": "{year}年各单位各维度得分",
    "index.caption.contributions": "各维度对总分变化的贡献（{before}年至{year}年，分）",
    "index.caption.drill": "{title}：各项指标的数值和得分",
    "index.caption.nodes": "{name}各项指标",
    "index.caption.city": "全市各维度得分和贡献",
    "index.caption.movers": "对全市总分变化贡献最大的指标",
    "index.caption.missing": "缺少的数据和处理办法",
    "index.note.filled": "带*的得分是按缺数规则补的；—表示没有数据。",
    "index.note.given": "带#的热线数值取自已公布的数据，不是由工单计算的。",
    "index.note.contributions": "贡献各自取整，相加可能与印出的变化相差末位一个单位。",
    "index.missing.rule": "处理办法",
    "index.missing.drop": "不计，其余权重按比例放大",
    "index.missing.worst": "按各单位最低得分计",
    "index.missing.mean_of_units": "按各单位平均得分计",
    "index.missing.refuse": "不计总分，单列",
    "index.missing.none": "各单位各项数据齐全。",
    "index.says.given": "{year}年热线指标的{n}个数值取自已公布的数据，因手头工单未覆盖该年。",
    "index.says.not_counted": "手头工单未覆盖{year}年，热线指标没有数值。",
    "index.says.counted": "{year}年热线指标由{all}件工单计算，其中{n}件带有所用标签。",
    "index.says.unused": "{year}年另有{n}个热线数值在数据文件中给出，因已由工单计算而未采用。",
    "index.says.no_label": "{year}年没有工单带有以下标签，相应指标按缺数处理：{labels}。",
    "index.place": "热线指标按被反映地点归属各单位，由谁承办不论；剔除的工单不计。",
    "index.relative": "未给上下限的指标按当年各单位的高低换算，变化也可能来自其他单位。",
    "index.digest": "指标体系摘要（SHA-256）",
    "index.method": "每项得分的算法见方法说明；数值按印出的位数计入。",
    "index.heat": "各单位各维度得分热力图",
    "index.heat.description": "{n}个单位按总分排列，每格是一个维度的得分，颜色越深得分越低。",
    "index.heat.legend": "得分",
    "index.heat.below": "{n}以下",
    "index.heat.from": "{n}以上",
    "index.heat.between": "{low}至{high}",
    "index.heat.first": "黑框：该维度第一",
    "index.heat.last": "红框：该维度末位",
    "index.radar": "全市各维度得分雷达图",
    "index.radar.description": "各轴为一个维度，由中心的0到外圈的100。",
    "index.radar.small": "各单位各维度得分与全市对照",
    "index.radar.small.description": "每图一个单位，实线为该单位，虚线为全市；轴的编号见图下。",
    "index.radar.year": "{year}年",
    "index.radar.city": "全市",
    "index.bars": "各维度对{name}总分变化的贡献（分）",
    "index.bars.city": "全市",
    "index.bars.description": "横条向右为拉高总分，向左为拉低总分。",
    "index.sheet.ranking": "排名",
    "index.sheet.dimensions": "维度得分",
    "index.sheet.contributions": "变化贡献",
    "index.sheet.all": "全部指标",
}

EN: dict[str, str] = {
    "index.masthead": "{city} · Monitoring Bulletin",
    "index.title": "{title}: result of {year}",
    "index.unit.title": "{name}: {title}, {year}",
    "index.illustrative": "Illustrative indicators",
    "index.illustrative.short": "Illustrative indicators: no office has adopted them",
    "index.illustrative.text": (
        "This document uses the illustrative indicators and weights that come with the software; "
        "the official set is not published. Scores and ranks only demonstrate: no office has "
        "judged by them."
    ),
    "index.overall": "Overview",
    "index.dimensions": "Scores by dimension",
    "index.change": "What made the change",
    "index.units": "Each unit against the city",
    "index.data": "About the data",
    "index.indicators": "All indicators",
    "index.overall.text": (
        "For the assessment year {year} ({span}) {n} units are ranked by {leaves} indicators in "
        "{dimensions} dimensions."
    ),
    "index.city": "The city scores {value} points ({rule})",
    "index.city.change": ", {change} against the year before",
    "index.rule.by_population": "mean of the units by residents",
    "index.rule.mean": "plain mean of the units",
    "index.first": "First by total score: {names}.",
    "index.last": "Last: {names}.",
    "index.named": "{name} ({value})",
    "index.up": "The largest rise: {names}.",
    "index.down": "The largest fall: {names}.",
    "index.moved": "{name} ({value})",
    "index.city.best": "The city’s highest dimensions are {names}, its lowest {low}.",
    "index.change.none": "There is no score of the year before to compare with.",
    "index.change.text": (
        "The city’s total changed by {change}. The contributions of the indicators add up to it "
        "exactly; {by_weight} of it comes from weights that changed or figures that were missing, "
        "the rest from scores."
    ),
    "index.change.top": "The largest contributions: {names}.",
    "index.change.bottom": "What lowered the total most: {names}.",
    "index.unit.text": (
        "{name} scores {value} points and is {tied}number {rank} of {n}; the city has {city}."
    ),
    "index.unit.apart": "{name} lacks figures that are required: it has no total and no rank.",
    "index.unit.change": "The year before it had {before}, number {rank}; the change is {change}.",
    "index.unit.best": "Best dimensions by rank: {names}.",
    "index.unit.weakest": "Weakest dimensions by rank: {names}.",
    "index.ranked": "{name} (number {rank}, {value})",
    "index.tied": "tied ",
    "index.rank": "Rank",
    "index.unit": "Unit",
    "index.total": "Total",
    "index.moved.head": "Change",
    "index.before": "Rank before",
    "index.best": "Best dimensions",
    "index.weakest": "Weakest dimensions",
    "index.score": "Score",
    "index.value": "Figure",
    "index.value.before": "Year before",
    "index.city.head": "City",
    "index.weight": "Weight (%)",
    "index.contribution": "Contribution",
    "index.indicator": "Indicator",
    "index.kind": "Kind",
    "index.kind.objective": "objective",
    "index.kind.survey": "survey",
    "index.kind.hotline": "hotline",
    "index.source": "Source",
    "index.year": "Year",
    "index.caption.ranking": "Ranking by total score, {year}",
    "index.caption.dimensions": "Scores by unit and dimension, {year}",
    "index.caption.contributions": (
        "Contribution of each dimension to the change of the total ({before} to {year}, points)"
    ),
    "index.caption.drill": "{title}: figures and scores",
    "index.caption.nodes": "{name}: all indicators",
    "index.caption.city": "The city by dimension: scores and contributions",
    "index.caption.movers": "Indicators that moved the city’s total most",
    "index.caption.missing": "Missing figures and what was done",
    "index.note.filled": "A score with * stands in for a missing figure; – means no figure.",
    "index.note.given": (
        "A hotline figure with # was taken from published data and not counted from cases."
    ),
    "index.note.contributions": (
        "Contributions are rounded each for itself; their sum may differ from the printed "
        "change in the last digit."
    ),
    "index.missing.rule": "What was done",
    "index.missing.drop": "left out, the other weights scaled up",
    "index.missing.worst": "the lowest score of the units",
    "index.missing.mean_of_units": "the mean score of the units",
    "index.missing.refuse": "no total, listed apart",
    "index.missing.none": "No figure of any unit is missing.",
    "index.says.given": (
        "{n} hotline figures of {year} were taken from published data, since the cases at hand do "
        "not cover that year."
    ),
    "index.says.not_counted": (
        "The cases at hand do not cover {year}: hotline indicators have no figures."
    ),
    "index.says.counted": (
        "Hotline figures of {year} were counted from {all} cases, of which {n} bear a label in use."
    ),
    "index.says.unused": (
        "{n} hotline figures of {year} stand in the files too and were not used, since the cases "
        "were counted."
    ),
    "index.says.no_label": (
        "No case of {year} bears these labels, their indicators have no figures: {labels}."
    ),
    "index.place": (
        "Hotline figures belong to the unit in which the place of a case lies, whoever answered; "
        "excluded cases are left out."
    ),
    "index.relative": (
        "Indicators without bounds are scaled by the units of the year: a change may come from the "
        "other units."
    ),
    "index.digest": "Digest of the indicators (SHA-256)",
    "index.method": (
        "How each score comes about is said on the method page; a figure counts as it is printed."
    ),
    "index.heat": "Scores by unit and dimension",
    "index.heat.description": (
        "{n} units in the order of their totals; each cell is the score of a dimension, the darker "
        "the lower."
    ),
    "index.heat.legend": "Score",
    "index.heat.below": "below {n}",
    "index.heat.from": "{n} and more",
    "index.heat.between": "{low} to {high}",
    "index.heat.first": "Black frame: first in the dimension",
    "index.heat.last": "Red frame: last in the dimension",
    "index.radar": "The city by dimension",
    "index.radar.description": "Each axis is a dimension, from 0 in the middle to 100 outside.",
    "index.radar.small": "Each unit by dimension against the city",
    "index.radar.small.description": (
        "One chart a unit: the full line is the unit, the dashed one the city; the numbers of the "
        "axes are explained below."
    ),
    "index.radar.year": "{year}",
    "index.radar.city": "City",
    "index.bars": "{name}: contribution of each dimension to the change of the total (points)",
    "index.bars.city": "City",
    "index.bars.description": "A bar to the right raised the total, one to the left lowered it.",
    "index.sheet.ranking": "Ranking",
    "index.sheet.dimensions": "Dimensions",
    "index.sheet.contributions": "Contributions",
    "index.sheet.all": "All indicators",
}
