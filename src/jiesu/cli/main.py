"""The `jiesu` command: arguments in, one call, lines out.

Commands import what they need when they run, so that `--help` answers at once. Exit codes:
0 done, 2 bad input, 1 a fault of ours.
"""

import gc
import io
import os
import sys
import traceback
from contextlib import suppress
from pathlib import Path
from typing import Annotated, Literal, NoReturn

import typer

from jiesu.cli.audit_options import audit, keys, person
from jiesu.cli.directory import directory
from jiesu.cli.edition_options import edition
from jiesu.core.problems import InputError

app = typer.Typer(
    name="jiesu",
    help="接诉: how a city hears its residents and answers for it.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
app.add_typer(edition)
app.add_typer(directory)
app.add_typer(audit)
app.add_typer(keys)
app.add_typer(person)

Files = Annotated[
    list[str] | None,
    typer.Argument(metavar="[FILE...]", help="Files, directories or glob patterns."),
]
PeriodOption = Annotated[
    str, typer.Option("--period", help="2022-02, 2011-Q4, 2022 or 2022-01-05..2022-02-04.")
]


def main() -> NoReturn:
    """Run the command, turn errors into lines and exit codes, and leave."""
    # A run makes millions of small objects that live to its end: looking for cycles among them
    # seven hundred at a time takes a tenth of it.
    gc.set_threshold(200_000)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            # Names in Chinese must not end a run on a terminal that cannot show them.
            stream.reconfigure(errors="replace")
    code = _exit_code()
    with suppress(BrokenPipeError):
        sys.stdout.flush()
    with suppress(BrokenPipeError):
        sys.stderr.flush()
    # Everything is written and closed by now. Taking the process apart object by object would
    # cost a quarter of a second and serve nobody.
    os._exit(code)


def _exit_code() -> int:
    try:
        app()
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else int(end.code is not None)
    except InputError as error:
        for problem in error.problems:
            typer.echo(f"jiesu: {problem}", err=True)
        return 2
    except BrokenPipeError:
        # The reader of our output (such as `head`) has seen enough.
        return 0
    except KeyboardInterrupt:
        typer.echo("jiesu: stopped", err=True)
        return 130
    except Exception as error:
        # Here for what is imported: a command that ends well needs none of it.
        from jiesu.core.storage_faults import storage_problem

        if (said := storage_problem(error)) is not None:
            typer.echo(f"jiesu: {said}", err=True)
            return 2
        if os.environ.get("JIESU_DEBUG"):
            traceback.print_exc()
            return 1
        # The message of a foreign exception may hold a resident's words: only its place is shown.
        typer.echo(f"jiesu: a fault in jiesu itself ({_place(error)})", err=True)
        typer.echo("jiesu: JIESU_DEBUG=1 shows it whole; please report it", err=True)
        return 1
    return 0


def _place(error: Exception) -> str:
    last = error.__traceback__
    while last is not None and last.tb_next is not None:
        last = last.tb_next
    where = "" if last is None else f" at {last.tb_frame.f_code.co_name}:{last.tb_lineno}"
    return type(error).__name__ + where


@app.command()
def evaluate(
    period: PeriodOption,
    files: Files = None,
    city: Annotated[Path | None, typer.Option(help="A city folder.")] = None,
    profile: Annotated[str | None, typer.Option(help="Source profile: name or path.")] = None,
    policy: Annotated[str | None, typer.Option(help="Policy: name, file or folder.")] = None,
    out: Annotated[Path | None, typer.Option(help="Where to write.")] = None,
    units: Annotated[Path | None, typer.Option(help="units.csv.")] = None,
    group_by: Annotated[str, typer.Option(help="Column whose values are the units.")] = "unit",
    as_of: Annotated[
        str | None,
        typer.Option(
            help="What is known at this time (ISO 8601); default: the latest in the input."
        ),
    ] = None,
    engine: Annotated[str, typer.Option(help="Engine that counts.")] = "duckdb://",
    formats: Annotated[str, typer.Option(help="Of html,docx,pdf,xlsx; json: none of them.")] = "",
    lang: Annotated[str | None, typer.Option(help="zh or en.")] = None,
) -> None:
    """Evaluate a period: rates, scores, ranks, named lists and the bulletin."""
    from jiesu.cli.evaluate import Choices, evaluate_command
    from jiesu.cli.options import moment

    evaluate_command(
        Choices(
            files=tuple(files or ()),
            city=city,
            profile=profile,
            policy=policy,
            period=period,
            out=out,
            units=units,
            group_by=group_by,
            as_of=moment(as_of, "--as-of"),
            engine=engine,
            formats=formats,
            lang=lang,
        )
    )


@app.command("import")
def import_files(
    files: Annotated[list[str], typer.Argument(help="Files, directories or glob patterns.")],
    profile: Annotated[str, typer.Option(help="Source profile: name or path.")],
    out: Annotated[Path, typer.Option(help="Folder for the canonical Parquet files.")],
) -> None:
    """Turn files of another system into canonical Parquet."""
    from jiesu.cli.sources import import_command

    import_command(files, profile, out)


@app.command()
def profile(
    file: Annotated[Path, typer.Argument(help="An unknown file.")],
) -> None:
    """Look at a file and write a draft of its source profile."""
    from jiesu.cli.sources import profile_command

    profile_command(file)


@app.command()
def init(folder: Annotated[Path, typer.Argument(help="A new or empty folder.")]) -> None:
    """Write the template of a city folder."""
    from jiesu.cli.city import init_command

    init_command(folder)


@app.command()
def check(folder: Annotated[Path, typer.Argument(help="A city folder.")]) -> None:
    """Name every mistake in a city folder."""
    from jiesu.cli.city import check_command

    check_command(folder)


@app.command()
def synth(
    period: Annotated[str, typer.Option(help="The last month, such as 2022-02.")],
    out: Annotated[Path, typer.Option(help="A new or empty folder.")],
    months: Annotated[int, typer.Option(help="How many months, the last included.")] = 2,
    cases: Annotated[int, typer.Option(help="Cases a month.")] = 100_000,
    seed: Annotated[int, typer.Option(help="The same seed gives the same city.")] = 1,
    format: Annotated[Literal["csv", "parquet"], typer.Option(help="Of the case files.")] = "csv",
) -> None:
    """Write a synthetic city folder on Beijing's real streets."""
    from jiesu.cli.city import synth_command

    synth_command(period=period, months=months, cases=cases, seed=seed, out=out, format=format)


@app.command()
def publish(
    city: Annotated[Path, typer.Option(help="A city folder.")],
    period: PeriodOption,
    office: Annotated[
        list[str] | None,
        typer.Option(help="An office that signs, or ROLE=OFFICE: prepared, reviewed, issued."),
    ] = None,
    reason: Annotated[str, typer.Option(help="Why an edition is corrected.")] = "",
    as_of: Annotated[
        str | None, typer.Option(help="What is known at this time; default: the latest.")
    ] = None,
    formats: Annotated[str, typer.Option(help="Of html,docx,pdf,xlsx; json: none of them.")] = "",
    lang: Annotated[str | None, typer.Option(help="zh or en.")] = None,
) -> None:
    """Freeze a period's evaluation as a numbered edition."""
    from jiesu.cli.editions import publish_command
    from jiesu.cli.options import moment

    publish_command(city, period, office or [], reason, moment(as_of, "--as-of"), lang, formats)


@app.command()
def meeting(
    city: Annotated[Path, typer.Option(help="A city folder.")],
    period: Annotated[str, typer.Option(help="The month that is reviewed, such as 2022-02.")],
    out: Annotated[Path | None, typer.Option(help="Where to write.")] = None,
    draft: Annotated[bool, typer.Option("--draft", help="Only write a proposal.")] = False,
    formats: Annotated[str, typer.Option(help="Of html,docx,pdf; json: none of them.")] = "",
    lang: Annotated[str | None, typer.Option(help="zh or en.")] = None,
    jobs: Annotated[int | None, typer.Option(help="Processes that write documents.")] = None,
    as_of: Annotated[str | None, typer.Option(help="What is known at this time.")] = None,
) -> None:
    """Prepare a review meeting: the pack, bulletin, press draft, cards and notices."""
    from jiesu.cli.meeting import meeting_command
    from jiesu.cli.options import moment

    meeting_command(
        city,
        period,
        out=out,
        draft_only=draft,
        formats=formats,
        lang=lang or "",
        jobs=jobs,
        as_of=moment(as_of, "--as-of"),
    )


@app.command()
def topics(
    city: Annotated[Path, typer.Option(help="A city folder.")],
    period: PeriodOption,
    candidates: Annotated[
        bool, typer.Option("--candidates", help="Propose topics from the cases.")
    ] = False,
    out: Annotated[Path | None, typer.Option(help="Where to write.")] = None,
    formats: Annotated[str, typer.Option(help="Of html,docx,pdf,xlsx; json: none of them.")] = "",
    lang: Annotated[str, typer.Option(help="zh or en.")] = "",
) -> None:
    """Monthly topics: board, duty list, before and after; places under special governance."""
    from jiesu.cli.topics import topics_command

    topics_command(city, period, candidates=candidates, out=out, formats=formats, lang=lang)


@app.command()
def air(
    files: Files = None,
    city: Annotated[Path | None, typer.Option(help="A city folder.")] = None,
    stations: Annotated[Path | None, typer.Option(help="stations.csv.")] = None,
    until: Annotated[str | None, typer.Option(help="Last day, such as 2022-02-18.")] = None,
    period: Annotated[str | None, typer.Option(help="Or a period of the folder.")] = None,
    out: Annotated[Path | None, typer.Option(help="Where to write.")] = None,
    rules: Annotated[Path | None, typer.Option(help="air.toml.")] = None,
    time_zone: Annotated[str, typer.Option(help="Of the hours.")] = "Asia/Shanghai",
    formats: Annotated[str, typer.Option(help="Of html,docx,pdf; json: none of them.")] = "",
    lang: Annotated[str, typer.Option(help="zh or en.")] = "",
) -> None:
    """Air: means of stations, streets and districts since 1 January, and their ranks."""
    from jiesu.cli.air import air_command

    air_command(
        files=tuple(files or ()),
        city=city,
        stations=stations,
        until=until,
        period=period,
        out=out,
        rules=rules,
        time_zone=time_zone,
        formats=formats,
        lang=lang,
    )


@app.command()
def index(
    city: Annotated[Path, typer.Option(help="A city folder.")],
    year: Annotated[str, typer.Option(help="An assessment year, such as 2021.")],
    out: Annotated[Path | None, typer.Option(help="Where to write.")] = None,
    unit: Annotated[str, typer.Option(help="Make the document about this unit.")] = "",
    formats: Annotated[str, typer.Option(help="Of html,docx,pdf,xlsx; json: none of them.")] = "",
    lang: Annotated[str | None, typer.Option(help="zh or en.")] = None,
) -> None:
    """Rank districts by the index of seven haves and five natures (七有五性)."""
    from jiesu.cli.index import index_command

    index_command(city, year, out, unit, formats, lang)


@app.command()
def report(
    kind: Annotated[Literal["daily", "weekly", "monthly"], typer.Argument()],
    city: Annotated[Path, typer.Option(help="A city folder.")],
    date: Annotated[str, typer.Option(help="The day of the report, such as 2022-02-10.")],
    out: Annotated[Path | None, typer.Option(help="Default: out/reports in the folder.")] = None,
    lang: Annotated[str | None, typer.Option(help="zh or en.")] = None,
    formats: Annotated[str, typer.Option(help="Of html,docx,pdf; json: none of them.")] = "",
) -> None:
    """Report on a day (noon to noon), a week or an assessment month."""
    from jiesu.cli.reports import report_command

    report_command(kind, city, date, out, lang, formats)


@app.command()
def checkup(
    city: Annotated[Path, typer.Option(help="A city folder.")],
    period: PeriodOption,
    unit: Annotated[str | None, typer.Option(help="A unit's code or name.")] = None,
    all_units: Annotated[bool, typer.Option("--all", help="All units.")] = False,
    out: Annotated[Path | None, typer.Option(help="Where to write.")] = None,
    before: Annotated[
        Path | None, typer.Option(help="A folder of earlier health checks to follow up.")
    ] = None,
    formats: Annotated[str, typer.Option(help="Of html,docx,pdf; json: none of them.")] = "",
    lang: Annotated[str | None, typer.Option(help="zh or en.")] = None,
    jobs: Annotated[int | None, typer.Option(help="Processes that write documents.")] = None,
    as_of: Annotated[str | None, typer.Option(help="What is known at this time.")] = None,
) -> None:
    """Write health checks: what a period says of a unit among its peers."""
    from jiesu.cli.checkup import Choices, checkup_command
    from jiesu.cli.options import moment

    choices = Choices(
        city=city,
        period=period,
        unit=unit,
        all_units=all_units,
        out=out,
        before=before,
        formats=formats,
        lang=lang or "",
        jobs=jobs,
        as_of=moment(as_of, "--as-of"),
    )
    checkup_command(choices)


@app.command()
def load(
    city: Annotated[Path, typer.Option(help="A city folder.")],
    despite: Annotated[
        str, typer.Option(help="Why a directory with errors is wanted all the same.")
    ] = "",
) -> None:
    """Load a city folder's units, directory and rules into the working desk."""
    from jiesu.cli.desk_data import load_command

    load_command(city, despite)


@app.command()
def dump(city: Annotated[Path, typer.Option(help="A new folder, or a city folder.")]) -> None:
    """Write the working desk's units, directory and rules back into a city folder."""
    from jiesu.cli.desk_data import dump_command

    dump_command(city)


@app.command()
def intake(
    files: Annotated[list[str], typer.Argument(help="Files, directories or glob patterns.")],
    profile: Annotated[str, typer.Option(help="Source profile: name or path.")],
    texts: Annotated[
        list[str] | None, typer.Option(help="CSV of case_id,text: what callers said.")
    ] = None,
    out: Annotated[Path | None, typer.Option(help="Folder for the reports.")] = None,
) -> None:
    """Import another system's cases into the working desk, with their history, once."""
    from jiesu.cli.desk_demo import intake_command

    intake_command(files, profile, texts or [], out)


@app.command(hidden=True)
def demo(
    city: Annotated[Path, typer.Option(help="A folder that jiesu synth wrote.")],
    site: Annotated[Path, typer.Option(help="Where the demo's site is; made anew.")],
    cases: Annotated[int, typer.Option(help="Cases of the last month to import.", min=1)] = 6_000,
    stop: Annotated[bool, typer.Option("--stop", help="Only stop it.")] = False,
) -> None:
    """Start a working desk with made-up cases on a synthetic city, in the background."""
    from jiesu.cli.desk_demo import demo_command

    demo_command(city, site, cases, stop=stop)


@app.command()
def serve(
    host: Annotated[str, typer.Option(help="The address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="The port to listen on.", min=1, max=65535)] = 8000,
) -> None:
    """Serve the working desk; the first start makes what it needs."""
    from jiesu.cli.desk import serve_command

    serve_command(host, port)


@app.command()
def worker() -> None:
    """Do the desk's work in the background: limits, seals, notices."""
    from jiesu.cli.desk import worker_command

    worker_command()


@app.command()
def export(
    out: Annotated[Path, typer.Option(help="A new folder, or one that was exported to before.")],
) -> None:
    """Write the working desk, with its cases, into a city folder for the evaluation."""
    from jiesu.cli.desk_export import export_command

    export_command(out)


@app.command()
def ranking(
    period: Annotated[
        str | None, typer.Option(help="2022-02, 2011-Q4, ...; default: the running month.")
    ] = None,
    as_of: Annotated[str | None, typer.Option(help="What is known at this time.")] = None,
    lang: Annotated[str | None, typer.Option(help="zh or en.")] = None,
    out: Annotated[Path | None, typer.Option(help="Write evaluation.json here too.")] = None,
) -> None:
    """Show the ranking of a period from the working desk, as it stands now."""
    from jiesu.cli.desk_export import ranking_command
    from jiesu.cli.options import moment

    ranking_command(period, as_of=moment(as_of, "--as-of"), lang=lang, out=out)


@app.command(
    hidden=True,
    add_help_option=False,
    context_settings={"allow_extra_args": True, "ignore_unknown_options": True},
)
def manage(context: typer.Context) -> None:
    """Django's own commands, such as migrate and shell."""
    from jiesu.cli.desk import manage_command

    manage_command(context.args)


@app.command()
def version() -> None:
    """Print the version."""
    from importlib.metadata import version as installed

    typer.echo(installed("jiesu"))
