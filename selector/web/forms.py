"""All input of the selector, query strings included, goes through these forms."""

from __future__ import annotations

import math
from typing import Any

from django import forms

from selector.selection import tools
from selector.selection.geometry import MAX_POINTS, Point
from selector.selection.tools import Gesture

# Regions shown when a workspace opens: at 2,000, three clicks select nothing one can see.
OPENING_LEVEL = 100


class LevelForm(forms.Form):
    """How many regions the photo is cut into; anything unreadable means the opening level."""

    level = forms.IntegerField(min_value=1, required=False)

    @property
    def value(self) -> int:
        """The level to show."""
        return (self.is_valid() and self.cleaned_data["level"]) or OPENING_LEVEL


class LookForm(forms.Form):
    """How a selection is shown on the photo."""

    look = forms.ChoiceField(choices=[("own", "own"), ("veil", "veil")])


class PreviewForm(forms.Form):
    """How the selected portion is wanted as a file; as a matte it is a mask for style sheets, as large as the photo."""

    background = forms.ChoiceField(
        choices=[(name, name) for name in ("white", "transparent", "dimmed", "matte")], required=False
    )
    crop = forms.BooleanField(required=False)
    download = forms.BooleanField(required=False)
    size = forms.ChoiceField(choices=[("working", "working"), ("original", "original")], required=False)


class PointsField(forms.Field):
    """`x,y` pairs with blanks between them, in pixels: a list of (x, y)."""

    def to_python(self, value: str | None) -> list[Point]:
        if not value:
            return []
        pairs = value.split(maxsplit=MAX_POINTS)
        if len(pairs) > MAX_POINTS:
            raise forms.ValidationError("That stroke is too long; draw it in two.")
        try:
            return [(float(x), float(y)) for x, y in (pair.split(",") for pair in pairs)]
        except ValueError:
            raise forms.ValidationError("Those coordinates cannot be read.") from None


def gesture_names() -> list[tuple[str, str]]:
    """The choices of what is posted as `tool`."""
    return [(name, name) for name in (*tools.actions(), tools.BEGIN, tools.CORRECT, *tools.COMMANDS)]


class CornerField(PointsField):
    """One `x,y` pair: (x, y), or None."""

    def to_python(self, value: str | None) -> Any:
        points = super().to_python(value)
        if len(points) > 1 or not all(math.isfinite(each) and each >= 0 for point in points for each in point):
            raise forms.ValidationError("That corner cannot be read.")
        return points[0] if points else None


class CornerForm(forms.Form):
    """Without JavaScript a box is two clicks: the first corner, and what the second one will do."""

    corner = CornerField(required=False)
    mode = forms.ChoiceField(choices=[("include", "include"), ("exclude", "exclude")], required=False)

    @property
    def value(self) -> dict[str, Any]:
        """`corner`, also as it is posted, and `mode`; anything unreadable means a page that asks for none."""
        given = self.cleaned_data if self.is_valid() else {}
        corner = given.get("corner")
        text = "{:.1f},{:.1f}".format(*corner) if corner else ""
        return {"corner": corner, "corner_text": text, "mode": given.get("mode") or "include"}


class GestureForm(forms.Form):
    """One gesture on a selection.

    Coordinates come as `points` in pixels of the working copy or, from a browser without JavaScript, as `at.x` and
    `at.y` of an image button, in CSS pixels of a stage that is `shown_width` wide.
    """

    label_map = forms.IntegerField(min_value=1, max_value=2**63 - 1)
    tool = forms.ChoiceField(choices=gesture_names, required=False)
    mode = forms.ChoiceField(choices=[("include", "include"), ("exclude", "exclude")], required=False)
    level = forms.IntegerField(min_value=1, required=False)
    points = PointsField(required=False)
    remove = forms.BooleanField(required=False)
    everywhere = forms.BooleanField(required=False)
    # Of the merge tree; whether it lies over the point is looked at where the tree is.
    node = forms.IntegerField(min_value=0, max_value=2**16, required=False)
    start = forms.ChoiceField(choices=[(name, name) for name in ("box", "loop", "stroke", "tap")], required=False)
    instead_of = forms.IntegerField(min_value=1, max_value=2**53, required=False)
    # What a click means without JavaScript, and the corner clicked before.
    click = forms.ChoiceField(choices=[("region", "region"), ("corner", "corner")], required=False)
    corner = CornerField(required=False)
    # The browser draws the tints itself from the state, so they need not be sent.
    draws = forms.BooleanField(required=False)
    tab = forms.CharField(max_length=40, required=False)
    number = forms.IntegerField(min_value=0, max_value=2**53, required=False)
    shown_width = forms.FloatField(min_value=1, max_value=100_000, required=False)

    def clean(self) -> dict[str, Any]:
        given = super().clean() or {}
        given["tool"] = given.get("tool") or tools.TOOLS[0].action.name
        given["mode"] = given.get("mode") or "include"
        given["level"] = given.get("level") or OPENING_LEVEL
        if not given.get("points") and "at.x" in self.data:
            given["displayed_point"] = self._displayed_point()
        elif given["tool"] not in tools.COMMANDS and not given.get("points") and "points" not in self.errors:
            raise forms.ValidationError("Click on the photo to select a part of it.")
        if given["tool"] == tools.BEGIN and not given.get("start"):
            given["start"] = "stroke" if len(given.get("points") or ()) > 1 else "tap"
        return given

    def _displayed_point(self) -> Point:
        try:
            return float(self.data["at.x"]), float(self.data["at.y"])
        except (KeyError, ValueError):
            raise forms.ValidationError("Those coordinates cannot be read.") from None

    def gesture_on(self, width: int) -> Gesture:
        """The gesture, on a photo whose working copy is `width` pixels wide."""
        given = self.cleaned_data
        ends_box = self._clicks_corners and given["corner"]
        return Gesture(
            tool=tools.BEGIN if ends_box else given["tool"],
            start="box" if ends_box else given["start"],
            mode=given["mode"],
            level=given["level"],
            points=self._points_on(width),
            remove=given["remove"],
            everywhere=given["everywhere"],
            node=given["node"],
            instead_of=given["instead_of"] or 0,
            tab=given["tab"],
            number=given["number"] or 0,
        )

    def first_corner_on(self, width: int) -> Point | None:
        """The first of two corners, on a photo whose working copy is `width` pixels wide; None where it is not that."""
        return self._points_on(width)[0] if self._clicks_corners and not self.cleaned_data["corner"] else None

    @property
    def _clicks_corners(self) -> bool:
        return self.cleaned_data["click"] == "corner" and "displayed_point" in self.cleaned_data

    def _points_on(self, width: int) -> list[Point]:
        """The points in pixels of the working copy."""
        if "displayed_point" not in self.cleaned_data:
            return list(self.cleaned_data["points"])
        earlier = [self.cleaned_data["corner"]] if self._clicks_corners and self.cleaned_data["corner"] else []
        scale = width / (self.cleaned_data["shown_width"] or width)
        x, y = self.cleaned_data["displayed_point"]
        # The centre of the CSS pixel, which may cover several pixels of the photo.
        return [*earlier, ((x + 0.5) * scale, (y + 0.5) * scale)]


class SelectionNowForm(forms.Form):
    """What a tab shows of a selection, to be told what it is now."""

    label_map = forms.IntegerField(min_value=1, max_value=2**63 - 1)
    version = forms.CharField(max_length=40, required=False)
    draws = forms.BooleanField(required=False)
