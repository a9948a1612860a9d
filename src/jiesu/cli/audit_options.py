"""Arguments of `jiesu audit`, `jiesu keys` and `jiesu person`; what they do is in `desk_audit`."""

from pathlib import Path
from typing import Annotated, Literal

import typer


def _group(name: str, said: str) -> typer.Typer:
    return typer.Typer(
        name=name,
        help=said,
        no_args_is_help=True,
        pretty_exceptions_enable=False,
        rich_markup_mode=None,
    )


audit = _group("audit", "Prove the history: verify.")
keys = _group("keys", "The keys of personal data and seals: list, rotate, renew, drop.")
person = _group("person", "What is held of one person: export, erase.")

Reason = Annotated[str, typer.Option(help="Why, in words; kept with the case.")]


@audit.callback()
def _audit() -> None:
    """Prove the history: verify."""


@audit.command()
def verify(
    case: Annotated[str, typer.Option(help="The number of one case; default: all.")] = "",
    files: Annotated[
        bool,
        typer.Option(
            "--files",
            help="Read what the attached files hold too, as fast as the disk gives it; without it "
            "only whether they are there and as long as they were.",
        ),
    ] = False,
) -> None:
    """Find whatever was changed, moved or removed; exit with 2 if anything was."""
    from jiesu.cli.desk_audit import verify_command

    verify_command(case, files=files)


@keys.command("list")
def list_keys(
    uses: Annotated[bool, typer.Option("--uses", help="Count what needs each key.")] = False,
) -> None:
    """Show the keys, never their secrets."""
    from jiesu.cli.desk_audit import list_keys_command

    list_keys_command(uses)


@keys.command()
def rotate(
    purpose: Annotated[Literal["encryption", "hash", "seal"], typer.Argument()],
) -> None:
    """Add a new key to the ring; new data are made with it."""
    from jiesu.cli.desk_audit import rotate_command

    rotate_command(purpose)


@keys.command()
def renew() -> None:
    """Make everything anew with the newest keys, beside the running site."""
    from jiesu.cli.desk_audit import renew_command

    renew_command()


@keys.command()
def drop(key: Annotated[str, typer.Argument(metavar="ID")]) -> None:
    """Take an old key that nothing needs out of the ring."""
    from jiesu.cli.desk_audit import drop_command

    drop_command(key)


@person.command("export")
def export_person(
    out: Annotated[Path, typer.Option(help="A new ZIP file.")],
    reason: Reason,
) -> None:
    """Write everything that is held of a caller; asks for the phone number."""
    from jiesu.cli.desk_audit import export_person_command

    export_person_command(out, reason)


@person.command("erase")
def erase_person(
    cause: Annotated[Literal["request", "order", "mistake"], typer.Option(help="Why.")],
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask again.")] = False,
) -> None:
    """Erase what is personal of a caller's ended cases; asks for the phone number."""
    from jiesu.cli.desk_audit import erase_person_command

    erase_person_command(cause, yes)
