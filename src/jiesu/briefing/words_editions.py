"""The words of editions and corrections; both languages have the same keys."""

ZH: dict[str, str] = {
    "edition.mark": "{issue}（更正第{n}版）",
    "edition.role.prepared": "拟稿",
    "edition.role.reviewed": "审核",
    "edition.role.issued": "签发",
    "correction.title": "关于更正{period}接诉即办工作通报的说明",
    "correction.intro": (
        "{period}接诉即办工作通报第{before}版经核更正，现以第{after}版为准。更正事由：{reason}。"
    ),
    "correction.moved": (
        "两版共有{n}个单位，其中综合评分有变化的{rescored}个，仅名次有变化的{shifted}个，"
        "仅基础数据有变化的{below}个。"
    ),
    "correction.none_moved": (
        "两版共有{n}个单位，综合评分和名次均无变化，仅基础数据有变化的{below}个。"
    ),
    "correction.as_of": "数据截止时间由{before}改为{after}。",
    "correction.rules": "两版所依据的考评规则文件不同。",
    "correction.cases": (
        "涉及诉求{n}件，其中本期{inside}件，以往各期{outside}件（影响环比和名次走势）。"
    ),
    "correction.cases.inside": "涉及本期诉求{n}件。",
    "correction.no_cases": "两版所用诉求数据无差别，变化来自规则、加减分或单位名册。",
    "correction.section.why": "更正说明",
    "correction.section.units": "评分和名次变化",
    "correction.section.lists": "名单变化",
    "correction.section.cases": "涉及的诉求",
    "correction.section.record": "版本信息",
    "correction.caption.rescored": "{group}：评分有变化的单位",
    "correction.caption.shifted": "{group}：评分未变、名次有变化的单位",
    "correction.units.none": "没有单位的综合评分或名次发生变化。",
    "correction.lists.none": "各名单所列单位无变化。",
    "correction.lists.item": "{title}：{changes}。",
    "correction.lists.joined": "新列入{names}",
    "correction.lists.left": "不再列入{names}",
    "correction.lists.and": "；",
    "correction.before_score": "原评分",
    "correction.after_score": "现评分",
    "correction.change": "变化",
    "correction.before_rank": "原名次",
    "correction.after_rank": "现名次",
    "correction.volume": "诉求量",
    "correction.excluded": "剔除",
    "correction.arrow": "{before}→{after}",
    "correction.cases.caption": "本期涉及诉求按单位和变化类别分列（件）",
    "correction.cases.note": "一件诉求可有几类变化。全部工单编号见diff.json。",
    "correction.cases.unassigned": "未派单位",
    "correction.cases.total": "合计",
    "correction.cases.n": "件数",
    "correction.cases.ids": "工单编号",
    "correction.cases.more": "等{n}件",
    "correction.cases.ids.caption": "本期涉及诉求的工单编号",
    "correction.how.added": "新增",
    "correction.how.removed": "移除",
    "correction.how.excluded": "改为剔除",
    "correction.how.restored": "取消剔除",
    "correction.how.callback": "回访结果",
    "correction.how.handling": "办理情况",
    "correction.how.moved": "单位或地点",
    "correction.record.edition": "第{n}版",
    "correction.record.value": "{made}编制，数据截至{as_of}，考评规则{policy}",
    "correction.record.signed": "签署（第{n}版）",
    "correction.record.sign": "{role}：{office}（{day}）",
    "correction.record.seal": "原版封印（SHA-256）",
}

EN: dict[str, str] = {
    "edition.mark": "{issue} (correction, edition {n})",
    "edition.role.prepared": "Prepared",
    "edition.role.reviewed": "Reviewed",
    "edition.role.issued": "Issued",
    "correction.title": "Correction of the bulletin on residents’ demands: {period}",
    "correction.intro": (
        "Edition {before} of the bulletin for {period} has been corrected; edition {after} takes "
        "its place. Reason: {reason}."
    ),
    "correction.moved": (
        "Units in either edition: {n}. The score differs for {rescored} of them, the rank alone "
        "for {shifted}, only figures beneath the score for {below}."
    ),
    "correction.none_moved": (
        "Units in either edition: {n}. No score and no rank differs; for {below} of them figures "
        "beneath the score do."
    ),
    "correction.as_of": "The data are now as of {after}; they were as of {before}.",
    "correction.rules": "The two editions follow different files of evaluation rules.",
    "correction.cases": (
        "Demands that differ: {n}, of which {inside} of this period and {outside} of earlier ones "
        "(they bear on changes and rank paths)."
    ),
    "correction.cases.inside": "Demands of this period that differ: {n}.",
    "correction.no_cases": (
        "No demand differs between the editions: what changed are rules, adjustments or the "
        "register of units."
    ),
    "correction.section.why": "What is corrected",
    "correction.section.units": "Scores and ranks that differ",
    "correction.section.lists": "Lists that differ",
    "correction.section.cases": "Demands concerned",
    "correction.section.record": "The editions",
    "correction.caption.rescored": "{group}: units whose score differs",
    "correction.caption.shifted": "{group}: units of the same score whose rank differs",
    "correction.units.none": "No unit’s score or rank differs.",
    "correction.lists.none": "All lists name the same units.",
    "correction.lists.item": "{title}: {changes}.",
    "correction.lists.joined": "newly listed {names}",
    "correction.lists.left": "no longer listed {names}",
    "correction.lists.and": "; ",
    "correction.before_score": "Score before",
    "correction.after_score": "Score now",
    "correction.change": "Change",
    "correction.before_rank": "Rank before",
    "correction.after_rank": "Rank now",
    "correction.volume": "Demands",
    "correction.excluded": "Excluded",
    "correction.arrow": "{before} → {after}",
    "correction.cases.caption": "Demands of this period that differ, by unit and kind of change",
    "correction.cases.note": (
        "A demand may differ in several ways. The numbers of all of them are in diff.json."
    ),
    "correction.cases.unassigned": "Without a unit",
    "correction.cases.total": "Total",
    "correction.cases.n": "Demands",
    "correction.cases.ids": "Case numbers",
    "correction.cases.more": " and others, {n} in all",
    "correction.cases.ids.caption": "Numbers of the cases of this period that differ",
    "correction.how.added": "Added",
    "correction.how.removed": "Removed",
    "correction.how.excluded": "Excluded",
    "correction.how.restored": "No longer excluded",
    "correction.how.callback": "Call-back",
    "correction.how.handling": "Handling",
    "correction.how.moved": "Unit or place",
    "correction.record.edition": "Edition {n}",
    "correction.record.value": "made {made}, data as of {as_of}, rules {policy}",
    "correction.record.signed": "Signed (edition {n})",
    "correction.record.sign": "{role}: {office} ({day})",
    "correction.record.seal": "Seal of the edition before (SHA-256)",
}
