"""Starting the site and ending it: the server with its processes and threads, and the worker.

A signal ends everything within five seconds. What a first start makes is in `first_start`, what
is refused in `safety`.
"""

import multiprocessing
import os
import signal
import socket
import threading
from collections.abc import Callable
from time import monotonic
from types import FrameType
from typing import Any

from jiesu.core.problems import InputError, Problem
from jiesu.project import first_start, safety
from jiesu.project.environment import Environment
from jiesu.project.first_start import Say
from jiesu.project.logs import logging_settings
from jiesu.project.options import Options, options_from

SETTINGS = "jiesu.project.settings"
# Requests under way may end; then the processes are killed.
GRACE_SECONDS = 3
LAST_SECONDS = 4.5
# A killed server's processes see its end and free the port a moment later.
PORT_SECONDS = 3.0
# Threads keep their database connections between requests; an idle one is given up after this.
THREAD_IDLE_SECONDS = 600


def serve(host: str, port: int, say: Say) -> None:
    """Make what is missing, then answer requests until a signal. Raises InputError to refuse."""
    options = options_from(Environment(os.environ))
    safety.require_safe(options, host)
    first_start.make_data_folder(options)
    held = (first_start.lock_database(options), first_start.hold_keys(options))
    _wait_for_port(host, port)
    options = open_site(say)
    first_start.make_static_files()
    _close_connections()
    say(f"Serving on http://{host}:{port} (Ctrl-C ends)")
    _run_server(options, host, port)
    for file in filter(None, held):
        file.close()


def open_site(say: Say) -> Options:
    """Django on a site with everything that it needs, made where it is missing.

    For every command that reads or writes a site. Raises InputError to refuse.
    """
    options = options_from(Environment(os.environ))
    first_start.make_data_folder(options)
    options = start_django(options)
    first_start.make_site(options, say)
    return options


def start_django(options: Options) -> Options:
    """Set Django up with a secret that lasts; the options as they are then.

    Raises InputError when the site must not start.
    """
    safety.require_safe(options)
    first_start.make_secret(options)
    os.environ["DJANGO_SETTINGS_MODULE"] = SETTINGS
    import django
    from django.conf import settings

    django.setup()
    made: Options = settings.JIESU
    # Again: it now has a secret and files.
    safety.require_safe(made)
    return made


def _wait_for_port(host: str, port: int) -> None:
    """Raise InputError when another program listens there.

    The server's own sockets share a port with any other of this user, so that two sites would
    answer in turn without a word.
    """
    end = monotonic() + PORT_SECONDS
    waiting = threading.Event()
    while True:
        try:
            family, kind, protocol, _, address = socket.getaddrinfo(
                host, port, type=socket.SOCK_STREAM
            )[0]
            with socket.socket(family, kind, protocol) as probe:
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                probe.bind(address)
                return
        except OSError as error:
            if monotonic() > end:
                what = f"cannot be listened on ({error.strerror})"
                remedy = "stop what listens there, or choose another --port"
                raise InputError(Problem(f"{host}:{port}", "", what, remedy)) from error
        waiting.wait(0.1)


def _close_connections() -> None:
    from django.db import connections

    connections.close_all()


def _run_server(options: Options, host: str, port: int) -> None:
    from granian import Granian
    from granian.constants import HTTPModes, Interfaces
    from granian.log import LogLevels

    # A fresh interpreter each: nothing of this process (locks, sockets) is inherited.
    multiprocessing.set_start_method("spawn", force=True)
    server = Granian(
        "jiesu.project.wsgi:application",
        address=host,
        port=port,
        interface=Interfaces.WSGI,
        workers=1 if options.embedded else options.processes,
        blocking_threads=options.threads,
        blocking_threads_idle_timeout=THREAD_IDLE_SECONDS,
        http=HTTPModes.http1,
        websockets=False,
        workers_kill_timeout=GRACE_SECONDS,
        respawn_failed_workers=True,
        log_level=LogLevels.warning,
        log_dictconfig=logging_settings(options.log_level),
    )

    @server.on_startup
    def hear_signals() -> None:
        end_by_signal(server.signal_handler_interrupt)

    server.serve(target_loader=load_application, wrap_loader=False)


def end_by_signal(end: Callable[[], Any]) -> None:
    """On SIGTERM and Ctrl-C call `end`; should that not do, kill what this process has started."""

    def hear(number: int, frame: FrameType | None) -> None:
        last = threading.Timer(LAST_SECONDS, _kill_all)
        last.daemon = True
        last.start()
        end()

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, hear)


def _kill_all() -> None:
    for child in multiprocessing.active_children():
        child.kill()
    os._exit(1)


def load_application() -> Any:
    """The application, in a process of the server, which ends when the server is killed."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        threading.Thread(target=_end_with, args=(parent,), daemon=True).start()
    from jiesu.project.wsgi import application

    return application


def _end_with(parent: Any) -> None:
    parent.join()
    os._exit(1)


def work(say: Say) -> None:
    """Do what is due in the background until a signal; the job under way is ended first."""
    options = options_from(Environment(os.environ))
    if not options.data.is_dir():
        what = "there is no site here yet"
        raise InputError(Problem(str(options.data), "", what, "start it: jiesu serve"))
    os.umask(0o077)
    with first_start.hold_keys(options):
        _work(options, say)


def _work(options: Options, say: Say) -> None:
    options = start_django(options)
    from jiesu.project.health import require_migrated

    require_migrated()
    safety.require_safe_accounts(options)
    from jiesu.cases.jobs import run_worker

    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda number, frame: stop.set())
    say("Working (Ctrl-C ends)")
    run_worker(stop)


def manage(arguments: list[str]) -> None:
    """Django's own commands on this site, for those who develop and repair it."""
    os.environ["DJANGO_SETTINGS_MODULE"] = SETTINGS
    from django.core.management import execute_from_command_line
    from django.db import OperationalError

    try:
        execute_from_command_line(["jiesu manage", *arguments])
    except OperationalError as error:
        raise first_start.no_database(error) from error
