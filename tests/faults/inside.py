"""What the tool does within a site, in its environment: `python -m tests.faults.inside COMMAND`.

`prepare` makes a site with its city, people, keys and cases that fall due; `worker` works without
pause; `settle` does what is still to be done, says what is wrong, and what came of the cases that
nobody but the worker had in hand; `calm` makes a site and says that of undisturbed ones. The last
line that is printed is JSON.
"""

import json
import os
import sys
import tempfile
import threading
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any

from jiesu.project import serving
from jiesu.project.environment import Environment
from jiesu.project.options import options_from

LIMIT = timedelta(days=7)
LATE = timedelta(days=4)
SECONDS = 1.0
"""How often each of the worker's jobs runs here."""
LEASE_SECONDS = 3.0


def prepare(city: Path, n_due: int, at: datetime) -> dict[str, Any]:
    """People with keys, and cases: a third of them late by up to four days, the others due soon."""
    serving.open_site(lambda line: None)
    from jiesu.cases.actions.accounts import make_api_key
    from jiesu.cases.actions.intake import Demand, receive_case
    from jiesu.cases.actor import Actor
    from jiesu.cases.folder.loading import load_city
    from jiesu.cases.models import Role, Unit, User
    from jiesu.cases.privacy.vault import Person

    load_city(city, as_of=at)
    keys = {}
    for role, unit, scopes in (
        (Role.OPERATOR, None, ["intake", "read"]),
        (Role.CLERK, "S1", ["read", "handle"]),
        (Role.CALLER, None, ["read", "callbacks"]),
    ):
        where = Unit.objects.get(code=unit) if unit else None
        User.objects.create_user(role.value, role=role, unit=where)
        _, keys[role.value] = make_api_key(
            username=role.value, name="faults", scopes=scopes, by=Actor.system("faults"), as_of=at
        )
    operator = Actor.of(User.objects.get(username="operator"))
    n_late, numbers = n_due // 3, []
    for n in range(n_due):
        late = LATE * (n_late - n) / n_late if n < n_late else timedelta()
        soon = timedelta(seconds=n - n_late) / 4 if n >= n_late else timedelta()
        demand = Demand(
            channel="phone",
            kind="complaint",
            title="停车费",
            body="小区地面停车费突然上涨",
            person=Person(name="张三", phone=f"137{n:08}"),
            category=("住房", "物业管理", "停车收费"),
            place="S1",
        )
        received = receive_case(
            demand, by=operator, as_of=at - LIMIT - late + soon, number=number_of(n)
        )
        numbers.append(received.case.number)
    return {"keys": keys, "to_call": numbers[1::2]}


def worker() -> None:
    """The worker with hardly a pause between its jobs, until a signal."""
    serving.start_django(options_from(Environment(os.environ)))
    from jiesu.cases import jobs

    quick = [
        replace(job, seconds=min(job.seconds, SECONDS), lease_seconds=LEASE_SECONDS)
        for job in jobs.JOBS
    ]
    run = jobs.run_worker

    def run_quickly(stop: threading.Event) -> None:
        run(stop, jobs=quick)

    jobs.run_worker = run_quickly  # type: ignore[assignment]
    serving.work(print)


def settle(journal: Path, as_of: datetime, n_due: int) -> dict[str, Any]:
    """Let the worker's jobs catch up as of a moment, then look for whatever must not be."""
    from jiesu.cases.history.seals import seal_events
    from jiesu.cases.models import Case, Event
    from jiesu.cases.search_index import index_job
    from jiesu.cases.sweep import sweep

    swept = sweep(as_of)
    sealed = seal_events(as_of)
    while Case.objects.filter(indexed=False).exists():
        index_job(as_of)
    lines = [json.loads(line) for line in journal.read_text("utf-8").splitlines()]
    findings = [
        *_lost_or_twice(lines, n_due),
        *_moves(lines),
        *_half_made(as_of),
        *_history(),
        *_export(as_of),
    ]
    return {
        "findings": findings[:50],
        "n_findings": len(findings),
        "n_cases": Case.objects.count(),
        "n_events": Event.objects.count(),
        "left_to_sweep": swept.n_cases,
        "left_to_seal": sealed.n_events,
        "untouched": _untouched(n_due),
    }


def _lost_or_twice(lines: list[dict[str, Any]], n_due: int) -> Iterator[str]:
    """Every acknowledged case is there under its key; every key that was sent has one case."""
    from jiesu.cases.models import Case, User

    name = f"user:{User.objects.get(username='operator').pk}"
    there = dict(
        Case.objects.exclude(idempotency_key=None).values_list("idempotency_key", "number")
    )
    versions = dict(Case.objects.values_list("number", "version"))
    keys = set()
    for line in lines:
        if line["what"] != "case":
            continue
        keys.add(line["key"])
        if not line["acknowledged"]:
            continue
        number = line["number"]
        if versions.get(number, 0) < line["version"]:
            yield f"lost: case {number} was acknowledged in version {line['version']}"
        if there.get(sha256(f"{name}:{line['key']}".encode()).hexdigest()) != number:
            yield f"lost: case {number} is not the case of its key"
    n_cases = Case.objects.count()
    if n_cases != n_due + len(keys):
        yield f"{len(keys)} keys were sent, and {n_cases - n_due} cases are there"


def _moves(lines: list[dict[str, Any]]) -> Iterator[str]:
    """An acknowledged move is in the history, and nothing is there that nobody has sent."""
    from jiesu.cases.models import Case, Event

    promised, sent = Counter[tuple[str, str]](), Counter[tuple[str, str]]()
    versions = dict(Case.objects.values_list("number", "version"))
    for line in lines:
        if line["what"] != "move":
            continue
        move = line["number"], line["event"]
        sent[move] += 1
        if line["acknowledged"]:
            promised[move] += 1
            if versions.get(line["number"], 0) < line["version"]:
                yield f"lost: case {move[0]} was moved to version {line['version']}"
    kinds = {"signed", "contact_recorded", "started", "feedback_submitted", "callback_done"}
    events = Event.objects.filter(kind__in=kinds)
    found = Counter[tuple[str, str]](events.values_list("case__number", "kind"))
    for move in sorted(sent | found):
        if not promised[move] <= found[move] <= sent[move]:
            yield (
                f"case {move[0]}: {move[1]} was sent {sent[move]} times, acknowledged "
                f"{promised[move]} times and is there {found[move]} times"
            )


def _half_made(as_of: datetime) -> Iterator[str]:
    """Every case is whole: its person, its events, its dispatch; its call-backs, once a round."""
    from django.db.models import Exists, OuterRef, Q

    from jiesu.cases.models import Callback, Case, CasePrivate, Dispatch, Event
    from jiesu.core.lifecycle import CALLBACK_OPEN, HANDLING

    handling = Case.objects.filter(state__in=sorted(HANDLING))
    now = Callback.objects.filter(case=OuterRef("pk"), round=OuterRef("round"))
    open_now = Callback.objects.filter(
        case=OuterRef("case"), state__in=sorted(CALLBACK_OPEN), pk__gt=OuterRef("pk")
    )
    ended = Case.objects.filter(state="closed")
    faults = {
        "without its person": Case.objects.filter(~Exists(_of(CasePrivate))),
        "without an event": Case.objects.filter(~Exists(_of(Event))),
        "without a dispatch": handling.filter(~Exists(_of(Dispatch).filter(ended_at=None))),
        "due and not called back": handling.filter(~Exists(now), due_at__lt=as_of),
        "closed without a call-back": ended.filter(
            ~Exists(now.filter(~Q(state__in=sorted(CALLBACK_OPEN))))
        ),
        "called back twice at once": Callback.objects.filter(
            Exists(open_now), state__in=sorted(CALLBACK_OPEN)
        ),
    }
    for fault, rows in faults.items():
        if n := rows.count():
            yield f"{n} cases are {fault}"


def _of(model: Any) -> Any:
    from django.db.models import OuterRef

    return model.objects.filter(case=OuterRef("pk"))


def _history() -> Iterator[str]:
    """The chains, the seals, the file beside them, and the rows as the events tell them."""
    from jiesu.cases.history.audit import Audit

    audit = Audit()
    yield from audit.run()
    if audit.n_unsealed:
        yield f"{audit.n_unsealed} events have no seal"


def _export(as_of: datetime) -> Iterator[str]:
    """The live export, brought up to date, says of every case what a full export says."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    from jiesu.cases.figures.export import follow, write_cases
    from jiesu.cases.figures.running import figures_job

    figures_job(as_of)
    done = follow()
    with tempfile.TemporaryDirectory() as folder:
        full = write_cases(Path(folder))
        live, whole = (
            pa.concat_tables([pq.read_table(file) for file in files]).sort_by("case_id")
            for files in (done.files, full)
        )
    if not live.equals(whole):
        yield f"the live export has {live.num_rows} rows, a full one {whole.num_rows}, or others"


def calm(city: Path, n_due: int, at: datetime, as_of: datetime) -> dict[str, Any]:
    """What becomes of the same cases by itself in one sweep that nobody disturbs."""
    prepare(city, n_due, at)
    from jiesu.cases.sweep import sweep

    sweep(as_of)
    return {"untouched": _untouched(n_due)}


def _untouched(n_due: int) -> dict[str, Any]:
    """What happened to the cases that only the worker had in hand; no instants, no keys of rows."""
    from jiesu.cases.models import Callback, Case, Supervision

    said: dict[str, Any] = {}
    numbers = [number_of(n) for n in range(0, n_due, 2)]
    for case in Case.objects.filter(number__in=numbers).order_by("number"):
        kinds = case.events.order_by("seq").values_list("kind", flat=True)
        callbacks = Callback.objects.filter(case=case).order_by("round")
        raised = Supervision.objects.filter(case=case).order_by("rule", "occasion")
        said[case.number] = [
            case.state,
            list(kinds),
            [[one.round, one.state, one.due_at.isoformat()] for one in callbacks],
            [[one.rule, one.occasion] for one in raised],
        ]
    return said


def number_of(n: int) -> str:
    """The number of the n-th case that falls due."""
    return f"due{n:06}"


def main(arguments: list[str]) -> None:
    """Run a command on the site of the environment."""
    command, *words = arguments
    if command == "worker":
        worker()
        return
    match command, words:
        case "prepare", [city, n_due, at]:
            said = prepare(Path(city), int(n_due), datetime.fromisoformat(at))
        case "calm", [city, n_due, at, as_of]:
            moments = datetime.fromisoformat(at), datetime.fromisoformat(as_of)
            said = calm(Path(city), int(n_due), *moments)
        case "settle", [journal, as_of, n_due]:
            serving.start_django(options_from(Environment(os.environ)))
            said = settle(Path(journal), datetime.fromisoformat(as_of), int(n_due))
        case _:
            raise SystemExit(f"{command} is no command of this tool")
    sys.stdout.write(json.dumps(said) + "\n")


if __name__ == "__main__":
    main(sys.argv[1:])
