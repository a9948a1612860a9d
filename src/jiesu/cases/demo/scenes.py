"""The scenes of the demo: each plays some cases of a kind and leaves them where they stand.

Together they show every state of a case and every record beside it; tests/cases/test_demo.py
fails where one is missing. The steps that they have in common are in `demo_stage`.
"""

from collections.abc import Callable
from datetime import timedelta
from io import BytesIO
from struct import pack
from zlib import compress, crc32

from jiesu.cases.actions.archiving import archive_case
from jiesu.cases.actions.assistance import (
    answer_assist,
    answer_escalation,
    ask_assist,
    blow_whistle,
    end_whistle,
    escalate_case,
    mark_whistle,
    report_whistle,
)
from jiesu.cases.actions.attachments import attach_file
from jiesu.cases.actions.callback_links import answer_by_link, make_link
from jiesu.cases.actions.callbacks import Answers, record_attempt
from jiesu.cases.actions.claims import (
    claim_case,
    decide_claim,
    review_claim,
    weigh_claim,
    withdraw_claim,
)
from jiesu.cases.actions.dispatching import dispatch_case, dispose_case, redispatch_case
from jiesu.cases.actions.extensions import ask_extension, decide_extension, resume, wait_for_caller
from jiesu.cases.actions.handling import record_contact, report_interim, start_handling
from jiesu.cases.actions.objections import (
    close_consultation,
    consult_units,
    decide_objection,
    give_opinion,
    object_to_dispatch,
    return_case,
)
from jiesu.cases.actions.privacy import reveal_person
from jiesu.cases.actions.redoing import redo_case
from jiesu.cases.actions.supervision import answer_supervision, raise_supervision
from jiesu.cases.demo.stage import STEP, Stage
from jiesu.cases.models import Case, Claim

PARKING = ("住房", "物业管理", "停车收费")
ELEVATOR = ("住房", "物业管理", "电梯故障")
LIFT = ("住房", "老旧小区改造", "加装电梯")
HOUSING = ("住房", "保障住房", "公租房申请")
HEATING = ("供暖", "居民供暖", "暖气漏水")
STALLS = ("城市管理", "市容环境", "占道经营")
TREES = ("城市管理", "园林绿化", "树木修剪")
SHEDS = ("城市管理", "违法建设", "私搭乱建")
NOISE = ("城市管理", "噪音", "施工噪音")
ROAD = ("交通管理", "道路设施", "道路破损")

STREET, OTHER_STREET = "110101001000", "110101002000"
DEPARTMENT, REGULATOR, DISTRICT = "D02", "D01", "110101"


def waiting_for_a_category(stage: Stage) -> None:
    """Taken down, and nobody has said yet what they are about."""
    stage.receive(stage.ago(minutes=12))
    stage.receive(stage.ago(minutes=35), channel="wechat", kind="consultation")
    stage.receive(stage.ago(hours=1), channel="app", kind="suggestion", confidential=True)


def without_a_unit(stage: Stage) -> None:
    """The ways of article 11 in which no unit gets a case, each with what was answered."""
    answers = {
        "answered": "已当场答复办理时间和地点",
        "emergency": "已转110处置",
        "legal_route": "请通过诉讼途径解决，已告知立案方式",
        "secret": "涉及个人隐私，不予受理",
        "outside_duties": "不属于行政管理职责，已告知反映渠道",
        "unlawful": "诉求违反规定，已说明理由",
    }
    for n, (reason, answer) in enumerate(answers.items()):
        at = stage.ago(days=1, hours=n)
        case = stage.receive(at, PARKING, dispatch=False, kind="consultation")
        dispose_case(
            case_id=case.pk,
            reason=reason,
            answer=answer,
            by=stage.cast.dispatcher,
            as_of=at + STEP,
        )


def asked_again(stage: Stage) -> None:
    """One caller asks the same again, and it is answered by where the first stands; then more."""
    person = stage.person()
    stage.receive(stage.ago(days=3), TREES, person=person)
    stage.receive(stage.ago(days=1), TREES, person=person)
    # Something new: it is dispatched.
    stage.receive(stage.ago(hours=4), TREES, person=person, new_facts=True)


def units_are_consulted(stage: Stage) -> None:
    """Before a hard case is dispatched: two wait for opinions, one has gone out by them."""
    for days, is_closed in ((0.2, False), (0.3, False), (2, True)):
        at = stage.ago(days=days)
        case = stage.receive(at, LIFT, dispatch=False)
        consult_units(
            case_id=case.pk,
            units=[DEPARTMENT, REGULATOR],
            question="加装电梯涉及管线迁改，由哪个单位牵头？",
            by=stage.cast.dispatcher,
            as_of=at + STEP,
        )
        give_opinion(
            case_id=case.pk,
            accepts=True,
            opinion="可以牵头，需街道配合",
            by=stage.cast.department,
            as_of=at + 2 * STEP,
        )
        if is_closed:
            close_consultation(
                case_id=case.pk,
                chosen=DEPARTMENT,
                outcome="由该单位牵头",
                by=stage.cast.dispatcher,
                as_of=at + 3 * STEP,
            )
            dispatch_case(
                case_id=case.pk,
                unit=DEPARTMENT,
                limit="15d",
                by=stage.cast.dispatcher,
                as_of=at + 4 * STEP,
            )


def just_dispatched(stage: Stage) -> None:
    """On the desks of units, with all that a case may be besides."""
    stage.receive(stage.ago(minutes=25), PARKING)
    stage.receive(stage.ago(hours=1), STALLS, urgent=True)
    stage.receive(stage.ago(minutes=50), HEATING, urgent=True, kind="help")
    stage.receive(stage.ago(hours=2), NOISE, confidential=True, kind="report")
    stage.receive(stage.ago(hours=3), ROAD, on_behalf=True, channel="web")
    stage.receive(stage.ago(hours=3), TREES, enterprise=True, channel="weibo")
    stage.receive(stage.ago(hours=4), SHEDS, anonymous=True, kind="report")
    stage.receive(stage.ago(hours=5), PARKING, place=OTHER_STREET)
    # Nobody signs it within a day: supervision.
    stage.receive(stage.ago(days=2), ROAD)


def through_the_district(stage: Stage) -> None:
    """A district has one to give on, and has given one on."""
    stage.receive(stage.ago(hours=2), HOUSING)
    at = stage.ago(days=1)
    case = stage.receive(at, HOUSING)
    redispatch_case(
        case_id=case.pk,
        unit=STREET,
        why="由属地街道受理初审",
        by=stage.cast.coordinator,
        as_of=at + 3 * STEP,
    )


def disputed(stage: Stage) -> None:
    """Objections open, refused and upheld; a case that was returned."""
    for hours, verdict in ((3, None), (30, False), (54, True)):
        at = stage.ago(hours=hours)
        case = stage.receive(at, ROAD)
        object_to_dispatch(
            case_id=case.pk,
            reason="duty",
            statement="该路段由市政养护，不属于街道职责",
            by=stage.cast.head,
            as_of=at + STEP,
        )
        if verdict is not None:
            decide_objection(
                case_id=case.pk,
                upheld=verdict,
                opinion="经核实，同意调整" if verdict else "属于属地管理，不予调整",
                unit=DEPARTMENT if verdict else "",
                by=stage.cast.dispatcher,
                as_of=at + 4 * STEP,
            )
    at = stage.ago(hours=5)
    case = stage.receive(at, PARKING)
    return_case(
        case_id=case.pk,
        reason="not_our_area",
        statement="该小区不在本街道辖区",
        by=stage.cast.clerk,
        as_of=at + STEP,
    )


def at_work(stage: Stage) -> None:
    """Signed, contacted, in progress; one waits for its caller, one has waited."""
    stage.sign(stage.receive(stage.ago(hours=6), PARKING), stage.ago(hours=5))
    stage.contact(stage.receive(stage.ago(hours=23), NOISE), stage.ago(hours=22))
    case = stage.receive(stage.ago(days=2), TREES)
    at = stage.start(case, stage.ago(days=1, hours=20))
    report_interim(
        case_id=case.pk,
        report="已联系绿化队，待天气好转后修剪",
        by=stage.cast.clerk,
        as_of=at,
    )
    attach_file(
        case_id=case.pk,
        source=BytesIO(_picture()),
        name="现场.png",
        by=stage.cast.clerk,
        as_of=at + STEP,
    )
    for ended in (False, True):
        case = stage.receive(stage.ago(days=1), PARKING)
        at = stage.contact(case, stage.ago(hours=22))
        wait_for_caller(case_id=case.pk, by=stage.cast.clerk, as_of=at)
        if ended:
            resume(case_id=case.pk, by=stage.cast.clerk, as_of=at + 6 * STEP)
    # An anonymous caller cannot be contacted: the work begins without.
    case = stage.receive(stage.ago(hours=8), SHEDS, anonymous=True, kind="report")
    at = stage.sign(case, stage.ago(hours=7))
    start_handling(case_id=case.pk, by=stage.cast.clerk, as_of=at)
    case = stage.receive(stage.ago(hours=9), STALLS)
    at = stage.sign(case, stage.ago(hours=8))
    record_contact(case_id=case.pk, reached=False, by=stage.cast.clerk, as_of=at, note="无人接听")
    reveal_person(
        case_id=case.pk,
        reason="核对联系电话",
        by=stage.cast.clerk,
        as_of=at + STEP,
    )


def longer_limits(stage: Stage) -> None:
    """An extension asked for, one granted, one refused."""
    for days, verdict in ((1, None), (2, True), (3, False)):
        case = stage.receive(stage.ago(days=days), SHEDS)
        at = stage.start(case, stage.ago(days=days) + STEP)
        ask_extension(
            case_id=case.pk,
            reason="works_needed",
            statement="需要公示后组织拆除",
            amount=5,
            unit_of_time="working_day",
            caller_told_at=at,
            by=stage.cast.clerk,
            as_of=at,
        )
        if verdict is not None:
            decide_extension(
                case_id=case.pk, granted=verdict, by=stage.cast.coordinator, as_of=at + STEP
            )


def helped(stage: Stage) -> None:
    """Assist units that answered, have time, and are late; an escalation open and one answered."""
    case = stage.receive(stage.ago(days=2), TREES)
    at = stage.start(case, stage.ago(days=1, hours=20))
    ask = {"case_id": case.pk, "by": stage.cast.clerk, "matter": "请协助提供树木产权信息"}
    late = ask_assist(**ask, unit=DEPARTMENT, limit="2h", as_of=at)  # type: ignore[arg-type]
    ask_assist(**ask, unit=REGULATOR, as_of=at)  # type: ignore[arg-type]
    answer_assist(
        case_id=case.pk,
        assist_id=late.pk,
        answer="该树木由产权单位负责",
        by=stage.cast.department,
        as_of=at + 12 * STEP,
    )
    ask_assist(**ask, unit=DEPARTMENT, limit="2h", as_of=at + 13 * STEP)  # type: ignore[arg-type]
    for answered in (False, True):
        case = stage.receive(stage.ago(days=2), LIFT)
        at = stage.start(case, stage.ago(days=1, hours=18))
        escalation = escalate_case(
            case_id=case.pk,
            to=REGULATOR,
            matter="涉及政策口径，请行业主管部门研究",
            by=stage.cast.head,
            as_of=at,
        )
        if answered:
            answer_escalation(
                case_id=case.pk,
                escalation_id=escalation.pk,
                answer="已研究，按现行办法办理",
                by=stage.cast.regulator,
                as_of=at + 6 * STEP,
            )


def whistles(stage: Stage) -> None:
    """A whistle just blown, one with a report, one that both sides have marked."""
    for hours, steps in ((2, 0), (26, 1), (50, 3)):
        at = stage.start(stage_case := stage.receive(stage.ago(hours=hours), SHEDS),
                         stage.ago(hours=hours) + STEP)  # fmt: skip
        [whistle] = blow_whistle(
            case_id=stage_case.pk,
            units=[DEPARTMENT],
            matter="请执法力量到场联合处置",
            limit="24h",
            by=stage.cast.clerk,
            as_of=at,
        )
        of = {"case_id": stage_case.pk, "whistle_id": whistle.pk}
        if steps > 0:
            report_whistle(**of, report="已派人到场", by=stage.cast.department, as_of=at + 2 * STEP)
        if steps > 1:
            end_whistle(**of, mark=5, by=stage.cast.clerk, as_of=at + 8 * STEP)
            mark_whistle(**of, mark=4, by=stage.cast.department, as_of=at + 9 * STEP)


def fed_back(stage: Stage) -> None:
    """The results are there, and the limit has yet to end."""
    for n, result in enumerate(("resolved", "partial", "explained", "unresolved")):
        at = stage.ago(days=1, hours=n)
        stage.feed_back(stage.receive(at, PARKING), at + STEP, result=result)


def to_be_called(stage: Stage) -> None:
    """Call-backs that are due, that have a link, that nobody answered once or twice."""
    for n in range(3):
        at = stage.ago(days=1, hours=3 + n)
        stage.feed_back(stage.receive(at, ELEVATOR), at + STEP)
    at = stage.ago(days=1, hours=8)
    case = stage.receive(at, NOISE)
    stage.feed_back(case, at + STEP)
    make_link(case_id=case.pk, by=stage.cast.caller, as_of=stage.ago(hours=2))
    for n_attempts in (1, 2):
        at = stage.ago(days=2)
        case = stage.receive(at, STALLS)
        stage.feed_back(case, at + STEP)
        for n in range(n_attempts):
            when = stage.ago(hours=20 - 6 * n)
            stage.take(case, when)
            record_attempt(
                case_id=case.pk, outcome="no_answer", by=stage.cast.caller, as_of=when + STEP
            )


def closed(stage: Stage) -> None:
    """Called back and closed; one by its link, some without an answer that counts."""
    for n, (resolved, satisfaction) in enumerate(
        (("yes", "satisfied"), ("yes", "fairly_satisfied"), ("partial", "fairly_satisfied"))
    ):
        at = stage.ago(days=3, hours=n)
        case = stage.receive(at, ELEVATOR)
        stage.feed_back(case, at + STEP)
        stage.call_back(
            case, stage.ago(days=1, hours=n), resolved=resolved, satisfaction=satisfaction
        )
    at = stage.ago(days=3, hours=4)
    case = stage.receive(at, NOISE)
    stage.feed_back(case, at + STEP)
    token = make_link(case_id=case.pk, by=stage.cast.caller, as_of=stage.ago(days=1, hours=10))
    answers = Answers(contacted=True, resolved="yes", satisfaction="satisfied")
    answer_by_link(token=token, answers=answers, as_of=stage.ago(days=1))
    for outcome in ("wrong_number", "refused"):
        at = stage.ago(days=3, hours=6)
        case = stage.receive(at, STALLS)
        stage.feed_back(case, at + STEP)
        when = stage.ago(days=1, hours=12)
        stage.take(case, when)
        record_attempt(case_id=case.pk, outcome=outcome, by=stage.cast.caller, as_of=when + STEP)
    # Nobody to call: it closes by itself.
    at = stage.ago(days=3)
    case = stage.receive(at, STALLS, anonymous=True, kind="report")
    at = stage.sign(case, at + STEP)
    start_handling(case_id=case.pk, by=stage.cast.clerk, as_of=at)


def handled_again(stage: Stage) -> None:
    """Dissatisfied: back to the unit; done again and better; by decision; twice."""
    unhappy = {"resolved": "no", "satisfaction": "dissatisfied"}
    for n in range(2):
        at = stage.ago(days=4, hours=n)
        case = stage.receive(at, ELEVATOR)
        stage.feed_back(case, at + STEP)
        stage.call_back(case, stage.ago(days=1, hours=n), **unhappy)
        if n:
            stage.feed_back(case, stage.ago(hours=20))
    # Longer ago, for a redo has five working days.
    for n_unhappy in (1, 2):
        at = stage.ago(days=40, hours=n_unhappy)
        case = stage.receive(at, ELEVATOR)
        stage.feed_back(case, at + STEP)
        at = stage.call_back(case, stage.ago(days=38), **unhappy)
        stage.feed_back(case, at + STEP)
        case.refresh_from_db()
        assert case.due_at is not None
        at = case.due_at + timedelta(days=1)
        stage.call_back(case, at, **(unhappy if n_unhappy > 1 else {}))
    at = stage.ago(days=1, hours=6)
    case = stage.receive(at, PARKING)
    at = stage.feed_back(case, at + STEP)
    redo_case(
        case_id=case.pk,
        opinion="答复没有针对诉求，请重新办理",
        by=stage.cast.evaluator,
        as_of=at + STEP,
    )


def claimed(stage: Stage) -> None:
    """Exclusions at each stage of their way, appeals, parking."""
    cases = []
    for n in range(7):
        case = stage.receive(stage.ago(days=3, hours=9), ELEVATOR)
        stage.feed_back(case, stage.ago(days=3, hours=8))
        answer = {"resolved": "partial", "satisfaction": "fairly_satisfied"} if n > 4 else {}
        stage.call_back(case, stage.ago(days=1, hours=12), **answer)
        cases.append(case)
    exclusions = [_claim(stage, case, "exclusion", "court") for case in cases[:5]]
    withdraw_claim(claim_id=exclusions[0].pk, by=stage.cast.head, as_of=stage.ago(hours=20))
    for claim, supports in zip(exclusions[2:], (True, True, False), strict=True):
        _review(stage, claim, supports=supports)
    _decide(stage, exclusions[3], approves=True)
    appeals = [_claim(stage, case, "appeal", "wrong_answer") for case in cases[5:]]
    for claim in appeals:
        _review(stage, claim, supports=True)
    _decide(stage, appeals[0], approves=True)
    for n, approves in enumerate((None, True, False)):
        case = stage.receive(stage.ago(days=3, hours=n), LIFT)
        stage.start(case, stage.ago(days=2, hours=n))
        claim = _claim(stage, case, "parking", "objective_obstacle")
        if approves is not None:
            _review(stage, claim, supports=True)
            _decide(stage, claim, approves=approves)


def _claim(stage: Stage, case: Case, kind: str, reason: str) -> Claim:
    return claim_case(
        case_id=case.pk,
        kind=kind,
        reason=reason,
        evidence="见所附材料",
        by=stage.cast.head,
        as_of=stage.ago(hours=30),
    )


def _review(stage: Stage, claim: Claim, *, supports: bool) -> None:
    review_claim(
        claim_id=claim.pk,
        supports=supports,
        opinion="情况属实" if supports else "材料不足",
        by=stage.cast.coordinator,
        as_of=stage.ago(hours=18),
    )


def _decide(stage: Stage, claim: Claim, *, approves: bool) -> None:
    at = stage.ago(hours=6)
    weigh_claim(claim_id=claim.pk, by=stage.cast.evaluator, as_of=at)
    decide_claim(
        claim_id=claim.pk,
        approves=approves,
        opinion="同意" if approves else "不同意",
        by=stage.cast.evaluator,
        as_of=at + STEP,
    )


def put_away(stage: Stage) -> None:
    """Ended long ago, and archived."""
    at = stage.ago(days=50)
    answered = stage.receive(at, PARKING, dispatch=False, kind="consultation")
    dispose_case(
        case_id=answered.pk,
        reason="answered",
        answer="已当场答复",
        by=stage.cast.dispatcher,
        as_of=at + STEP,
    )
    case = stage.receive(at, ELEVATOR)
    stage.feed_back(case, at + STEP)
    stage.call_back(case, stage.ago(days=48))
    for one in (answered, case):
        archive_case(case_id=one.pk, by=stage.cast.administrator, as_of=stage.ago(days=10))


def supervised(stage: Stage) -> None:
    """Overdue without a word, for a day and for a week; supervision answered, and by hand."""
    stage.sign(stage.receive(stage.ago(days=2), NOISE), stage.ago(days=1, hours=23))
    case = stage.receive(stage.ago(days=8), STALLS)
    stage.sign(case, stage.ago(days=7, hours=23))
    raise_supervision(
        case_id=case.pk,
        words="请主要负责人到场处理",
        by=stage.cast.dispatcher,
        as_of=stage.ago(days=1),
    )
    for row in list(case.supervisions.order_by("pk"))[:1]:
        answer_supervision(
            case_id=case.pk,
            supervision_id=row.pk,
            answer="已安排专人处理",
            by=stage.cast.clerk,
            as_of=stage.ago(hours=12),
        )


def _picture() -> bytes:
    """A grey PNG of eight by eight: what a photograph would be."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return pack(">I", len(data)) + kind + data + pack(">I", crc32(kind + data))

    head = chunk(b"IHDR", pack(">IIBBBBB", 8, 8, 8, 0, 0, 0, 0))
    body = chunk(b"IDAT", compress((b"\0" + b"\x80" * 8) * 8))
    return b"\x89PNG\r\n\x1a\n" + head + body + chunk(b"IEND", b"")


SCENES: tuple[Callable[[Stage], None], ...] = (
    waiting_for_a_category,
    without_a_unit,
    asked_again,
    units_are_consulted,
    just_dispatched,
    through_the_district,
    disputed,
    at_work,
    longer_limits,
    helped,
    whistles,
    fed_back,
    to_be_called,
    closed,
    handled_again,
    supervised,
    claimed,
    put_away,
)
