"""Where a request comes from: what our own proxies say is believed, and nothing that anybody else may write."""

from __future__ import annotations

from typing import Any

import pytest
from allauth.account.adapter import get_adapter
from django.test import RequestFactory

from superpixel_site import setting_values
from superpixel_site.clients import address_of, network_of
from superpixel_site.setting_values import WrongSetting

INTERNET = "8.8.8.8"


def asked(settings: Any, proxies: str, connected: str, said: str | None) -> str:
    settings.TRUSTED_PROXIES = setting_values.proxies("TRUSTED_PROXIES", proxies.split(","))
    headers = {} if said is None else {"X-Forwarded-For": said}
    request = RequestFactory().get("/", headers=headers, REMOTE_ADDR=connected)
    assert get_adapter().get_client_ip(request) == address_of(request), "allauth must count by the same"
    return address_of(request)


@pytest.mark.parametrize(
    ("proxies", "connected", "said", "address"),
    [
        ("0", "127.0.0.1", "192.0.2.1", "127.0.0.1"),
        ("1", "127.0.0.1", "192.0.2.1", "192.0.2.1"),
        ("1", "127.0.0.1", "203.0.113.9, 192.0.2.1", "192.0.2.1"),
        ("2", "127.0.0.1", "203.0.113.9, 192.0.2.1, 10.0.0.2", "192.0.2.1"),
        ("1", "127.0.0.1", None, "127.0.0.1"),
        ("2", "127.0.0.1", "192.0.2.1", "127.0.0.1"),
        ("1", "127.0.0.1", "nonsense", "127.0.0.1"),
        ("1", "127.0.0.1", "192.0.2.1:5711", "192.0.2.1"),
        ("1", "127.0.0.1", "[2001:db8::1]:5711", "2001:db8::1"),
        ("1", "::ffff:127.0.0.1", "::ffff:192.0.2.1", "192.0.2.1"),
        ("1", "", "192.0.2.1", "192.0.2.1"),
        ("1", INTERNET, "192.0.2.1", INTERNET),
        ("127.0.0.1", "127.0.0.1", "203.0.113.9, 192.0.2.1", "192.0.2.1"),
        ("127.0.0.1,10.0.0.0/8", "127.0.0.1", "203.0.113.9, 192.0.2.1, 10.0.0.2", "192.0.2.1"),
        ("127.0.0.1", "192.0.2.7", "203.0.113.9", "192.0.2.7"),
        ("127.0.0.1,10.0.0.0/8", "127.0.0.1", "192.0.2.1, nonsense, 10.0.0.2", "10.0.0.2"),
        ("2001:db8::/32", "2001:db8::5", "192.0.2.1", "192.0.2.1"),
    ],
)
def test_only_our_own_proxies_are_believed(
    settings: Any, proxies: str, connected: str, said: str | None, address: str
) -> None:
    assert asked(settings, proxies, connected, said) == address


def test_an_ipv6_network_counts_as_one_address() -> None:
    request = RequestFactory().get("/", REMOTE_ADDR="2001:db8:1:2:3:4:5:6")
    assert (address_of(request), network_of(request)) == ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::")


@pytest.mark.parametrize("value", ["one", "-1", "10.0.0.1/8", "1,2.5"])
def test_other_values_are_refused_in_a_sentence(value: str) -> None:
    with pytest.raises(WrongSetting, match=r"Wrong setting: TRUSTED_PROXIES is '.*'\. Give how many proxies"):
        setting_values.proxies("TRUSTED_PROXIES", value.split(","))
