"""The words of a health check; both languages have the same keys."""

ZH: dict[str, str] = {
    "checkup.masthead": "{city}接诉即办体检报告",
    "checkup.title": "{name}{period}体检报告",
    "checkup.year": "{year}年度",
    "checkup.number": "{period}",
    # Figures
    "checkup.late": "超期率",
    "checkup.excluded": "剔除率",
    "checkup.share": "诉求占比",
    "checkup.all": "全部诉求",
    "checkup.level": "—",
    "checkup.no_category": "未分类",
    "checkup.measure": "“{category}”{figure}",
    "checkup.points": "{n}个百分点",
    "checkup.unnamed": "未注明",
    # Summary
    "checkup.summary": "体检结论",
    "checkup.stands": "{period}，{name}{score}{value}分，在{n}个{group}中{tied}第{rank}位",
    "checkup.stands.alone": "列",
    "checkup.stands.tied": "并列",
    "checkup.stands.apart": "{period}，{name}不参加排名（{reason}）",
    "checkup.stands.volume": "；共承办诉求{n}件{change}。",
    "checkup.change": "，比上年同期{word}{percent}",
    "checkup.change.before": "，比上期{word}{percent}",
    "checkup.up": "增加",
    "checkup.down": "减少",
    "checkup.same": "，与上期持平",
    "checkup.summary.strengths": "长处是{items}。",
    "checkup.summary.shortcomings": "不足是{items}。",
    "checkup.summary.nothing": "各项指标与同类单位相比，没有超出通常差异的长处或不足。",
    "checkup.summary.lever": "提分最有效的一步：{lever}。",
    "checkup.summary.open": "截至{day}，尚有{n}件诉求未解决。",
    "checkup.item": "{measure}{own}（同类单位{peers}）",
    "checkup.key": "主要指标",
    "checkup.key.figure": "指标",
    "checkup.key.own": "本单位",
    "checkup.key.peers": "同类单位",
    "checkup.key.range": "同类中间半数",
    "checkup.key.judged": "判断",
    "checkup.key.note.volume": (
        "同类单位为诉求量最接近的{n}个{group}，其比率由全部案件合并计算；“中间半数”为其第一至第三四分位。"
    ),
    "checkup.key.note.population": (
        "同类单位为常住人口最接近的{n}个{group}，其比率由全部案件合并计算；“中间半数”为其第一至第三四分位。"
    ),
    "checkup.judged.strength": "长处",
    "checkup.judged.shortcoming": "不足",
    "checkup.judged.usual": "通常范围",
    "checkup.judged.untested": "未检验",
    # Volumes, rates, ranks
    "checkup.course": "诉求量、三率与位次",
    "checkup.course.volume": "全期承办诉求{n}件{change}{per}。",
    "checkup.course.per": "，每万人{value}件",
    "checkup.course.peak": "{high}最多（{n}件），{low}最少（{m}件）。",
    "checkup.course.path": (
        "月度位次最好为{best_month}的第{best}位，最差为{worst_month}的第{worst}位。"
    ),
    "checkup.course.unranked": "有{n}个月未参加排名。",
    "checkup.chart.volume": "各月诉求量",
    "checkup.chart.volume.description": "{n}个月的诉求量：{items}。",
    "checkup.chart.path": "月度综合评分位次",
    "checkup.chart.path.description": "{n}个月的位次：{items}。",
    "checkup.chart.path.of": "共{n}个单位",
    "checkup.months": "逐月情况",
    "checkup.month": "月份",
    "checkup.volume": "诉求量",
    "checkup.score": "评分",
    "checkup.rank": "位次",
    # Findings
    "checkup.findings": "长处与不足",
    "checkup.findings.tests": (
        "本单位共检验{own}项，全市{units}个单位合计{all}项一并控制错误发现率（约{alpha}）。"
        "列入的各项都超出了同类单位之间的通常差异，而不只是偶然波动。"
    ),
    "checkup.findings.strengths": "长处",
    "checkup.findings.shortcomings": "不足",
    "checkup.findings.none": "没有超出通常差异的项目。",
    "checkup.findings.what": "项目",
    "checkup.findings.own": "本单位",
    "checkup.findings.cases": "件数",
    "checkup.findings.peers": "同类单位",
    "checkup.findings.gap": "相差",
    "checkup.findings.q": "q值",
    "checkup.findings.note": (
        "件数为分子／分母；相差以百分点计；q值为把该项列为发现时的错误发现率，越小越可靠。"
    ),
    "checkup.findings.more": "另有{n}项，见数据文件。",
    # Categories
    "checkup.categories": "分类对比",
    "checkup.categories.intro": (
        "下图为诉求最多的{n}类的{rate}：圆点为本单位（红色为不足，黑色为长处，空心为通常范围），"
        "短竖线为同类单位合并值，灰条为同类单位的中间半数。"
    ),
    "checkup.chart.categories": "各类诉求{rate}与同类单位对比",
    "checkup.chart.categories.row": "{category}{own}（同类{peers}）",
    "checkup.categories.table": "各类诉求情况",
    "checkup.category": "类别",
    "checkup.n": "件数",
    "checkup.part": "占比%",
    "checkup.part.peers": "同类占比%",
    "checkup.rate.own": "{rate}%",
    "checkup.rate.peers": "同类{rate}%",
    "checkup.late.rate": "超期率%",
    "checkup.categories.none": "诉求没有分类。",
    "checkup.low": "低",
    "checkup.high": "高",
    # What recurs
    "checkup.recurs": "反复出现的诉求",
    "checkup.places": "诉求集中的地点",
    "checkup.place": "街道（乡镇）",
    "checkup.community": "社区（村）",
    "checkup.places.none": "没有诉求集中的地点。",
    "checkup.repeats": (
        "期内提出{k}件及以上诉求的来电人有{callers}人，共{demands}件，占可识别来电人诉求的{share}。"
    ),
    "checkup.repeats.none": "没有来电人期内提出{k}件及以上诉求。",
    "checkup.repeats.unknown": "案件中没有来电人代码，无法统计重复来电。",
    "checkup.topics": "涉及的“每月一题”：{items}。",
    "checkup.topics.item": "{title}{n}件",
    "checkup.topics.labelled": "标注“{label}”的诉求{n}件。",
    "checkup.topics.none": "没有涉及“每月一题”的诉求。",
    "checkup.exclusions": "剔除{n}件，占{share}：{items}。",
    "checkup.exclusions.item": "{reason}{n}件",
    "checkup.exclusions.none": "没有剔除的诉求。",
    # Unsolved, late
    "checkup.open": "未解决与超期诉求",
    "checkup.open.n": (
        "截至{as_of}，未办结或最近一次回访答复未解决的诉求有{n}件（不含剔除件和挂账件）。"
    ),
    "checkup.open.shown": "下表列出时间最久的{n}件。",
    "checkup.open.none": "截至{as_of}，没有未解决的诉求。",
    "checkup.open.table": "未解决诉求（时间最久的）",
    "checkup.case": "工单编号",
    "checkup.since": "已历月数",
    "checkup.late.n": "到期诉求{whole}件中有{n}件未按期办结，占{share}（同类单位{peers}）。",
    "checkup.late.unknown": "案件中没有办理时限，无法统计超期。",
    # Levers
    "checkup.levers": "提分途径",
    "checkup.levers.intro": (
        "按考评办法测算：某类诉求的某项比率提高到同类单位的水平，需要多办成多少件，综合评分增加多少，"
        "其他单位不变时位次到第几。"
    ),
    "checkup.levers.table": "提分途径测算",
    "checkup.levers.what": "类别",
    "checkup.levers.steps": "需要做到",
    "checkup.levers.gain": "增加分数",
    "checkup.levers.rank": "位次变化",
    "checkup.levers.none": "各类各项比率都不低于同类单位。",
    "checkup.levers.no.mean": (
        "本办法以各月（或所属单位）得分的平均为准，不按案件合并计算，因此不作测算。"
    ),
    "checkup.levers.no.bound": "本办法按区间下限排名，因此不作测算。",
    "checkup.levers.no.apart": "本单位不参加排名，因此不作测算。",
    "checkup.step": "{rate}达标件增加{more}件（现有{open}件未达标）",
    "checkup.lever.said": "{category}{steps}，综合评分{gain}分{rank}",
    "checkup.lever.rank": "，位次由第{before}到第{after}",
    "checkup.moves": "{before} → {after}",
    # Followed
    "checkup.followed": "上期不足整改情况",
    "checkup.followed.none": "没有{previous}的体检结果，不作对照。",
    "checkup.followed.nothing": "{previous}没有列为不足的项目。",
    "checkup.followed.table": "{previous}不足项目的变化",
    "checkup.followed.before": "当时差距",
    "checkup.followed.now": "现在差距",
    "checkup.followed.state": "状态",
    "checkup.state.mended": "已整改",
    "checkup.state.improved": "有改善",
    "checkup.state.persists": "仍存在",
    "checkup.state.unknown": "无法判断",
    "checkup.followed.note": (
        "已整改：达到或超过同类单位；有改善：差距缩小，且不再超出通常差异；其余为仍存在。差距以百分点计。"
    ),
    "checkup.earlier": "上期",
    # Method
    "checkup.method": "方法说明",
    "checkup.method.text": (
        "每项比率与诉求量最接近的同类单位（最多{peers}个，不含本单位）比较。单位之间本来就有差异，"
        "所以只有真实水平超出同类平均{usual}个标准差（单位间）的概率足够大时才算发现，检验用二项分布（中间p值）；"
        "全部检验按{control}法一并控制错误发现率。基数不足{cases}件的不检验，相差不足{points}个百分点的不列入。"
    ),
    "checkup.method.units": "没有单位名录：各单位不分类，地点和上级单位不详。",
    "checkup.control.bh": "Benjamini–Hochberg",
    "checkup.control.by": "Benjamini–Yekutieli",
    "checkup.source.period": "统计期",
    "checkup.source.as_of": "数据截至",
    "checkup.source.policy": "考评办法",
    "checkup.source.input": "输入摘要",
    # Overview
    "checkup.overview": "{city}{period}接诉即办体检总览",
    "checkup.overview.intro": "{n}个单位，检验{tests}项，发现长处{good}项、不足{bad}项。",
    "checkup.overview.unit": "单位",
    "checkup.overview.code": "代码",
    "checkup.overview.good": "长处",
    "checkup.overview.bad": "不足",
    "checkup.overview.list": "主要不足",
    "checkup.overview.open": "未解决",
    "checkup.overview.lever": "最有效一步",
    "checkup.overview.findings": "全部发现",
    "checkup.overview.kind": "判断",
}

EN: dict[str, str] = {
    "checkup.masthead": "{city} · Health check of swift response",
    "checkup.title": "Health check of {name}, {period}",
    "checkup.year": "{year}",
    "checkup.number": "{period}",
    "checkup.late": "late rate",
    "checkup.excluded": "share excluded",
    "checkup.share": "share of demands",
    "checkup.all": "All demands",
    "checkup.level": " / ",
    "checkup.no_category": "no category",
    "checkup.measure": "{figure} in “{category}”",
    "checkup.points": "{n} points",
    "checkup.unnamed": "not given",
    "checkup.summary": "Summary",
    "checkup.stands": (
        "In {period} {name} scored {value} ({score}) and was {tied}{rank} of {n} ({group})"
    ),
    "checkup.stands.alone": "",
    "checkup.stands.tied": "tied ",
    "checkup.stands.apart": "In {period} {name} was not ranked ({reason})",
    "checkup.stands.volume": "; it answered {n} demands{change}.",
    "checkup.change": ", {percent} {word} than a year before",
    "checkup.change.before": ", {percent} {word} than in the period before",
    "checkup.up": "more",
    "checkup.down": "fewer",
    "checkup.same": ", as many as before",
    "checkup.summary.strengths": "Strengths: {items}.",
    "checkup.summary.shortcomings": "Shortcomings: {items}.",
    "checkup.summary.nothing": (
        "No figure stands out among its peers by more than they usually differ."
    ),
    "checkup.summary.lever": "The strongest single step: {lever}.",
    "checkup.summary.open": "As of {day}, {n} demands are not solved.",
    "checkup.item": "{measure} {own} (peers {peers})",
    "checkup.key": "Main figures",
    "checkup.key.figure": "Figure",
    "checkup.key.own": "Unit",
    "checkup.key.peers": "Peers",
    "checkup.key.range": "Middle half of peers",
    "checkup.key.judged": "Judged",
    "checkup.key.note.volume": (
        "Peers are the {n} units nearest by volume ({group}); their rate pools all their cases. "
        "The middle half lies between their first and third quartile."
    ),
    "checkup.key.note.population": (
        "Peers are the {n} units nearest by population ({group}); their rate pools all their "
        "cases. The middle half lies between their first and third quartile."
    ),
    "checkup.judged.strength": "strength",
    "checkup.judged.shortcoming": "shortcoming",
    "checkup.judged.usual": "usual",
    "checkup.judged.untested": "not tested",
    "checkup.course": "Volume, rates and ranks",
    "checkup.course.volume": "The period brought {n} demands{change}{per}.",
    "checkup.course.per": ", {value} per 10,000 residents",
    "checkup.course.peak": "Most came in {high} ({n}), fewest in {low} ({m}).",
    "checkup.course.path": (
        "Its best monthly rank was {best} in {best_month}, its worst {worst} in {worst_month}."
    ),
    "checkup.course.unranked": "In {n} months it was not ranked.",
    "checkup.chart.volume": "Demands by month",
    "checkup.chart.volume.description": "Demands in {n} months: {items}.",
    "checkup.chart.path": "Monthly rank by composite score",
    "checkup.chart.path.description": "Ranks in {n} months: {items}.",
    "checkup.chart.path.of": "of {n} units",
    "checkup.months": "Month by month",
    "checkup.month": "Month",
    "checkup.volume": "Demands",
    "checkup.score": "Score",
    "checkup.rank": "Rank",
    "checkup.findings": "Strengths and shortcomings",
    "checkup.findings.tests": (
        "{own} tests were made for this unit; with those of all {units} units ({all} tests) the "
        "false discovery rate is held at about {alpha}. What is listed differs from the peers by "
        "more than they usually differ from each other, and hardly by chance alone."
    ),
    "checkup.findings.strengths": "Strengths",
    "checkup.findings.shortcomings": "Shortcomings",
    "checkup.findings.none": "Nothing stands out.",
    "checkup.findings.what": "What",
    "checkup.findings.own": "Unit",
    "checkup.findings.cases": "Cases",
    "checkup.findings.peers": "Peers",
    "checkup.findings.gap": "Difference",
    "checkup.findings.q": "q",
    "checkup.findings.note": (
        "Cases are part / whole; differences are in percentage points; q is the false discovery "
        "rate at which this would be listed: the smaller, the surer."
    ),
    "checkup.findings.more": " {n} more are in the data file.",
    "checkup.categories": "Categories against peers",
    "checkup.categories.intro": (
        "The chart shows the {rate} of the {n} largest categories: the dot is the unit (red a "
        "shortcoming, black a strength, open what is usual), the tick the peers together, the "
        "grey bar the middle half of the peers."
    ),
    "checkup.chart.categories": "{rate} by category against peers",
    "checkup.chart.categories.row": "{category} {own} (peers {peers})",
    "checkup.categories.table": "Demands by category",
    "checkup.category": "Category",
    "checkup.n": "Cases",
    "checkup.part": "Share %",
    "checkup.part.peers": "Peers’ share %",
    "checkup.rate.own": "{rate} %",
    "checkup.rate.peers": "Peers’ {rate} %",
    "checkup.late.rate": "Late %",
    "checkup.categories.none": "Demands bear no category.",
    "checkup.low": "low",
    "checkup.high": "high",
    "checkup.recurs": "What recurs",
    "checkup.places": "Where demands gather",
    "checkup.place": "Street or township",
    "checkup.community": "Community",
    "checkup.places.none": "Demands gather nowhere.",
    "checkup.repeats": (
        "{callers} callers brought {k} demands or more, together {demands}: {share} of the "
        "demands with a known caller."
    ),
    "checkup.repeats.none": "No caller brought {k} demands or more.",
    "checkup.repeats.unknown": "Cases bear no caller’s code: repeat callers cannot be counted.",
    "checkup.topics": "Monthly topics touched: {items}.",
    "checkup.topics.item": "{title} {n}",
    "checkup.topics.labelled": "{n} demands bear the label “{label}”.",
    "checkup.topics.none": "No demand touches a monthly topic.",
    "checkup.exclusions": "{n} demands are excluded ({share}): {items}.",
    "checkup.exclusions.item": "{reason} {n}",
    "checkup.exclusions.none": "No demand is excluded.",
    "checkup.open": "Unsolved and late demands",
    "checkup.open.n": (
        "As of {as_of}, {n} demands are not closed or were called unsolved at the last call-back "
        "(excluded and parked ones left out)."
    ),
    "checkup.open.shown": "The table lists the {n} oldest.",
    "checkup.open.none": "As of {as_of} no demand is unsolved.",
    "checkup.open.table": "Unsolved demands, the oldest first",
    "checkup.case": "Case",
    "checkup.since": "Months",
    "checkup.late.n": (
        "Of {whole} demands due, {n} were not closed on time: {share} (peers {peers})."
    ),
    "checkup.late.unknown": "Cases bear no due time: late ones cannot be counted.",
    "checkup.levers": "What would move the score",
    "checkup.levers.intro": (
        "By the policy’s own arithmetic: how many more cases bring a rate of a category up to the "
        "peers, what that adds to the score, and the rank that follows if the others stay."
    ),
    "checkup.levers.table": "Levers",
    "checkup.levers.what": "Category",
    "checkup.levers.steps": "What it takes",
    "checkup.levers.gain": "Points",
    "checkup.levers.rank": "Rank",
    "checkup.levers.none": "No rate of any category is below the peers’.",
    "checkup.levers.no.mean": (
        "The policy takes the mean of the months’ (or units’) scores in the place of all cases "
        "together: no levers are worked out."
    ),
    "checkup.levers.no.bound": "The policy ranks by the lower bound: no levers are worked out.",
    "checkup.levers.no.apart": "The unit is not ranked: no levers are worked out.",
    "checkup.step": "{rate}: {more} more (of {open} missing)",
    "checkup.lever.said": "{category}, {steps}, adds {gain} to the score{rank}",
    "checkup.lever.rank": ", rank {before} to {after}",
    "checkup.moves": "{before} → {after}",
    "checkup.followed": "Earlier shortcomings",
    "checkup.followed.none": "No health check of {previous} is at hand.",
    "checkup.followed.nothing": "Nothing was found wanting in {previous}.",
    "checkup.followed.table": "Shortcomings of {previous} now",
    "checkup.followed.before": "Gap then",
    "checkup.followed.now": "Gap now",
    "checkup.followed.state": "State",
    "checkup.state.mended": "mended",
    "checkup.state.improved": "improved",
    "checkup.state.persists": "persists",
    "checkup.state.unknown": "unknown",
    "checkup.followed.note": (
        "Mended: as good as the peers or better. Improved: the gap is smaller and no longer more "
        "than usual. Persists: else. Gaps are in percentage points."
    ),
    "checkup.earlier": "the period before",
    "checkup.method": "Method",
    "checkup.method.text": (
        "Each rate is compared with the units nearest by volume (at most {peers}, the unit itself "
        "left out). Units differ anyway: a finding means that the unit’s own level most likely "
        "lies farther from the peers’ mean than units usually do (standard deviations between "
        "units: {usual}; "
        "binomial test, mid-p). The false discovery rate of all tests together is controlled "
        "after {control}. "
        "Nothing is tested on fewer than {cases} cases, nothing is listed that "
        "differs by less than {points} percentage points."
    ),
    "checkup.method.units": (
        "There is no units file: units are in one group, and places have no names."
    ),
    "checkup.control.bh": "Benjamini and Hochberg",
    "checkup.control.by": "Benjamini and Yekutieli",
    "checkup.source.period": "Period",
    "checkup.source.as_of": "Known as of",
    "checkup.source.policy": "Policy",
    "checkup.source.input": "Digest of the input",
    "checkup.overview": "{city} · Health checks of {period}",
    "checkup.overview.intro": (
        "{n} units, {tests} tests, {good} strengths and {bad} shortcomings found."
    ),
    "checkup.overview.unit": "Unit",
    "checkup.overview.code": "Code",
    "checkup.overview.good": "Strengths",
    "checkup.overview.bad": "Shortcomings",
    "checkup.overview.list": "Main shortcomings",
    "checkup.overview.open": "Unsolved",
    "checkup.overview.lever": "Strongest step",
    "checkup.overview.findings": "All findings",
    "checkup.overview.kind": "Judged",
}
