"""A small city at work: two districts, three streets, two departments, somebody in each role.

What tests of the desk have in common. Rules are those that come with jiesu, but for the
directory, which is this city's own.
"""

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from importlib.resources import files
from zoneinfo import ZoneInfo

from jiesu.cases.actions.intake import Demand, receive_case
from jiesu.cases.actor import Actor
from jiesu.cases.models import (
    Case,
    Category,
    DirectoryEntry,
    DirectoryVersion,
    Place,
    Role,
    RuleVersion,
    Unit,
    User,
)
from jiesu.cases.privacy.vault import Person
from jiesu.cases.rulebook import rules_changed
from jiesu.city.calendar_file import calendar_text, read_calendar

ZONE = ZoneInfo("Asia/Shanghai")
NOW = datetime(2022, 2, 8, 9, 0, tzinfo=ZONE).astimezone(UTC)
"""A Tuesday morning after Spring Festival."""

PHONE = "13800000000"

UNITS = (
    ("110101", "东城区", "district", None),
    ("110102", "西城区", "district", None),
    ("110101001", "东华门街道", "street", "110101"),
    ("110101002", "景山街道", "street", "110101"),
    ("110102001", "西长安街街道", "street", "110102"),
    ("D01", "住建部门", "department", None),
    ("D02", "城管部门", "department", None),
    ("E01", "供热企业", "enterprise", None),
)
CATEGORIES = (
    ("住房", "物业管理", "电梯故障"),
    ("住房", "物业管理", "停车收费"),
    ("供暖", "室温", "室温不达标"),
    ("城市管理", "市容环境", "占道经营"),
    ("交通管理", "信号灯", "信号灯故障"),
)
# Nothing is said of 交通管理: the directory's one hole.
DIRECTORY = (
    ("住房", "", "", "", "", "@street", "D01", "direct", "7d"),
    ("住房", "物业管理", "电梯故障", "", "", "@street", "", "direct", "24h"),
    ("供暖", "", "", "", "", "E01", "", "direct", "2h"),
    ("城市管理", "", "", "", "", "@street", "", "district", "15d"),
)
ELEVATOR, PARKING, HEATING, STALLS, LIGHTS = CATEGORIES


@dataclass(frozen=True)
class City:
    """The city's people as actors; `unit` has the units by code."""

    unit: dict[str, Unit]
    operator: Actor
    dispatcher: Actor
    clerk: Actor
    head: Actor
    other_clerk: Actor
    department: Actor
    enterprise: Actor
    coordinator: Actor
    other_coordinator: Actor
    caller: Actor
    evaluator: Actor
    leader: Actor
    auditor: Actor
    administrator: Actor

    def received(self, category: tuple[str, str, str] = PARKING, **more: object) -> Case:
        """A case of 东华门街道 that was received and dispatched at `NOW` (or `at`)."""
        at = more.pop("at", NOW)
        assert isinstance(at, datetime)
        made = receive_case(replace(DEMAND, category=category, **more), by=self.operator, as_of=at)  # type: ignore[arg-type]
        return made.case


DEMAND = Demand(
    channel="phone",
    kind="complaint",
    title="停车费",
    body="小区地面停车费突然上涨",
    person=Person(name="张三", phone=PHONE, address="一号楼"),
    category=PARKING,
    place="110101001",
)


def made_city() -> City:
    """Write the city into the database."""
    units: dict[str, Unit] = {}
    for code, name, kind, parent in UNITS:
        units[code] = Unit.objects.create(
            code=code, name=name, kind=kind, parent=units[parent] if parent else None
        )
    places: dict[str, Place] = {}
    for code, name, kind, parent in UNITS:
        if kind in ("district", "street"):
            places[code] = Place.objects.create(
                code=code,
                name=name,
                kind=kind,
                parent=places[parent] if parent else None,
                unit=units[code],
            )
    Place.objects.create(
        code="110101001001", name="多福巷社区", kind="community", parent=places["110101001"]
    )
    for levels in CATEGORIES:
        Category.objects.create(
            category_1=levels[0], category_2=levels[1], category_3=levels[2], labels="宜居性"
        )
    _rules()
    rules_changed()

    def actor(name: str, role: Role, unit: str = "") -> Actor:
        user = User.objects.create_user(name, role=role, unit=units.get(unit))
        return Actor.of(user, "127.0.0.1")

    return City(
        unit=units,
        operator=actor("operator", Role.OPERATOR),
        dispatcher=actor("dispatcher", Role.DISPATCHER),
        clerk=actor("clerk", Role.CLERK, "110101001"),
        head=actor("head", Role.HEAD, "110101001"),
        other_clerk=actor("other_clerk", Role.CLERK, "110102001"),
        department=actor("department", Role.CLERK, "D01"),
        enterprise=actor("enterprise", Role.CLERK, "E01"),
        coordinator=actor("coordinator", Role.COORDINATOR, "110101"),
        other_coordinator=actor("other_coordinator", Role.COORDINATOR, "110102"),
        caller=actor("caller", Role.CALLER),
        evaluator=actor("evaluator", Role.EVALUATOR),
        leader=actor("leader", Role.LEADER),
        auditor=actor("auditor", Role.AUDITOR),
        administrator=actor("administrator", Role.ADMINISTRATOR),
    )


def _rules() -> None:
    shipped = files("jiesu.city").joinpath("shipped")
    texts = {
        RuleVersion.Kind.DESK: shipped.joinpath("desk.toml").read_text("utf-8"),
        RuleVersion.Kind.POLICY: shipped.joinpath("policies/beijing.toml").read_text("utf-8"),
        RuleVersion.Kind.CALENDAR: calendar_text(read_calendar("china", ZONE, None)),
    }
    for kind, text in texts.items():
        RuleVersion.objects.create(
            kind=kind,
            name=kind.value,
            version="1",
            digest=sha256(text.encode()).hexdigest(),
            text=text,
            loaded_at=NOW - timedelta(days=30),
        )
    directory = DirectoryVersion.objects.create(
        version="2022", in_force=True, loaded_at=NOW - timedelta(days=30)
    )
    for number, line in enumerate(DIRECTORY, start=2):
        names = (
            "category_1", "category_2", "category_3", "place", "kind",
            "unit", "assist_units", "via", "limit",
        )  # fmt: skip
        DirectoryEntry.objects.create(
            directory=directory, number=number, **dict(zip(names, line, strict=True))
        )
