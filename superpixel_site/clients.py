"""Where a request comes from: the one answer for limits, lists of sessions and whatever else asks."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address

from django.conf import settings
from django.http import HttpRequest

# Whoever has one IPv6 address mostly has all of its /64.
NETWORK_OF_ONE_PERSON = 64


def address_of(request: HttpRequest) -> str:
    """The network address of whoever sent a request, as far as the site can tell; empty if it cannot.

    Of what `X-Forwarded-For` says, only what our own proxies have added is believed: the rest anybody may write.
    `TRUSTED_PROXIES` either counts them or lists their networks. Where it counts, a client that connects from the
    internet itself is no proxy of ours, and nothing that it says is believed.
    """
    connected = _parsed(str(request.META.get("REMOTE_ADDR", "")))
    said = [_parsed(part) for part in request.headers.get("X-Forwarded-For", "").split(",")]
    proxies = settings.TRUSTED_PROXIES
    if isinstance(proxies, int):
        is_ours = connected is None or not connected.is_global
        client = said[-proxies] if is_ours and 0 < proxies <= len(said) else None
        return str(client or connected or "")
    client = connected
    while said and client is not None and any(client in network for network in proxies):
        before = said.pop()
        if before is None:
            break
        client = before
    return str(client or "")


def network_of(request: HttpRequest) -> str:
    """The address to count by: with IPv6 that of the network of which one person has every address."""
    address = address_of(request)
    parsed = _parsed(address)
    if isinstance(parsed, IPv6Address):
        return str(IPv6Network((parsed, NETWORK_OF_ONE_PERSON), strict=False).network_address)
    return address


def _parsed(text: str) -> IPv4Address | IPv6Address | None:
    """An address as proxies write it, some with a port; None for anything else."""
    text = text.strip()
    if text.startswith("["):
        text = text[1:].partition("]")[0]
    elif text.count(":") == 1:
        text = text.partition(":")[0]
    try:
        address = ip_address(text)
    except ValueError:
        return None
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return mapped or address
