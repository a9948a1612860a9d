"""Who may sign in with a name and a password, and how often somebody may try.

A demo sign-in works from this machine only, through no proxy, and never in production: its password
is printed for anyone to read. Wrong passwords lock a name for an address; many from all over also a
name for browsers that it never signed in from, or an address. docs/operating.md, "Wrong passwords".
"""

from collections.abc import Callable
from typing import Any

from axes.handlers.database import AxesDatabaseHandler
from axes.helpers import get_client_username
from django.conf import settings
from django.contrib.auth.backends import ModelBackend
from django.http import HttpRequest, HttpResponse
from django.utils.crypto import salted_hmac

from jiesu.api.access import demo_may
from jiesu.api.rates import count_public, counted_public
from jiesu.cases.models import User

TIMES_OF_NAME, TIMES_OF_ADDRESS = 4, 20
"""So many times what locks a name for an address locks the name, or the address, alone."""
KNOWN_DAYS = 30
"""So long a browser is known from which somebody signed in."""
_KNOWN = "jiesu.known"


class SiteBackend(ModelBackend):
    """Django's own check of names and passwords, with the rule about demo sign-ins."""

    def authenticate(
        self,
        request: HttpRequest | None,
        username: str | None = None,
        password: str | None = None,
        **kwargs: Any,
    ) -> User | None:
        """The user of a name and a password; none where one of them is wrong or not allowed."""
        user = super().authenticate(request, username, password, **kwargs)
        if not isinstance(user, User) or not demo_may(user, request):
            return None
        return user


class SignInHandler(AxesDatabaseHandler):  # type: ignore[misc]
    """What django-axes counts, by name and address together, and either alone.

    Alone they are counted in windows of the clock, which what is refused does not make longer: a
    stranger who locks a name locks it for strangers, and until the window ends.
    """

    def is_locked(self, request: HttpRequest, credentials: dict[str, Any] | None = None) -> bool:
        """Whether a name and a password are not even looked at."""
        if super().is_locked(request, credentials):
            return True
        name, limits = _name(request, credentials), settings.JIESU.limits
        if _is_known(request, name):
            return False
        return any(
            counted_public(kind, subject, limits.sign_in_lock_minutes * 60)
            >= limits.sign_in_failures * times
            for kind, subject, times in _alone(request, name)
        )

    def user_login_failed(
        self,
        sender: object,
        credentials: dict[str, Any],
        request: HttpRequest | None = None,
        **kwargs: Any,
    ) -> None:
        """Count a wrong password, and not what was refused unseen."""
        refused = request is None or request.axes_locked_out  # type: ignore[attr-defined]
        super().user_login_failed(sender, credentials, request, **kwargs)
        if request is None or refused:
            return
        for kind, subject, _ in _alone(request, _name(request, credentials)):
            count_public(kind, subject, settings.JIESU.limits.sign_in_lock_minutes * 60)

    def user_logged_in(
        self, sender: object, request: HttpRequest, user: User, **kwargs: Any
    ) -> None:
        """Let the browser be known."""
        super().user_logged_in(sender, request, user, **kwargs)
        request.known_as = user.get_username()  # type: ignore[attr-defined]


class KnownBrowsers:
    """Middleware that lets a browser show later that somebody signed in from it.

    In a cookie of its own for each name, which outlasts the session and holds no name.
    """

    def __init__(self, following: Callable[[HttpRequest], HttpResponse]) -> None:
        self.following = following

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.following(request)
        name = getattr(request, "known_as", None)
        if name is not None:
            response.set_signed_cookie(
                _cookie(name),
                "1",
                salt=_KNOWN,
                max_age=KNOWN_DAYS * 24 * 3600,
                secure=settings.JIESU.production,
                httponly=True,
                samesite="Lax",
            )
        return response


def _is_known(request: HttpRequest, name: str) -> bool:
    age = KNOWN_DAYS * 24 * 3600
    shown = request.get_signed_cookie(_cookie(name), default="", salt=_KNOWN, max_age=age)
    return bool(shown)


def _cookie(name: str) -> str:
    return f"jiesu_{salted_hmac(_KNOWN, name, algorithm='sha256').hexdigest()[:24]}"


def _name(request: HttpRequest, credentials: dict[str, Any] | None) -> str:
    return str(get_client_username(request, credentials) or "")


def _alone(request: HttpRequest, name: str) -> tuple[tuple[str, str, int], ...]:
    """Kind, subject and times of what is counted beside the two together."""
    address = str(request.META.get("REMOTE_ADDR") or "unknown")
    return ("name", name, TIMES_OF_NAME), ("address", address, TIMES_OF_ADDRESS)
