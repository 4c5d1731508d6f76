"""Places in a page that an app above may fill.

A template of `selector` must not name `gallery`, yet its workspace has a Search button. So the template has a slot,
`{% slot "workspace-search" %}`, and the app above fills it when it is loaded, from its `AppConfig.ready`. The partial
is rendered with the context of the page it stands in.
"""

from __future__ import annotations

from collections import defaultdict

_fillings: defaultdict[str, list[str]] = defaultdict(list)


def fill(slot: str, template: str) -> None:
    """Show a partial template in a slot, after those that fill it already; filling it twice shows it once."""
    if template not in _fillings[slot]:
        _fillings[slot].append(template)


def templates_in(slot: str) -> list[str]:
    """The partials to show in a slot, in order; none is no error: the app above may not be installed."""
    return list(_fillings[slot])
