"""Settings with which a site must not start, each with its remedy, all at once.

Judges the options, the files that they name and, once Django is up, who may sign in. Some rules
hold everywhere, most in production only.
"""

import stat
from collections.abc import Iterator
from dataclasses import replace
from ipaddress import ip_address
from pathlib import Path

from jiesu.cases.privacy.keys import TEXT_VARIABLE, parse_ring, read_ring
from jiesu.core.problems import InputError, Problem
from jiesu.project.options import LOOPBACK_HOSTS, Options

SHORTEST_SECRET = 32
FEWEST_CHARACTERS = 10
ENCRYPTED = ("require", "verify-ca", "verify-full")
WIDEST_NETWORK = 2**24


def require_safe(options: Options, host: str = "localhost") -> None:
    """Raise InputError when a site with these options must not start (listening on `host`)."""
    problems = [*options.unknown, *mode_problems(options), *address_problems(options, host)]
    if options.production:
        problems += [*setting_problems(options), *file_problems(options)]
    problems += key_problems(options)
    if problems:
        raise InputError(problems)


def mode_problems(options: Options) -> Iterator[Problem]:
    """A site that others reach is in production."""
    foreign = [host for host in options.hosts if host not in LOOPBACK_HOSTS]
    if foreign and not options.production:
        what = f"{', '.join(foreign)} is served outside production"
        yield Problem("JIESU_MODE", "", what, "set JIESU_MODE=production, or remove the host")


def address_problems(options: Options, host: str) -> Iterator[Problem]:
    """Outside production nobody but this machine is answered."""
    if not options.production and not is_loopback(host):
        what = f"{host} can be reached from other machines, and this is not production"
        yield Problem("--host", "", what, "listen on 127.0.0.1, or set JIESU_MODE=production")


def is_loopback(host: str) -> bool:
    """Whether an address or name means this machine alone."""
    try:
        return ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return host == "localhost"


def key_problems(options: Options) -> Iterator[Problem]:
    """What is wrong with the key ring, where there is one: at the start, not at its first use."""
    name = TEXT_VARIABLE if options.keys_text else str(options.keys_file)
    try:
        if options.keys_text:
            parse_ring(options.keys_text, file=name)
        elif options.keys_file.exists():
            read_ring(options.keys_file)
    except InputError as error:
        yield from (replace(problem, file=name) for problem in error.problems)


def setting_problems(options: Options) -> Iterator[Problem]:
    """What production asks of the settings themselves."""
    if options.debug:
        what = "error pages would show residents' data"
        yield Problem("JIESU_DEBUG", "", what, "remove it")
    secret = options.secret_key
    if secret and is_weak(secret):
        what = "the secret can be guessed"
        yield Problem("JIESU_SECRET_KEY", "", what, "remove it: the first start makes a good one")
    if "*" in options.hosts:
        what = "* lets anyone give the site another name"
        yield Problem(
            "JIESU_ALLOWED_HOSTS", "", what, "name the hosts, such as 12345.example.gov.cn"
        )
    elif all(host in LOOPBACK_HOSTS for host in options.hosts):
        what = "no name of the site is set"
        yield Problem(
            "JIESU_ALLOWED_HOSTS", "", what, "name the hosts, such as 12345.example.gov.cn"
        )
    if options.public_url and not options.public_url.startswith("https://"):
        what = "residents would answer without encryption"
        yield Problem("JIESU_PUBLIC_URL", "", what, "write an address that begins with https://")
    for network in options.trusted_proxies:
        if network.num_addresses > WIDEST_NETWORK:
            what = f"{network} lets half the world say who calls"
            yield Problem("JIESU_TRUSTED_PROXIES", "", what, "name the proxy's own address")
    yield from _database_problems(options)


def _database_problems(options: Options) -> Iterator[Problem]:
    host = options.database.get("HOST", "")
    if options.embedded or not host or host.startswith("/") or is_loopback(host):
        return
    if options.database["OPTIONS"].get("sslmode") not in ENCRYPTED:
        what = "the way to the database is not encrypted"
        yield Problem("JIESU_DATABASE_URL", "", what, "add ?sslmode=verify-full to it")


def is_weak(secret: str) -> bool:
    """Whether a secret is short, of few characters, or one from a template."""
    return (
        len(secret) < SHORTEST_SECRET
        or len(set(secret)) < FEWEST_CHARACTERS
        or secret.startswith("django-insecure-")
    )


def file_problems(options: Options) -> Iterator[Problem]:
    """Files and folders of the site that other users of the machine can read."""
    folders = [options.data]
    files = [options.secret_key_file, options.seals_file]
    if options.keys_text:
        # Else it is read, and refused by that.
        files.append(options.keys_file)
    if options.embedded:
        files.append(Path(options.database["NAME"]))
        folders.append(files[-1].parent)
    for path in dict.fromkeys((*folders, *files)):
        if path.exists() and stat.S_IMODE(path.stat().st_mode) & 0o077:
            mode = "700" if path.is_dir() else "600"
            what = "other users of this machine can read it"
            yield Problem(str(path), "", what, f"run: chmod {mode} {path}")


def require_safe_accounts(options: Options) -> None:
    """Raise InputError when demo sign-ins are in a production database. Needs Django."""
    from django.contrib.auth import get_user_model

    if options.production and get_user_model().objects.filter(demo=True).exists():
        what = "it holds demo sign-ins, whose passwords anyone can read"
        raise InputError(Problem("the database", "", what, "start with another database"))
