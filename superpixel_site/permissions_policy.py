"""What of a device pages of this site may use: hardly anything, so that a script that got in could not either."""

from __future__ import annotations

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse

# Passkeys, and copying a link; nothing else asks for a permission.
OURS = ("clipboard-write", "publickey-credentials-create", "publickey-credentials-get")
NOBODYS = (
    *("accelerometer", "autoplay", "bluetooth", "browsing-topics", "camera", "clipboard-read", "display-capture"),
    *("geolocation", "gyroscope", "hid", "idle-detection", "local-fonts", "magnetometer", "microphone", "midi"),
    *("payment", "screen-wake-lock", "serial", "usb", "xr-spatial-tracking"),
)
POLICY = ", ".join(sorted([f"{name}=(self)" for name in OURS] + [f"{name}=()" for name in NOBODYS]))


class PermissionsPolicyMiddleware:
    """Says so with every answer, as browsers ask for it in that of a page."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        response.headers["Permissions-Policy"] = POLICY
        return response
