"""A web process as the site runs it, but with an application and limits for tests: `python -m ... LIMITS_AS_JSON`."""

from __future__ import annotations

import json
import signal
import sys
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from superpixel_site.web_server import sockets
from superpixel_site.web_server.limits import Limits
from superpixel_site.web_server.server import Server

served: list[str] = []
server: Server


def application(environ: dict[str, Any], start_response: Callable[..., object]) -> Iterable[bytes]:
    path, query = environ["PATH_INFO"], environ["QUERY_STRING"]
    body = b""
    if path == "/state":
        state = {
            "served": served,
            "held": sum(channel.held_bytes for channel in server.active_channels.values()),
            "connections": len(server.active_channels),
            "prefix": environ["SCRIPT_NAME"],
            "forwarded": environ.get("HTTP_X_FORWARDED_PROTO"),
        }
        body = json.dumps(state).encode()
    else:
        served.append(f"{path}?{query}")
        if path == "/size":
            body = str(len(environ["wsgi.input"].read())).encode()
        elif path == "/large":
            body = bytes(64 * 2**20)
        elif path == "/wait":  # for a file to appear, or its client to go
            with Path(f"{query}.begun").open("a") as begun:
                begun.write("1")
            while not Path(query).exists() and not environ["waitress.client_disconnected"]():
                time.sleep(0.01)
            body = b"waited"
            served.append(f"waited {Path(query).exists()}")
        else:
            body = path.encode()
    start_response("200 OK", [("Content-Type", "text/plain"), ("Content-Length", str(len(body)))])
    return [body]


if __name__ == "__main__":
    options = json.loads(sys.argv[1])
    listening = sockets.bind(options.pop("host", "127.0.0.1"), 0, Path("/nowhere"))
    prefix, threads = options.pop("prefix", ""), options.pop("threads", 2)
    server = Server(application, listening, threads=threads, limits=Limits(**options), url_prefix=prefix)
    signal.signal(signal.SIGTERM, server.stop)
    print(listening.getsockname()[1], flush=True)
    server.run()
    print("stopped in order")
