"""Applying one gesture to a stored selection, and saying what it did."""

from __future__ import annotations

from functools import partial
from typing import Any

from django.db import IntegrityError, transaction

from selector.arrays import Members
from selector.models import LabelMap, Selection
from selector.people import Person
from selector.segmentation.superpixels import area_share
from selector.selection import gestures
from selector.selection.selection import SuperpixelSelection, packed_length
from selector.services import label_maps
from selector.services.label_maps import Segmentation
from selector.web.forms import GestureForm


def selection_of(person: Person, label_map: LabelMap) -> Selection:
    """The person's selection on a photo; a new, unsaved one when they have made none."""
    found = label_map.selections.owned_by(person).first()
    return found or Selection(label_map=label_map, state=bytes(packed_length(label_map.n_superpixels)))


def apply_gesture(
    person: Person, label_map: LabelMap, segmentation: Segmentation, form: GestureForm
) -> tuple[Selection, str]:
    """Apply a valid gesture once, however often it is sent.

    Returns
    -------
    The selection as it is now, and a sentence that says what happened.

    Raises
    ------
    ValueError
        When a point lies outside the photo; nothing has changed.
    """
    given = form.cleaned_data
    with transaction.atomic():
        selection = _locked(person, label_map)
        tab, number = given["tab"], given["number"] or 0
        if selection.has_seen(tab, number):
            return selection, describe(selection.superpixels, segmentation)
        before = selection.superpixels
        done = _apply(selection, segmentation, form)
        selection.remember(tab, number)
        selection.save()
    return selection, _sentence(given["tool"], given["mode"], before, selection.superpixels, segmentation, done)


def select_instead(person: Person, label_map: LabelMap, members: Members) -> bool:
    """Select these superpixels, bool (n,), and nothing else, as one step that can be undone.

    Returns
    -------
    Whether something else had been selected, which undoing brings back.
    """
    with transaction.atomic():
        selection = _locked(person, label_map)
        before = selection.superpixels
        done = selection.apply(lambda _: SuperpixelSelection(members, members & False))
        selection.save()
    return done and not before.is_empty


def _locked(person: Person, label_map: LabelMap) -> Selection:
    """The selection's row, made if need be, locked until the transaction ends: clicks are applied one by one."""
    mine = label_map.selections.owned_by(person).locked()
    found = mine.first()
    if found is None:
        new = selection_of(Person(), label_map)
        for field, value in person.as_fields().items():
            setattr(new, field, value)
        try:
            with transaction.atomic():
                new.save()
        except IntegrityError:
            pass  # A second first click came in between; both find its row below.
        found = mine.get()
    return found


def _apply(selection: Selection, segmentation: Segmentation, form: GestureForm) -> bool:
    given = form.cleaned_data
    tool = given["tool"]
    if tool == "show":
        return False
    if tool in ("undo", "redo"):
        return selection.undo() if tool == "undo" else selection.redo()
    if tool in ("clear", "invert"):
        return selection.apply(getattr(gestures, tool))
    labels, tree = segmentation.labels, segmentation.hierarchy
    points = form.points_on(labels.shape[1])
    cut = tree.cut(given["level"])
    common: dict[str, Any] = {"labels": labels, "mode": given["mode"]}
    match tool:
        case "toggle":
            gesture = partial(gestures.toggle, **common, cut=cut, points=points)
        case "paint":
            gesture = partial(gestures.paint, **common, cut=cut, points=points, add=not given["remove"])
        case "cover":
            gesture = partial(gestures.cover, **common, cut=cut, polygon=points, add=not given["remove"])
        case "grow":
            gesture = partial(gestures.grow, **common, cut=cut, point=points[0], parents=tree.parents)
        case "similar":
            colours = label_maps.mean_colours(selection.label_map)
            gesture = partial(
                gestures.similar, **common, cut=cut, point=points[0], colours=colours, everywhere=given["everywhere"]
            )
        case _:
            gesture = partial(gestures.shrink, **common, point=points[0], parents=tree.parents)
    return selection.apply(gesture)


def describe(state: SuperpixelSelection, segmentation: Segmentation) -> str:
    """How much is selected, as a sentence."""
    if state.is_empty:
        return "Nothing is selected."
    included, excluded = (area_share(rows, segmentation.areas) for rows in (state.included, state.excluded))
    return f"{_percent(included)} selected" + (f", {_percent(excluded)} excluded." if excluded else ".")


def _percent(share: float) -> str:
    return "under 1%" if 0 < share < 0.01 else f"{share:.0%}"


def _sentence(
    tool: str,
    mode: str,
    before: SuperpixelSelection,
    after: SuperpixelSelection,
    segmentation: Segmentation,
    done: bool,
) -> str:
    """For example "Region added, 12% selected." """
    if not done:
        return {"undo": "There is nothing to undo.", "redo": "There is nothing to redo."}.get(
            tool, f"Nothing changed: {describe(after, segmentation)[:1].lower()}{describe(after, segmentation)[1:]}"
        )
    whole = {"undo": "Undone", "redo": "Redone", "clear": "Cleared", "invert": "Inverted"}.get(tool)
    if whole is None:
        grown = after.of(mode).sum() > before.of(mode).sum()  # type: ignore[arg-type]
        whole = ("Region added" if mode == "include" else "Region excluded") if grown else "Region removed"
    rest = describe(after, segmentation)
    return f"{whole}, {rest[:1].lower()}{rest[1:]}"
