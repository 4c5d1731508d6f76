"""The tools of the stage: what the button of each shows, how it is drawn, and what it does.

To add a tool, write its function in `gestures` and add an entry to `TOOLS`. The toolbar, the form that checks what a
browser posts, and the service that applies it follow from this list.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

import numpy as np
import numpy.typing as npt

from selector.arrays import Cut, Labels, Parents
from selector.selection.geometry import Point
from selector.selection.gestures import cover, grow, paint, shrink, similar, toggle
from selector.selection.objects.evidence import Start
from selector.selection.selection import Mode, SuperpixelSelection

Shape: TypeAlias = Literal["point", "stroke", "lasso", "rectangle", "object"]
"""How a tool is drawn: a click, a line, an outline, or from one corner to the opposite one; or any of them."""


@dataclass(frozen=True, kw_only=True)
class Gesture:
    """What a person does once, with a tool or a button.

    Attributes
    ----------
    tool : str
        The name of an `Action`, or one of `COMMANDS`.
    mode : {"include", "exclude"}
    level : int
        How many regions the photo is shown in.
    points : sequence of (x, y)
        In pixels of the working copy; at least one for an action, of no meaning for a command.
    remove : bool
        Take away what would be selected.
    everywhere : bool
        Do not stop at what borders on the point.
    node : int, optional
        The node of the merge tree that is meant as the region under the first point, whatever the level.
    start : {"box", "loop", "stroke", "tap"}, optional
        How an object is begun; empty for what begins none.
    instead_of : int
        The number of the click whose step goes, as it was the first half of a double click; 0 where there is none.
    tab, number : str, int
        Where and as which it was made. A gesture that is sent twice is applied once.
    """

    tool: str
    mode: Mode
    level: int
    points: Sequence[Point] = ()
    remove: bool = False
    everywhere: bool = False
    node: int | None = None
    start: Start | Literal[""] = ""
    instead_of: int = 0
    tab: str = ""
    number: int = 0


@dataclass(frozen=True)
class Scene:
    """What a gesture is made on.

    Attributes
    ----------
    labels : uint16 ndarray, shape (H, W)
    cut : uint16 ndarray, shape (n,)
        At the level of the gesture.
    parents : uint16 ndarray, shape (2n - 1,)
    colours : function that returns a float ndarray, shape (n, 3)
        The mean colour of each superpixel in CIELAB. Only called by actions that need it, as it may take a while.
    """

    labels: Labels
    cut: Cut
    parents: Parents
    colours: Callable[[], npt.NDArray[np.floating[Any]]]


@dataclass(frozen=True)
class Action:
    """What a tool does.

    Attributes
    ----------
    name : str
        Posted as `tool`.
    apply : function
        From the selection before, the scene and the gesture to the selection after.
    """

    name: str
    apply: Callable[[SuperpixelSelection, Scene, Gesture], SuperpixelSelection]


@dataclass(frozen=True, kw_only=True)
class Tool:
    """One of the tools to choose from.

    Attributes
    ----------
    name : str
        Unlike that of all other tools.
    label : str
        Beside the icon.
    icon : str
        A name from lucide.
    help : str
        What it does, as the tooltip says it.
    key : str
        The letter that chooses it, in lower case.
    shape : Shape
    action : Action
    alt_field : str
        What is posted too while Alt is held, as "name=value": a field of `Gesture`.
    shifted : Action, optional
        What it does instead while Shift is held.
    shifted_field : str
        What is posted too while Shift is held, as "name=value".
    on_enter : Action, optional
        What the Enter key does, where that is not what a click does: no key draws a lasso.
    """

    name: str
    label: str
    icon: str
    help: str
    key: str
    shape: Shape
    action: Action
    alt_field: str = ""
    shifted: Action | None = None
    shifted_field: str = ""
    on_enter: Action | None = None

    @property
    def title(self) -> str:
        """The tooltip."""
        return f"{self.label}: {self.help} ({self.key.upper()})"


TOGGLE = Action(
    "toggle",
    lambda selection, scene, gesture: toggle(selection, scene.labels, scene.cut, gesture.points, gesture.mode),
)
PAINT = Action(
    "paint",
    lambda selection, scene, gesture: paint(
        selection, scene.labels, scene.cut, gesture.points, gesture.mode, add=not gesture.remove
    ),
)
COVER = Action(
    "cover",
    lambda selection, scene, gesture: cover(
        selection, scene.labels, scene.cut, gesture.points, gesture.mode, add=not gesture.remove
    ),
)
GROW = Action(
    "grow",
    lambda selection, scene, gesture: grow(
        selection,
        scene.labels,
        scene.cut,
        gesture.points[0],
        gesture.mode,
        parents=scene.parents,
        colours=scene.colours(),
    ),
)
SHRINK = Action(
    "shrink",
    lambda selection, scene, gesture: shrink(
        selection,
        scene.labels,
        gesture.points[0],
        gesture.mode,
        parents=scene.parents,
        cut=scene.cut,
        colours=scene.colours(),
    ),
)
SIMILAR = Action(
    "similar",
    lambda selection, scene, gesture: similar(
        selection,
        scene.labels,
        scene.cut,
        gesture.points[0],
        gesture.mode,
        colours=scene.colours(),
        everywhere=gesture.everywhere,
    ),
)

# What is begun, and what refines it: these need the object in hand (`selector.services.objects`).
BEGIN, CORRECT = "object", "correct"
# What buttons make of the object in hand, or of all that is selected where none is.
LARGER, SMALLER, GROW_TO_OBJECT = "larger", "smaller", "grow_to_object"
OBJECT_TOOLS = (BEGIN, CORRECT, LARGER, SMALLER, GROW_TO_OBJECT)

# In the order of the toolbar; the first is chosen at first, and is what a page without JavaScript posts.
TOOLS: tuple[Tool, ...] = (
    Tool(
        name="object",
        label="Object",
        icon="scan-search",
        help="circle a thing or draw over it; a click selects a region, a double click the thing around it",
        key="w",
        shape="object",
        action=TOGGLE,
    ),
    Tool(
        name="toggle",
        label="Click",
        icon="mouse-pointer-click",
        help="select regions one by one",
        key="c",
        shape="point",
        action=TOGGLE,
    ),
    Tool(
        name="paint",
        label="Brush",
        icon="brush",
        help="paint over regions; Alt removes",
        key="b",
        shape="stroke",
        action=PAINT,
        alt_field="remove=true",
    ),
    Tool(
        name="lasso",
        label="Lasso",
        icon="lasso",
        help="draw around regions; Alt removes",
        key="l",
        shape="lasso",
        action=COVER,
        alt_field="remove=true",
        on_enter=TOGGLE,
    ),
    Tool(
        name="rectangle",
        label="Rectangle",
        icon="square-dashed",
        help="drag over regions; Alt removes",
        key="r",
        shape="rectangle",
        action=COVER,
        alt_field="remove=true",
        on_enter=TOGGLE,
    ),
    Tool(
        name="grow",
        label="Grow",
        icon="circle-fading-plus",
        help="each click takes in the next of what lies around, which is lit before; Shift-click goes back",
        key="g",
        shape="point",
        action=GROW,
        shifted=SHRINK,
    ),
    Tool(
        name="similar",
        label="Similar",
        icon="wand-sparkles",
        help="add the regions around that look like this one; Shift-click: everywhere",
        key="s",
        shape="point",
        action=SIMILAR,
        shifted_field="everywhere=on",
    ),
)
# What Alt and Shift do, for the button that stands for them: fingers have neither.
OTHER_WAY = "Brush, Lasso and Rectangle remove, Grow goes back, Similar looks everywhere"

# What buttons do without a point. "show" changes nothing: it is what Enter means in a form, and how a page without
# JavaScript asks for another level.
COMMANDS = ("undo", "redo", "clear", "invert", "show", LARGER, SMALLER, GROW_TO_OBJECT)


def actions() -> dict[str, Action]:
    """What can be posted as `tool`, but for `COMMANDS`, by name."""
    found = [action for tool in TOOLS for action in (tool.action, tool.shifted, tool.on_enter) if action]
    return {action.name: action for action in found}
