"""Asking an address outside the house: only public ones, only the one that was looked at.

The name is resolved here, every address that it gives is judged, and the connection goes to a
judged one: a name that means another address a moment later changes nothing. No redirect is
followed, no proxy used, the answer's body not read.
"""

import socket
import threading
from collections.abc import Mapping
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address, ip_network
from urllib.parse import urlsplit

import httpx

from jiesu.core.texts import Text

CONNECT_SECONDS, ANSWER_SECONDS, IN_ALL_SECONDS = 5.0, 10.0, 20.0
# Of the IANA's special-purpose address registries, as of July 2024, what Python's own tables lack.
_SPECIAL = tuple(
    ip_network(one)
    for one in (
        "192.0.0.0/24",  # IETF Protocol Assignments
        "192.88.99.0/24",  # Deprecated (6to4 Relay Anycast)
        "2001::/23",  # IETF Protocol Assignments
        "3fff::/20",  # Documentation
        "5f00::/16",  # Segment Routing (SRv6) SIDs
        "fec0::/10",  # site-local, of RFC 3513: given up, and routed in some houses
    )
)
# Addresses of IPv6 that stand for one of IPv4: translated, 6to4, Teredo.
_IN_DISGUISE = tuple(IPv6Network(one) for one in ("64:ff9b::/96", "64:ff9b:1::/48", "2002::/16"))

Address = IPv4Address | IPv6Address


class AddressRefused(Exception):
    """An address that is not asked: private, or none. The text says why."""


def is_public(address: Address) -> bool:
    """Whether an address is one of the open internet."""
    if isinstance(address, IPv6Address):
        if address.ipv4_mapped is not None:
            return is_public(address.ipv4_mapped)
        if any(address in network for network in _IN_DISGUISE):
            return False
    if any(address in network for network in _SPECIAL):
        return False
    return address.is_global and not (
        address.is_multicast or address.is_reserved or address.is_unspecified
    )


def fault_of_url(url: str, *, allow_private: bool) -> Text | None:
    """What is wrong with an address that somebody gives, as far as it can be told without asking.

    `None` where nothing is. With `allow_private` it may be of the house, and without TLS.
    """
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError:
        return Text("this is no address")
    schemes = ("https", "http") if allow_private else ("https",)
    if parts.scheme not in schemes or not host or port == 0:
        return Text("write an address that begins with {scheme}://", scheme=schemes[0])
    if parts.username is not None or parts.password is not None or parts.fragment:
        return Text("write it without a name, a password and a #")
    if not url.isascii() or any(character.isspace() for character in url):
        return Text("write it in ASCII, without blanks")
    literal = _literal(host)
    if not allow_private and literal is not None and not is_public(literal):
        return Text("this is an address of a private network: it is not asked")
    return None


def _literal(host: str) -> Address | None:
    try:
        return ip_address(host.partition("%")[0])
    except ValueError:
        return None


def resolved(host: str, port: int, *, allow_private: bool) -> str:
    """The address to connect to. Raises AddressRefused where any that the name gives is private."""
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        raise AddressRefused("the name is not known") from None
    addresses = [str(entry[4][0]).partition("%")[0] for entry in found]
    if not addresses:
        raise AddressRefused("the name is not known")
    if not allow_private and not all(is_public(ip_address(one)) for one in addresses):
        raise AddressRefused("the name means a private address")
    return addresses[0]


def post(url: str, body: bytes, headers: Mapping[str, str], *, allow_private: bool) -> int:
    """Send a body; gives the status of the answer.

    Raises AddressRefused, or httpx.HTTPError where no answer came in time.
    """
    if fault := fault_of_url(url, allow_private=allow_private):
        raise AddressRefused(fault)
    parts = urlsplit(url)
    host, port = str(parts.hostname), parts.port or (443 if parts.scheme == "https" else 80)
    address = resolved(host, port, allow_private=allow_private)
    # The address in the URL is what is connected to; the name is what the certificate must bear.
    target = httpx.URL(url).copy_with(host=address, port=port)
    with httpx.Client(
        timeout=httpx.Timeout(ANSWER_SECONDS, connect=CONNECT_SECONDS),
        follow_redirects=False,
        trust_env=False,
    ) as client:
        # Somebody who answers a byte at a time keeps no thread for long.
        end = threading.Timer(IN_ALL_SECONDS, client.close)
        end.daemon = True
        end.start()
        try:
            request = client.build_request(
                "POST",
                target,
                content=body,
                headers={**headers, "Host": parts.netloc.rpartition("@")[2]},
                extensions={"sni_hostname": host},
            )
            response = client.send(request, stream=True)
            response.close()
        except RuntimeError:
            raise httpx.ReadTimeout("the answer took too long") from None
        finally:
            end.cancel()
    return response.status_code
