"""Words of the documents on monthly topics and governed places, in Chinese and English."""

ZH: dict[str, str] = {
    # The board
    "topics.title": "“每月一题”推进情况（{period}）",
    "topics.essence": "推进情况截至{day}；诉求数据截至{as_of}",
    "topics.status": "总体进展",
    "topics.plan": "推进计划",
    "topics.targets": "量化目标",
    "topics.each": "分项情况",
    "topics.candidates": "候选专题",
    "topics.notes": "说明",
    "topics.overall": "截至{day}，{themes}个主题共{n}个问题：{states}。",
    "topics.state.count": "{state}{n}个",
    "topics.state.done": "已完成",
    "topics.state.on_schedule": "按计划推进",
    "topics.state.behind": "进度滞后",
    "topics.state.not_started": "未启动",
    "topics.state.unplanned": "清单未报",
    "topics.state.because": "{state}，理由：{reason}（按规则为{computed}）",
    "topics.state.behind_in": "{state}（{reasons}）",
    "topics.by_hand": "{state}（人工认定）",
    "topics.behind": "{title}（主责：{lead}）：{reasons}",
    "topics.reason.tasks": "有任务逾期",
    "topics.reason.policies": "有政策逾期未出台",
    "topics.reason.targets": "量化目标落后于时间进度",
    "topics.reason.survey": "群众满意度低于要求",
    "topics.item.done": "已完成",
    "topics.item.done_late": "逾期完成",
    "topics.item.overdue": "逾期",
    "topics.item.open": "推进中",
    "topics.kind.task": "任务",
    "topics.kind.policy": "政策",
    "topics.plan.lead": "方案：",
    "topics.survey": "{day}，{by}：调查{asked}人，满意{satisfied}人，满意度{share}",
    # Columns
    "topics.column.theme": "主题",
    "topics.column.topic": "问题",
    "topics.column.lead": "主责单位",
    "topics.column.partners": "协同单位",
    "topics.column.started_on": "起效日期",
    "topics.column.state": "状态",
    "topics.column.tasks": "任务",
    "topics.column.policies": "政策",
    "topics.column.target_share": "目标完成%",
    "topics.column.survey": "满意度%",
    "topics.column.survey_text": "群众评价",
    "topics.column.categories": "关联分类",
    "topics.column.words": "关联词语",
    "topics.column.target": "量化目标",
    "topics.column.aim": "目标值",
    "topics.column.done": "累计完成",
    "topics.column.expected_share": "时间进度%",
    "topics.column.month": "月份",
    "topics.column.source": "来源",
    "topics.column.rank": "名次",
    "topics.column.category": "诉求分类",
    "topics.column.candidate_score": "得分",
    "topics.column.test_felt": "反映普遍",
    "topics.column.test_broad": "量大面广",
    "topics.column.test_unsolved": "久拖可解",
    "topics.column.test_policy": "宜出政策",
    "topics.column.volume": "诉求量",
    "topics.column.streets": "涉及街乡镇",
    "topics.column.months_top": "居前月数",
    "topics.column.unsolved": "未解决%",
    "topics.column.is_topic": "已列专题",
    "topics.column.kind": "类别",
    "topics.column.step": "任务",
    "topics.column.policy": "政策",
    "topics.column.owner": "责任单位",
    "topics.column.due_on": "完成时限",
    "topics.column.done_on": "完成日期",
    "topics.column.issued_on": "出台日期",
    "topics.column.side": "阶段",
    "topics.column.others": "其他诉求",
    "topics.column.whole": "有效回访",
    "topics.column.rate": "比率%",
    "topics.column.unit": "单位",
    "topics.column.duty": "职责",
    "topics.column.place": "街乡镇",
    "topics.column.standing": "状态",
    "topics.column.entered_on": "纳入日期",
    "topics.column.problems": "问题",
    "topics.column.measures": "措施",
    "topics.column.overdue": "逾期",
    "topics.column.newest": "最新进展",
    "topics.column.problem": "问题",
    "topics.column.measure": "措施",
    "topics.column.level": "层级",
    # Tables and sheets
    "topics.table.status": "“每月一题”状态表",
    "topics.table.status.note": "任务、政策为已完成数/总数；目标完成取各量化目标中最低的一项。",
    "topics.table.targets": "量化目标完成情况",
    "topics.table.targets.note": "时间进度为自起效日期至完成时限匀速推进应达到的比例。",
    "topics.table.candidates": "候选专题及遴选评分",
    "topics.table.candidates.note": (
        "四项各0至100分，总分为平均；“久拖可解”“宜出政策”含替代指标。仅供研究，由人决定。"
    ),
    "topics.table.steps": "任务和政策",
    "topics.table.months": "逐月诉求",
    "topics.table.duty_overview": "主责单位和协同单位",
    "topics.table.duty.duties": "{topic}：职责",
    "topics.table.duty.tasks": "{topic}：任务",
    "topics.table.duty.policies": "{topic}：政策",
    "topics.sheet.status": "状态",
    "topics.sheet.targets": "量化目标",
    "topics.sheet.candidates": "候选",
    "topics.sheet.steps": "任务政策",
    "topics.sheet.months": "逐月",
    "topics.side.before": "实施前",
    "topics.side.start": "起效当月",
    "topics.side.after": "实施后",
    "topics.side.running": "未结束",
    # Charts
    "topics.chart.plan": "任务和政策推进计划",
    "topics.chart.plan.description": (
        "横轴为月份，共{n}项任务和政策，截至{day}完成{done}项、逾期{overdue}项、推进中{open}项。"
    ),
    "topics.chart.today": "截至{day}",
    "topics.chart.done": "已完成",
    "topics.chart.open": "推进中",
    "topics.chart.overdue": "逾期",
    "topics.chart.late": "原定时限",
    "topics.chart.policy": "政策已出台",
    "topics.chart.policy_open": "政策未出台",
    "topics.chart.targets": "量化目标完成进度",
    "topics.chart.targets.description": "共{n}项量化目标，{behind}项落后于时间进度。",
    "topics.chart.targets.legend": "竖线为时间进度；▼为落后",
    "topics.chart.target": "{done}/{target}{measured_in}",
    "topics.chart.volume": "诉求量（件/月）",
    "topics.chart.rate": "{rate}（%）",
    "topics.chart.start": "起效",
    "topics.chart.observed": "实际（空心：起效当月或未结束）",
    "topics.chart.fitted": "模型拟合",
    "topics.chart.expected": "若无措施的预期及95%区间",
    "topics.chart.before_after": "{topic}：实施前后诉求量和解决情况",
    "topics.chart.before_after.description": (
        "{topic}，{first}至{last}共{n}个考核月的诉求量和比率；措施自{day}起效。"
    ),
    # Before and after
    "topics.cases.before": (
        "实施前{n}个月，月均诉求{volume}件，占全部诉求的{share}，{rate}{value}。"
    ),
    "topics.cases.after": "实施后{n}个月，月均诉求{volume}件，占{share}，{rate}{value}。",
    "topics.cases.none_before": "起效日期之前没有可用的完整考核月。",
    "topics.effect.volume": "诉求量（相对于全部其他诉求）",
    "topics.effect.clear": (
        "{of}与按实施前趋势推算的相比平均变化{value}（95%区间{low}至{high}），超出偶然波动。"
    ),
    "topics.effect.unclear": (
        "{of}与按实施前趋势推算的相比平均变化{value}（95%区间{low}至{high}），未见明确变化。"
    ),
    "topics.effect.points": "{value}个百分点",
    "topics.effect.few_months": (
        "{of}：实施前{before}个月、实施后{after}个月，不足模型所需的前6个月、后4个月，不作估计。"
    ),
    "topics.effect.few_cases": "{of}：诉求过少，不作估计。",
    "topics.effect.no_fit": "{of}：模型未能收敛，不作估计。",
    # Candidates
    "topics.candidates.intro": (
        "以下由最近{months}个考核月的诉求按四项遴选标准计算得出，每项附依据，供研究选题参考。"
    ),
    "topics.candidates.none": "没有诉求达到{n}件的分类。",
    "topics.test.felt": (
        "反映普遍：月均不少于{at_least}件的街乡镇占比，与街乡镇主办的诉求占比，两者平均。"
    ),
    "topics.test.broad": (
        "量大面广：诉求量在各分类中的位置，与诉求量最大的十分之一街乡镇以外的占比，两者平均。"
    ),
    "topics.test.unsolved": (
        "久拖可解：各月居前{top}位的月份占比、未解决率在各分类中的位置，与解决较好的四分之一街乡镇"
        "（有效回访不少于{answers}件）能多解决的比例（替代指标），三者平均。"
    ),
    "topics.test.policy": (
        "宜出政策：解决率低于全市总体的区的占比，与主办{leading}以上诉求的市级单位数（三个为满），两者平均；"
        "均为替代指标。"
    ),
    # Notes
    "topics.note.no_category": "“{topic}”关联的分类“{category}”没有诉求。",
    "topics.note.no_texts": "“{topic}”关联了词语，但没有诉求文本，词语未起作用。",
    "topics.note.progress_falls": "“{topic}”的目标{target}在{month}的累计数小于上月。",
    "topics.note.progress_beyond": "“{topic}”的目标{target}在{month}远超目标值，请核对。",
    "topics.note.progress_ahead": "“{topic}”的目标{target}已有{month}的数字，尚不计入。",
    "topics.method.state": (
        "状态按规则得出：任务、政策有逾期，或量化目标落后于时间进度超过目标的{slack}，或最近一次群众"
        "满意度低于{survey}的，为进度滞后；任务、政策、目标全部完成的，为已完成。"
    ),
    "topics.method.cases": (
        "实施前后对比为间断时间序列：诉求量以全部其他诉求为参照，比率按有效回访计；区间已计入超额离散和"
        "月份间的关联。它说明同期发生了变化，不证明原因，也不计入任何评分。"
    ),
    "topics.method.season": (
        "不足24个月的序列无法区分季节：相对于全部其他诉求的季节性变化可能被计为实施后的变化。"
    ),
    # The duty list
    "topics.duty.title": "{year}年“每月一题”职责清单",
    "topics.duty.essence": "完成情况截至{day}",
    "topics.duty.overview": "主责与协同",
    "topics.duty.intro": (
        "共{n}个问题，{leads}个主责单位，{partners}个协同单位。每个问题一个主责单位。"
    ),
    "topics.duty.theme": "{month}：{title}",
    "topics.duty.target": "{title}{target}{measured_in}（{day}前）",
    # Governed places
    "governance.title": "治理类街乡镇整治提升情况（{period}）",
    "governance.essence": "截至{day}；纳入和退出均为按规则提出的建议，由人决定",
    "governance.list": "总体情况",
    "governance.overall": "截至{day}，在册{n}个；按规则建议纳入{enter}个，建议退出{leave}个。",
    "governance.past": "已退出：{names}。",
    "governance.past.one": "{name}（{day}）",
    "governance.enter": "建议纳入",
    "governance.enter.intro": "任一规则成立即建议纳入。退出后的街乡镇只计退出以后的月份。",
    "governance.leave": "在册街乡镇的退出条件",
    "governance.leave.intro": "全部规则成立、且在册时间达到要求的，建议退出。",
    "governance.work": "问题清单与整治措施",
    "governance.rules": "规则",
    "governance.rules.enter": "纳入（任一成立）：",
    "governance.rules.leave": "退出（全部成立，且在册不少于{stay}个月）：",
    "governance.rules.people": "规则只用于提出建议；纳入和退出以人工登记的日期为准。",
    "governance.rule.enter": "{title}：{figure}{cut}，近{of}个月中至少{months}个月。",
    "governance.rule.leave": "{title}：连续{months}个月{figure}不在{cut}之列。",
    "governance.cut.top_n": "前{n}名",
    "governance.cut.top_percent": "前{percent}",
    "governance.cut.bottom_n": "后{n}名",
    "governance.cut.bottom_percent": "后{percent}",
    "governance.figure.volume": "诉求量",
    "governance.figure.per_10000": "万人诉求比",
    "governance.figure.score": "综合评分",
    "governance.standing.enter": "建议纳入",
    "governance.standing.stay": "在册",
    "governance.standing.leave": "建议退出",
    "governance.reason": "纳入理由",
    "governance.level.city": "市级",
    "governance.level.district": "区级",
    "governance.level.street": "街乡镇",
    "governance.table.list": "在册街乡镇",
    "governance.table.evidence": "逐条依据",
    "governance.table.evidence.note": "每格为符合月数/考察月数和本月位次；●表示规则成立。",
    "governance.place": "第{n}位",
    "governance.evidence": "{months}，{place}",
    "governance.report": "{day}：{text}",
    "governance.table.problems": "{name}：问题清单",
    "governance.table.measures": "{name}：三级整治措施",
}

EN: dict[str, str] = {
    # The board
    "topics.title": "Monthly topics: progress, {period}",
    "topics.essence": "Progress as of {day}; cases as of {as_of}",
    "topics.status": "Where they stand",
    "topics.plan": "The plan",
    "topics.targets": "Physical targets",
    "topics.each": "Topic by topic",
    "topics.candidates": "Candidates",
    "topics.notes": "Notes",
    "topics.overall": "As of {day}, {n} problems under {themes} themes: {states}.",
    "topics.state.count": "{n} {state}",
    "topics.state.done": "done",
    "topics.state.on_schedule": "on schedule",
    "topics.state.behind": "behind",
    "topics.state.not_started": "not started",
    "topics.state.unplanned": "no plan yet",
    "topics.state.because": "{state}; reason: {reason} (by the rules: {computed})",
    "topics.state.behind_in": "{state} ({reasons})",
    "topics.by_hand": "{state} (set by hand)",
    "topics.behind": "{title} (lead: {lead}): {reasons}",
    "topics.reason.tasks": "tasks overdue",
    "topics.reason.policies": "policies overdue",
    "topics.reason.targets": "physical targets behind time",
    "topics.reason.survey": "public satisfaction too low",
    "topics.item.done": "done",
    "topics.item.done_late": "done late",
    "topics.item.overdue": "overdue",
    "topics.item.open": "open",
    "topics.kind.task": "task",
    "topics.kind.policy": "policy",
    "topics.plan.lead": "Plan: ",
    "topics.survey": "{day}, {by}: {satisfied} of {asked} satisfied, {share}",
    # Columns
    "topics.column.theme": "Theme",
    "topics.column.topic": "Problem",
    "topics.column.lead": "Lead unit",
    "topics.column.partners": "Partners",
    "topics.column.started_on": "Works from",
    "topics.column.state": "State",
    "topics.column.tasks": "Tasks",
    "topics.column.policies": "Policies",
    "topics.column.target_share": "Target %",
    "topics.column.survey": "Survey %",
    "topics.column.survey_text": "Public survey",
    "topics.column.categories": "Categories",
    "topics.column.words": "Words",
    "topics.column.target": "Physical target",
    "topics.column.aim": "Target",
    "topics.column.done": "Reached",
    "topics.column.expected_share": "Time %",
    "topics.column.month": "Month",
    "topics.column.source": "Source",
    "topics.column.rank": "Rank",
    "topics.column.category": "Category",
    "topics.column.candidate_score": "Score",
    "topics.column.test_felt": "Widely felt",
    "topics.column.test_broad": "Many, broad",
    "topics.column.test_unsolved": "Long open",
    "topics.column.test_policy": "Policy",
    "topics.column.volume": "Cases",
    "topics.column.streets": "Streets",
    "topics.column.months_top": "Months high",
    "topics.column.unsolved": "Open %",
    "topics.column.is_topic": "Topic already",
    "topics.column.kind": "Kind",
    "topics.column.step": "Task",
    "topics.column.policy": "Policy",
    "topics.column.owner": "Owner",
    "topics.column.due_on": "Due",
    "topics.column.done_on": "Done",
    "topics.column.issued_on": "Issued",
    "topics.column.side": "Side",
    "topics.column.others": "Other cases",
    "topics.column.whole": "Call-backs",
    "topics.column.rate": "Rate %",
    "topics.column.unit": "Unit",
    "topics.column.duty": "Duty",
    "topics.column.place": "Street or township",
    "topics.column.standing": "State",
    "topics.column.entered_on": "Entered",
    "topics.column.problems": "Problems",
    "topics.column.measures": "Measures",
    "topics.column.overdue": "Overdue",
    "topics.column.newest": "Latest progress",
    "topics.column.problem": "Problem",
    "topics.column.measure": "Measure",
    "topics.column.level": "Level",
    # Tables and sheets
    "topics.table.status": "State of the monthly topics",
    "topics.table.status.note": (
        "Tasks and policies: done of all. Target: the lowest of the topic's physical targets."
    ),
    "topics.table.targets": "Physical targets",
    "topics.table.targets.note": (
        "Time: the share that steady progress from the start to the due day would have reached."
    ),
    "topics.table.candidates": "Candidates and the four selection tests",
    "topics.table.candidates.note": (
        "Each test gives 0 to 100, the score is their mean; the last two contain proxies. "
        "For study: people decide."
    ),
    "topics.table.steps": "Tasks and policies",
    "topics.table.months": "Cases by month",
    "topics.table.duty_overview": "Lead units and partners",
    "topics.table.duty.duties": "{topic}: duties",
    "topics.table.duty.tasks": "{topic}: tasks",
    "topics.table.duty.policies": "{topic}: policies",
    "topics.sheet.status": "State",
    "topics.sheet.targets": "Targets",
    "topics.sheet.candidates": "Candidates",
    "topics.sheet.steps": "Tasks and policies",
    "topics.sheet.months": "Months",
    "topics.side.before": "before",
    "topics.side.start": "start",
    "topics.side.after": "after",
    "topics.side.running": "not over",
    # Charts
    "topics.chart.plan": "Tasks and policies over time",
    "topics.chart.plan.description": (
        "Months across; {n} tasks and policies, as of {day}: {done} done, {overdue} overdue, "
        "{open} open."
    ),
    "topics.chart.today": "as of {day}",
    "topics.chart.done": "done",
    "topics.chart.open": "open",
    "topics.chart.overdue": "overdue",
    "topics.chart.late": "was due",
    "topics.chart.policy": "policy issued",
    "topics.chart.policy_open": "policy to come",
    "topics.chart.targets": "Progress on physical targets",
    "topics.chart.targets.description": "{n} physical targets, {behind} behind time.",
    "topics.chart.targets.legend": "upright line: time gone; ▼ behind",
    "topics.chart.target": "{done} of {target} {measured_in}",
    "topics.chart.volume": "Cases a month",
    "topics.chart.rate": "{rate}, %",
    "topics.chart.start": "start",
    "topics.chart.observed": "observed (hollow: month of the start, or not over)",
    "topics.chart.fitted": "fitted",
    "topics.chart.expected": "expected without, 95% interval",
    "topics.chart.before_after": "{topic}: cases before and after",
    "topics.chart.before_after.description": (
        "{topic}: cases and rate in {n} assessment months from {first} to {last}; the measures "
        "work from {day}."
    ),
    # Before and after
    "topics.cases.before": (
        "In the {n} months before: {volume} cases a month, {share} of all; {rate} {value}."
    ),
    "topics.cases.after": (
        "In the {n} months after: {volume} cases a month, {share} of all; {rate} {value}."
    ),
    "topics.cases.none_before": "No whole assessment month before the start is at hand.",
    "topics.effect.volume": "the volume (relative to all other cases)",
    "topics.effect.clear": (
        "Against the course before, {of} changed by {value} on average (95% interval {low} to "
        "{high}): more than chance."
    ),
    "topics.effect.unclear": (
        "Against the course before, {of} changed by {value} on average (95% interval {low} to "
        "{high}): no clear change."
    ),
    "topics.effect.points": "{value} points",
    "topics.effect.few_months": (
        "No model for {of}: {before} months before and {after} after are fewer than the 6 and 4 "
        "that it needs."
    ),
    "topics.effect.few_cases": "No model for {of}: too few cases.",
    "topics.effect.no_fit": "No model for {of}: it did not converge.",
    # Candidates
    "topics.candidates.intro": (
        "From the cases of the last {months} assessment months by the four selection tests, with "
        "the evidence for each."
    ),
    "topics.candidates.none": "No category has {n} cases.",
    "topics.test.felt": (
        "Widely felt: the share of streets with {at_least} cases a month or more, and the share "
        "of cases that streets lead; their mean."
    ),
    "topics.test.broad": (
        "Many and broad: the place of the volume among all categories, and the share of cases "
        "outside the tenth of streets with most; their mean."
    ),
    "topics.test.unsolved": (
        "Long open but solvable: the share of months among the top {top}, the place of the "
        "unsolved share among all categories, and how much more the better quarter of streets "
        "(with {answers} call-backs or more) solves (a proxy); their mean."
    ),
    "topics.test.policy": (
        "Suited to a city policy: the share of districts that solve it less often than the city "
        "solves all cases, and the city-level units that lead {leading} or more (three are full); "
        "their mean. Both are proxies."
    ),
    # Notes
    "topics.note.no_category": "No case has the category “{category}” that “{topic}” is linked to.",
    "topics.note.no_texts": "“{topic}” is linked to words, and there are no case texts to look in.",
    "topics.note.progress_falls": (
        "“{topic}”: the cumulative figure of the target {target} falls in {month}."
    ),
    "topics.note.progress_beyond": (
        "“{topic}”: the target {target} is far exceeded in {month}; please check."
    ),
    "topics.note.progress_ahead": (
        "“{topic}”: the target {target} has a figure for {month}, which does not count yet."
    ),
    "topics.method.state": (
        "States follow from rules. Behind: a task or policy is overdue, a physical target lies "
        "more than {slack} of itself under the straight line, or the newest survey is under "
        "{survey}. Done: all tasks, policies and targets are done."
    ),
    "topics.method.cases": (
        "Before and after are interrupted time series: the volume relative to all other cases, "
        "the rate on valid call-backs; intervals allow for overdispersion and for ties between "
        "months. They show that something changed at that time, not why, and enter no score."
    ),
    "topics.method.season": (
        "A series of fewer than 24 months cannot tell the season apart: where a topic has another "
        "season than all other demand, that may show as a change."
    ),
    # The duty list
    "topics.duty.title": "Duty list of the monthly topics, {year}",
    "topics.duty.essence": "What is done is as of {day}",
    "topics.duty.overview": "Leads and partners",
    "topics.duty.intro": (
        "{n} problems, {leads} lead units, {partners} partners. Each problem has one lead unit."
    ),
    "topics.duty.theme": "{month}: {title}",
    "topics.duty.target": "{title}: {target} {measured_in} by {day}",
    # Governed places
    "governance.title": "Places under special governance, {period}",
    "governance.essence": "As of {day}; entry and exit are proposals by rule, and people decide",
    "governance.list": "Where they stand",
    "governance.overall": (
        "As of {day}, {n} places are on the list; by the rules {enter} are proposed to enter and "
        "{leave} to leave."
    ),
    "governance.past": "Left: {names}.",
    "governance.past.one": "{name} ({day})",
    "governance.enter": "Proposed to enter",
    "governance.enter.intro": (
        "One rule that holds is enough. For places that left, only months since then count."
    ),
    "governance.leave": "Listed places and the rules of exit",
    "governance.leave.intro": (
        "A place is proposed to leave when all rules hold and it has been on the list long enough."
    ),
    "governance.work": "Problems and measures",
    "governance.rules": "The rules",
    "governance.rules.enter": "To enter (any one):",
    "governance.rules.leave": "To leave (all, after at least {stay} months on the list):",
    "governance.rules.people": (
        "Rules only propose; what counts is the day of entry or exit that people write down."
    ),
    "governance.rule.enter": (
        "{title}: {figure} among {cut} in at least {months} of the last {of} months."
    ),
    "governance.rule.leave": (
        "{title}: {figure} not among {cut} in any of the last {months} months."
    ),
    "governance.cut.top_n": "the {n} highest",
    "governance.cut.top_percent": "the highest {percent}",
    "governance.cut.bottom_n": "the {n} lowest",
    "governance.cut.bottom_percent": "the lowest {percent}",
    "governance.figure.volume": "volume",
    "governance.figure.per_10000": "cases per 10,000 residents",
    "governance.figure.score": "composite score",
    "governance.standing.enter": "proposed to enter",
    "governance.standing.stay": "on the list",
    "governance.standing.leave": "proposed to leave",
    "governance.reason": "Reason",
    "governance.level.city": "City",
    "governance.level.district": "District",
    "governance.level.street": "Street",
    "governance.table.list": "Places on the list",
    "governance.table.evidence": "Evidence rule by rule",
    "governance.table.evidence.note": (
        "Each cell: months met of those looked at, and the place this month; ● the rule holds."
    ),
    "governance.place": "no. {n}",
    "governance.evidence": "{months}, {place}",
    "governance.report": "{day}: {text}",
    "governance.table.problems": "{name}: problems",
    "governance.table.measures": "{name}: measures at three levels",
}
