"""A tool that the site does not have: it selects everything near a point, whatever the level."""

from __future__ import annotations

import numpy as np

from selector.arrays import Labels
from selector.selection.geometry import Point
from selector.selection.selection import Mode, SuperpixelSelection
from selector.selection.tools import Action, Tool

RADIUS = 30


def disc(selection: SuperpixelSelection, labels: Labels, point: Point, mode: Mode) -> SuperpixelSelection:
    """Select each superpixel with a pixel at most `RADIUS` from a point."""
    rows, columns = np.indices(labels.shape)
    near = np.hypot(columns - point[0], rows - point[1]) <= RADIUS
    return selection.plus(np.isin(np.arange(selection.n_superpixels), labels[near]), mode)


DISC = Tool(
    name="disc",
    label="Disc",
    icon="circle",
    help="everything near the point",
    key="d",
    shape="point",
    action=Action(
        "disc",
        lambda selection, scene, gesture: disc(selection, scene.labels, gesture.points[0], gesture.mode),
    ),
)
