"""Configuration of gunicorn. Options on its command line come before these values."""

import os
from threading import Thread

from superpixel_site.machine import usable_cores

bind = f"{os.environ.get('HOST', '127.0.0.1')}:{os.environ.get('PORT', '8000')}"
workers = int(os.environ.get("WEB_CONCURRENCY", str(usable_cores())))
# Threads share the decoded label maps and the model; the kernels and the database release the GIL.
worker_class = "gthread"
threads = int(os.environ.get("WEB_THREADS", "16"))
timeout = 120  # A first search may wait for the model, when it comes before it is loaded.
graceful_timeout = 5
accesslog = None
# Supervisors restart and stop it by signals; two sites of one user would fight over a socket in their home.
control_socket_disable = True


def post_worker_init(worker: object) -> None:
    """Load in threads beside the first requests: the first search would wait ten seconds for its models."""
    from gallery.index.spaces import preload
    from selector.services.preparing import prepare

    for load in (prepare, preload):
        Thread(target=load, name=load.__name__, daemon=True).start()
