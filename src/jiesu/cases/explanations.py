"""What became of a request around a dispatch, in words for the unit, in Chinese and English.

Made from the records alone: who asked when by which reason, and what was decided. The free words
of those who asked are left out, for they may tell of residents.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import cast

from jiesu.cases.models import Case, Consultation, Extension, Objection, Unit
from jiesu.cases.rulebook import city_zone, rulebook
from jiesu.core.worktime import Lang, Limit
from jiesu.core.worktime import Unit as TimeUnit

LANGS: tuple[Lang, Lang] = ("zh", "en")


def objection_words(objection: Objection, lang: Lang) -> str:
    """An objection or a return: by whom, why, and how it ended."""
    words = _WORDS[lang]
    said = words[objection.kind].format(
        unit=objection.dispatch.unit,
        at=_shown(objection.raised_at),
        reason=reason_words(objection.case, objection.kind, objection.reason, lang),
    )
    if objection.kind == Objection.Kind.RETURN:
        return said + words["returned"]
    if objection.decided_at is None:
        return said + words["open"]
    key = {True: "upheld", False: "refused", None: "lapsed"}[objection.upheld]
    return said + words[key].format(at=_shown(objection.decided_at), unit=objection.new_unit)


def by_hand_words(unit: Unit) -> Mapping[str, str]:
    """That somebody chose a unit, by language; their own words are kept apart, sealed."""
    return {lang: _WORDS[lang]["by_hand"].format(unit=unit) for lang in LANGS}


def designation_words(objection: Objection, unit: Unit) -> Mapping[str, str]:
    """Why a review gives a case to a unit: what its dispatch says, by language."""
    return {
        lang: _WORDS[lang]["designated"].format(
            unit=unit,
            objector=objection.dispatch.unit,
            reason=reason_words(objection.case, "objection", objection.reason, lang),
        )
        for lang in LANGS
    }


def once_more_words(said: Mapping[str, str]) -> Mapping[str, str]:
    """What a dispatch says, by language, to a unit that has disputed the case before."""
    return {lang: _WORDS[lang]["once_more"].format(said=said[lang].rstrip("。.")) for lang in LANGS}


def extension_words(extension: Extension, lang: Lang) -> str:
    """An extension: how much, why, since when the caller knows, and what was decided."""
    words = _WORDS[lang]
    amount = Limit("extension", extension.amount, cast(TimeUnit, extension.unit_of_time))
    said = words["extension"].format(
        unit=extension.dispatch.unit,
        at=_shown(extension.asked_at),
        amount=amount.words(lang),
        reason=reason_words(extension.case, "extension", extension.reason, lang),
    )
    if extension.caller_told_at is not None:
        said += words["told"].format(at=_shown(extension.caller_told_at))
    if extension.decided_at is None:
        return said + words["open"]
    key = {True: "granted", False: "not_granted", None: "lapsed"}[extension.granted]
    return said + words[key].format(at=_shown(extension.decided_at))


def consultation_words(consultation: Consultation, lang: Lang) -> str:
    """A consultation: who was asked, who would take the case, who was chosen."""
    words = _WORDS[lang]
    opinions = list(consultation.opinions.select_related("unit").order_by("id"))
    said = words["consultation"].format(
        at=_shown(consultation.opened_at),
        units=words["comma"].join(opinion.unit.name for opinion in opinions),
    )
    takers = [opinion.unit.name for opinion in opinions if opinion.accepts]
    if takers:
        said += words["would_take"].format(units=words["comma"].join(takers))
    if consultation.closed_at is None:
        return said + words["open"]
    if consultation.chosen is None:
        return said + words["lapsed"].format(at=_shown(consultation.closed_at))
    return said + words["chosen"].format(unit=consultation.chosen)


def cited_consultation(case: Case, unit: str) -> Mapping[str, str] | None:
    """The words of the consultation that chose a unit for a case, by language."""
    last = case.consultations.exclude(closed_at=None).order_by("-id").first()
    if last is None or last.chosen is None or last.chosen.code != unit:
        return None
    return {lang: consultation_words(last, lang) for lang in LANGS}


def reason_words(case: Case, use: str, key: str, lang: Lang) -> str:
    """The title of a reason in the rules that the case is dealt with by."""
    reason = rulebook().rules_of(case.rules_id).reason(use, key)
    return reason.title[lang] if reason is not None else key


def _shown(instant: datetime) -> str:
    return f"{instant.astimezone(city_zone()):%Y-%m-%d %H:%M}"


_WORDS: Mapping[Lang, Mapping[str, str]] = {
    "zh": {
        "objection": "{unit}于{at}提出派单异议（{reason}）",
        "return": "{unit}于{at}退单（{reason}）",
        "open": "；尚未决定",
        "returned": "；工单退回，待重新派单",
        "upheld": "；{at}审核成立，指定由{unit}办理，不得再退",
        "refused": "；{at}审核不成立，仍由原单位办理，不得再提异议或退单",
        "lapsed": "；派单于{at}结束，未作决定",
        "by_hand": "人工选定由{unit}办理",
        "designated": "经派单异议审核指定由{unit}办理：{objector}的异议（{reason}）成立；不得再退",
        "once_more": "{said}。该单位对本单的异议或退单已经审核，不得再提异议或退单",
        "extension": "{unit}于{at}申请延期{amount}（{reason}）",
        "told": "，{at}已告知诉求人",
        "granted": "；{at}同意延期",
        "not_granted": "；{at}未同意延期",
        "consultation": "{at}会商{units}",
        "would_take": "；{units}愿意承办",
        "chosen": "；会商确定由{unit}办理",
        "comma": "、",
    },
    "en": {
        "objection": "{unit} objected to the dispatch at {at} ({reason})",
        "return": "{unit} returned the case at {at} ({reason})",
        "open": "; not decided yet",
        "returned": "; the case waits for a new dispatch",
        "upheld": "; upheld at {at}: {unit} is designated and can't return the case again",
        "refused": "; refused at {at}: the case stays and can't be objected to or returned again",
        "lapsed": "; not decided before the dispatch ended at {at}",
        "by_hand": "{unit} was chosen by hand",
        "designated": "designated after review: the objection of {objector} ({reason}) was upheld; "
        "{unit} can't return the case again",
        "once_more": "{said}. The unit disputed this case before, and that was reviewed: it can't "
        "object or return again",
        "extension": "{unit} asked at {at} for {amount} more ({reason})",
        "told": ", the caller was told at {at}",
        "granted": "; granted at {at}",
        "not_granted": "; not granted at {at}",
        "consultation": "{units} were consulted at {at}",
        "would_take": "; {units} would take the case",
        "chosen": "; {unit} was chosen",
        "comma": ", ",
    },
}
