"""Selections as programs read and write them."""

from __future__ import annotations

import datetime
import uuid
from collections.abc import Collection
from typing import Annotated, Literal, Self

import numpy as np
from django.http import HttpRequest
from ninja import Field, Schema
from pydantic import AfterValidator, WithJsonSchema, model_validator

from api.answers import expected_etags
from api.masks import Box, Line, Point, Rle, box_of, pixels_in, superpixels_in
from selector.arrays import Labels, Members
from selector.models import LabelMap, Selection
from selector.rendering.masks import region_mask
from selector.segmentation.slic import MAX_SUPERPIXELS
from selector.segmentation.superpixels import area_share
from selector.selection import tools
from selector.selection.selection import Mode, SuperpixelSelection
from selector.selection.tools import Gesture
from selector.selection.tree import node_members
from selector.services import label_maps
from selector.services.label_maps import Segmentation
from selector.services.selecting import Report
from selector.web.forms import OPENING_LEVEL, gesture_names
from superpixel_site.refusals import Refusal

CHANGED = "This selection has changed since you read it. Read it again, then change it."
ONE_WAY = "Say in one way what to select: by superpixels, a mask, a polygon or a node."
NO_SUCH_SUPERPIXEL = "This photo has no such superpixel: they are counted from 0."
NO_SUCH_NODE = "node: The merge tree of this photo has no such node."
POINTS_NEEDED = "Say where: by points or a box."
BOX_NEEDS = "A box goes with the tools object and cover."

TOOL_NAMES = [name for name, _ in gesture_names() if name != "show"]


def _known(name: str) -> str:
    if name not in TOOL_NAMES:
        raise ValueError(f"tool: There are {', '.join(TOOL_NAMES)}.")
    return name


ToolName = Annotated[str, AfterValidator(_known), WithJsonSchema({"type": "string", "enum": TOOL_NAMES})]
SuperpixelIds = Annotated[list[Annotated[int, Field(ge=0, lt=MAX_SUPERPIXELS)]], Field(max_length=MAX_SUPERPIXELS)]


class SelectionOut(Schema):
    """What you have selected on a photo."""

    photo: uuid.UUID
    label_map: int = Field(description="Which superpixels these are: turning a photo makes another.")
    revision: str = Field(description="Also the ETag, for `If-Match`.")
    n_superpixels: int
    included: list[int] = Field(description="Superpixels.")
    excluded: list[int]
    mask: Rle | None = Field(None, description="What is included; null without `masks`.")
    excluded_mask: Rle | None = None
    box: tuple[int, int, int, int] | None = Field(
        None,
        description="Left, top, right, bottom of what is included, the last two excluded; null without `masks`.",
    )
    share: float = Field(description="Of the photo that is included, 0 to 1.")
    can_undo: bool
    can_redo: bool
    description: str = Field(description="How much is selected, as a sentence.")
    sentence: str = Field("", description="What a gesture did.")
    updated: datetime.datetime | None = Field(description="Null while nothing was ever selected.")

    @classmethod
    def of(cls, report: Report, *, masks: bool = True) -> Self:
        """A selection as the interface tells it."""
        selection, state = report.selection, report.state
        segmentation = label_maps.load(selection.label_map)
        included = region_mask(segmentation.labels, state.included) if masks else None
        return cls(
            photo=selection.label_map.photo_id,
            label_map=selection.label_map_id,
            revision=revision_of(selection),
            n_superpixels=state.n_superpixels,
            included=np.flatnonzero(state.included).tolist(),
            excluded=np.flatnonzero(state.excluded).tolist(),
            share=area_share(state.included, segmentation.areas),
            can_undo=selection.can_undo,
            can_redo=selection.can_redo,
            description=report.description,
            sentence=report.sentence,
            updated=selection.updated if selection.pk else None,
            mask=None if included is None else Rle.of(included),
            excluded_mask=_packed(segmentation.labels, state.excluded) if masks else None,
            box=None if included is None else box_of(included),
        )


class NewSelection(Schema):
    """What is to be selected, said in one of several ways."""

    included: SuperpixelIds | None = Field(None, description="Superpixels.", examples=[[4, 5, 6]])
    excluded: SuperpixelIds | None = Field(None, description="Superpixels: with or without `included`.")
    mask: Rle | None = Field(
        None, description="Superpixels of which more than half lies in it. It may be of any size: that of the original."
    )
    polygon: Line | None = Field(None, description="Corners, in pixels of the working copy.")
    node: int | None = Field(None, ge=0, lt=2 * MAX_SUPERPIXELS, description="A node of the merge tree.")
    mode: Mode = Field("include", description="What a mask, polygon or node is for.")
    how: Literal["replace", "add", "remove"] = Field("replace", description="What becomes of what was selected.")

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        by_number = self.included is not None or self.excluded is not None
        others = [self.mask, self.polygon, self.node]
        if by_number + sum(given is not None for given in others) != 1:
            raise ValueError(ONE_WAY)
        return self

    def on(self, label_map: LabelMap, before: SuperpixelSelection) -> SuperpixelSelection:
        """The selection on a photo after this.

        Raises
        ------
        Refusal
            For superpixels or a node that the photo has not, a mask that cannot be read, or corners outside.
        """
        n = label_map.n_superpixels
        if self.included is not None or self.excluded is not None:
            parts: list[tuple[Mode, Members]] = [
                ("include", _numbered(self.included or [], n)),
                ("exclude", _numbered(self.excluded or [], n)),
            ]
        else:
            parts = [(self.mode, self._members(label_maps.load(label_map)))]
        after = SuperpixelSelection.empty(n) if self.how == "replace" else before
        for mode, members in parts:
            after = after.minus(members, mode) if self.how == "remove" else after.plus(members, mode)
        return after

    def _members(self, segmentation: Segmentation) -> Members:
        tree, labels = segmentation.hierarchy, segmentation.labels
        if self.node is not None:
            if self.node >= len(tree.parents):
                raise Refusal(NO_SUCH_NODE, 422, "")
            return node_members(tree.parents, self.node)
        mask = self.mask.unpacked() if self.mask else pixels_in(labels, self.polygon or [])
        return superpixels_in(labels, tree.n_superpixels, mask)


class NewGesture(Schema):
    """What a person does once in the workspace, with a tool or a button."""

    tool: ToolName = Field("object", description="Of the toolbar, or what a button does.")
    mode: Mode = "include"
    level: int = Field(
        OPENING_LEVEL, ge=1, le=MAX_SUPERPIXELS, description="In how many regions the photo is shown: the detail."
    )
    points: Line = Field([], description="x and y in pixels of the working copy.", examples=[[[120.5, 80]]])
    box: Box | None = Field(None, description="Left, top, right, bottom, instead of points.")
    start: Literal["box", "loop", "stroke", "tap"] | None = Field(
        None,
        description="How the object tool is used; by default a box if there is one, a stroke of several points.",
    )
    remove: bool = Field(False, description="Take away, as with Alt.")
    everywhere: bool = Field(False, description="similar: all over the photo, as with Shift.")
    node: int | None = Field(
        None, ge=0, lt=2 * MAX_SUPERPIXELS, description="Of the merge tree: the region meant at the first point."
    )

    @model_validator(mode="after")
    def _says_where(self) -> Self:
        if self.box is not None and self.tool not in ("cover", tools.BEGIN):
            raise ValueError(BOX_NEEDS)
        if self.tool not in tools.COMMANDS and not self.points and self.box is None:
            raise ValueError(POINTS_NEEDED)
        return self

    def as_gesture(self) -> Gesture:
        """The gesture as the workspace makes it."""
        starts = self.start or ("box" if self.box else "stroke" if len(self.points) > 1 else "tap")
        return Gesture(
            tool=self.tool,
            mode=self.mode,
            level=self.level,
            points=self._points(),
            remove=self.remove,
            everywhere=self.everywhere,
            node=self.node,
            start=starts if self.tool == tools.BEGIN else "",
        )

    def _points(self) -> list[Point]:
        if self.box is None:
            return self.points
        left, top, right, bottom = self.box
        if self.tool == tools.BEGIN:
            return [(left, top), (right, bottom)]
        return [(left, top), (right, top), (right, bottom), (left, bottom)]


def _packed(labels: Labels, members: Members) -> Rle:
    """The mask of superpixels, which are mostly none."""
    return Rle.of(region_mask(labels, members)) if members.any() else Rle.of_nothing(labels.shape)


def _numbered(superpixels: Collection[int], n: int) -> Members:
    """Superpixels by their numbers: bool (n,)."""
    members = np.zeros(n, bool)
    if any(number >= n for number in superpixels):
        raise Refusal(NO_SUCH_SUPERPIXEL, 422, "")
    members[list(superpixels)] = True
    return members


def revision_of(selection: Selection) -> str:
    """What changes with a selection, and with its superpixels."""
    return f"{selection.label_map_id}.{selection.revision}"


def expected_revisions(request: HttpRequest, label_map: LabelMap) -> list[str] | None:
    """The revisions, of a selection on this label map, that `If-Match` names; None for any."""
    etags = expected_etags(request)
    mine = f"{label_map.pk}."
    return None if etags is None else [etag.removeprefix(mine) for etag in etags if etag.startswith(mine)]
