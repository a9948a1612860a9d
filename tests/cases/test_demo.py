"""The demo shows everything: each state, each record, each sign-in, and a history that is whole."""

from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth import authenticate
from django.db.models import QuerySet
from django.test import RequestFactory

from jiesu.cases.demo.play import SIGN_INS, Demo, make_demo
from jiesu.cases.demo.stage import MOST_PEOPLE, NAMES
from jiesu.cases.folder.loading import load_city
from jiesu.cases.history.audit import Audit
from jiesu.cases.models import (
    Assist,
    Attachment,
    Attempt,
    Callback,
    CallbackLink,
    Case,
    CasePrivate,
    Claim,
    Consultation,
    Contact,
    Escalation,
    Extension,
    Feedback,
    Objection,
    Opinion,
    Pause,
    Redo,
    Role,
    Supervision,
    User,
    Whistle,
)
from jiesu.cases.privacy.vault import person_of
from jiesu.cases.rulebook import rulebook
from jiesu.city.synth.write import write_city
from jiesu.core.lifecycle import CallbackState, State
from jiesu.core.problems import InputError
from tests.cases.cast import ZONE, City

WORKDAY = datetime(2026, 9, 16, 15, 30, tzinfo=ZONE)
HOLIDAY = datetime(2026, 10, 4, 0, 5, tzinfo=ZONE)
"""A Sunday just after midnight, in a week without working days, months after the calendar ends."""


@pytest.fixture(scope="module")
def synthetic(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("synthetic") / "city"
    write_city(folder, period="2022-02", months=1, cases=10, seed=1)
    return folder


def played(folder: Path, as_of: datetime) -> Demo:
    load_city(folder, as_of=as_of - timedelta(days=60))
    return make_demo(as_of=as_of, password="a-password")


Found = dict[str, QuerySet[Any]]


def of_each_value(as_of: datetime) -> Found:
    """One of everything that a column or a catalogue can say."""
    rules = rulebook().desk_on(as_of.date())[1]
    cases, callbacks, claims = Case.objects, Callback.objects, Claim.objects
    found: Found = {f"case {state}": cases.filter(state=state) for state in State}
    # By the rules that are shipped all are called back.
    states = [state for state in CallbackState if state is not CallbackState.NOT_SAMPLED]
    found |= {f"call-back {state}": callbacks.filter(state=state) for state in states}
    found |= {f"claim {state}": claims.filter(state=state) for state in Claim.State}
    approved = claims.filter(state=Claim.State.APPROVED)
    found |= {f"approved {kind}": approved.filter(kind=kind) for kind in Claim.Kind}
    dispositions = [one.key for one in rules.reasons_for("disposition")]
    found |= {f"disposition {key}": cases.filter(disposition=key) for key in dispositions}
    # Three returns of one case are more than a demo needs.
    raised = ["", *(one.key for one in rules.supervision if one.event != "returned")]
    found |= {f"supervision {key}": Supervision.objects.filter(rule=key) for key in raised}
    found |= {f"feedback {one}": Feedback.objects.filter(result=one) for one in Feedback.Result}
    found |= {f"attempt {one}": Attempt.objects.filter(outcome=one) for one in Attempt.Outcome}
    found |= {f"case {name}": cases.filter(**{name: True}) for name in MARKS}
    return found


MARKS = ("anonymous", "confidential", "on_behalf", "enterprise", "urgent", "parked", "excluded")


def of_each_record(as_of: datetime) -> Found:
    """The records beside a case, at each point of their way."""
    return {
        "repeat": Case.objects.exclude(repeat_of=None),
        "case of another street": Case.objects.filter(unit__code="110101002000"),
        "case at an enterprise": Case.objects.filter(unit__kind="enterprise"),
        "case at a district": Case.objects.filter(unit__kind="district"),
        "clocks that stand": Case.objects.exclude(paused_since=None),
        "waiting pause": Pause.objects.filter(cause="waiting", end__gt=as_of),
        "ended pause": Pause.objects.filter(end__lte=as_of),
        "objection open": Objection.objects.filter(decided_at=None),
        "objection upheld": Objection.objects.filter(upheld=True),
        "objection refused": Objection.objects.filter(upheld=False),
        "return": Objection.objects.filter(kind="return"),
        "extension open": Extension.objects.filter(decided_at=None),
        "extension granted": Extension.objects.filter(granted=True),
        "extension refused": Extension.objects.filter(granted=False),
        "assist overdue": Assist.objects.filter(answered_at=None, due_at__lt=as_of),
        "assist in time": Assist.objects.filter(answered_at=None, due_at__gt=as_of),
        "assist answered": Assist.objects.exclude(answered_at=None),
        "whistle open": Whistle.objects.filter(reported_at=None, ended_at=None),
        "whistle reported": Whistle.objects.exclude(reported_at=None).filter(ended_at=None),
        "whistle marked": Whistle.objects.exclude(mark_of_street=None),
        "consultation open": Consultation.objects.filter(closed_at=None),
        "consultation closed": Consultation.objects.exclude(chosen=None),
        "opinion owed": Opinion.objects.filter(at=None),
        "escalation open": Escalation.objects.filter(answered_at=None),
        "escalation answered": Escalation.objects.exclude(answered_at=None),
        "contact missed": Contact.objects.filter(reached=False),
        "interim report": Feedback.objects.filter(interim=True),
        "link open": CallbackLink.objects.filter(used_at=None, expires_at__gt=as_of),
        "link used": CallbackLink.objects.exclude(used_at=None),
        "void call-back": Callback.objects.filter(void=True),
        "second round": Callback.objects.filter(round=2, state=CallbackState.DONE),
        "redo by answers": Redo.objects.exclude(callback=None),
        "redo by decision": Redo.objects.filter(callback=None),
        "supervision answered": Supervision.objects.exclude(answered_at=None),
        "attachment": Attachment.objects.all(),
    }


@pytest.mark.django_db
@pytest.mark.parametrize("as_of", [WORKDAY, HOLIDAY])
def test_everything_is_there_and_its_history_is_whole(synthetic: Path, as_of: datetime) -> None:
    demo = played(synthetic, as_of)
    wanted = of_each_value(as_of) | of_each_record(as_of)
    missing = [name for name, found in wanted.items() if not found.exists()]
    assert missing == []
    assert demo.n_cases == Case.objects.count()
    assert [line for line in Audit().run() if "the file" not in line] == []
    latest = Case.objects.order_by("-created_at").values_list("created_at", flat=True)[0]
    assert as_of - timedelta(hours=1) < latest <= as_of
    for private in CasePrivate.objects.select_related("case"):
        person = person_of(private.case, private)
        assert person.name in ("", *NAMES)
        assert person.phone in ("", *(f"138000000{n:02}" for n in range(MOST_PEOPLE)))


@pytest.mark.django_db
def test_each_role_signs_in_from_this_machine_alone_and_a_program_by_its_key(
    synthetic: Path,
) -> None:
    from jiesu.cases.api_keys import known_key

    demo = played(synthetic, WORKDAY)
    here, elsewhere = (
        RequestFactory().post("/", REMOTE_ADDR=address) for address in ("127.0.0.1", "192.0.2.7")
    )
    for one in demo.sign_ins:
        words = {"username": one.username, "password": demo.password}
        user = authenticate(here, **words)
        assert isinstance(user, User)
        assert (user.role, user.demo) == (one.role, True)
        assert authenticate(elsewhere, **words) is None
    program = known_key(demo.api_key, WORKDAY)
    assert program is not None
    assert program.user.demo
    roles = {one.role for one in demo.sign_ins} | {program.user.role}
    # Residents have no accounts.
    assert roles == {role.value for role in Role} - {Role.RESIDENT.value}
    assert len(demo.sign_ins) == len(SIGN_INS) - 1


@pytest.mark.django_db
def test_a_second_demo_in_one_database_is_refused(synthetic: Path) -> None:
    load_city(synthetic, as_of=WORKDAY)
    User.objects.create_user("demo-somebody", demo=True)
    with pytest.raises(InputError, match="begin with an empty database"):
        make_demo(as_of=WORKDAY)


def test_a_city_that_is_not_the_synthetic_one_is_refused(city: City) -> None:
    with pytest.raises(InputError, match="load the folder that jiesu synth writes"):
        make_demo(as_of=WORKDAY)
    assert not User.objects.filter(demo=True).exists()
