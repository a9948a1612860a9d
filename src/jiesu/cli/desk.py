"""`jiesu serve`, `jiesu worker` and `jiesu manage`: the site.

One function a command; Django is imported when a command runs.
"""

import typer


def serve_command(host: str, port: int) -> None:
    from jiesu.project.serving import serve

    serve(host, port, typer.echo)


def worker_command() -> None:
    from jiesu.project.serving import work

    work(typer.echo)


def manage_command(arguments: list[str]) -> None:
    from jiesu.project.serving import manage

    manage(arguments)
