"""Applying one gesture to a stored selection, and saying what it did."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass, replace
from functools import partial

import numpy as np
from django.db import IntegrityError, transaction

from selector.arrays import Cut, Members
from selector.models import LabelMap, Selection
from selector.people import Person
from selector.segmentation.superpixels import area_share
from selector.selection import tools
from selector.selection.geometry import superpixels_at
from selector.selection.gestures import clear, invert
from selector.selection.selection import SuperpixelSelection, packed_length
from selector.selection.tools import Gesture, Scene
from selector.selection.tree import cut_around
from selector.services import label_maps, objects
from selector.services.adoption import owner_now
from selector.services.label_maps import Segmentation
from superpixel_site.work_slots import work_slot

_DONE = {
    "undo": "Undone",
    "redo": "Redone",
    "clear": "Cleared",
    "invert": "Inverted",
    tools.LARGER: "Object grown",
    tools.SMALLER: "Object shrunk",
    tools.GROW_TO_OBJECT: "Grown to the object",
}
_NOT_DONE = {"undo": "There is nothing to undo.", "redo": "There is nothing to redo."}


@dataclass(frozen=True)
class Report:
    """A selection as it is now, and what a page says of it.

    Attributes
    ----------
    selection : Selection
    state : SuperpixelSelection
        What is selected.
    description : str
        How much that is, as a sentence.
    sentence : str
        What has happened to it, for the status line.
    is_done : bool
        Whether a gesture has done what it is there for: then the photo itself shows it, too.
    """

    selection: Selection
    state: SuperpixelSelection
    description: str
    sentence: str = ""
    is_done: bool = False


def selection_of(person: Person, label_map: LabelMap) -> Selection:
    """The person's selection on a photo; a new, unsaved one when they have made none."""
    found = label_map.selections.owned_by(person).first()
    return found or Selection(label_map=label_map, state=bytes(packed_length(label_map.n_superpixels)))


class ChangedMeanwhile(Exception):
    """A selection is no longer what whoever changes it has seen."""


def apply_gesture(
    person: Person, label_map: LabelMap, gesture: Gesture, expected: Collection[str] | None = None
) -> Report:
    """Apply a gesture to the person's selection on a photo, once, however often it is sent.

    Parameters
    ----------
    person : Person
    label_map : LabelMap
    gesture : Gesture
    expected : collection of str, optional
        Revisions of the selection, on one of which the gesture is made. Any by default.

    Returns
    -------
    Report
        The selection as it is now, with a sentence that says what happened.

    Raises
    ------
    CannotBeDone
        With the sentence to show; nothing has changed, here and below.
    ChangedMeanwhile
    ValueError
        If a point lies outside the photo.
    """
    photo = objects.seen(label_map) if gesture.tool in tools.OBJECT_TOOLS else None
    with transaction.atomic():
        selection = _locked(owner_now(person), label_map, expected)
        if selection.has_seen(gesture.tab, gesture.number):
            report = report_on(selection)
            return replace(report, sentence=report.description)
        if gesture.instead_of and selection.was_last_changed_by(gesture.tab, gesture.instead_of):
            selection.take_back()
        before = selection.superpixels
        done = objects.apply_to(selection, gesture, photo) if photo else _apply(selection, label_map, gesture)
        selection.remember(gesture.tab, gesture.number)
        selection.save()
    report = report_on(selection)
    return replace(report, sentence=_sentence(gesture, before, report, done), is_done=done)


def anticipated_object(person: Person, label_map: LabelMap, gesture: Gesture) -> Members | None:
    """The object that a gesture of the person would find, bool (n,); None where it means none. Nothing changes.

    Raises
    ------
    CannotBeDone
    ValueError
        If a point lies outside the photo.
    """
    with work_slot():
        photo = objects.seen(label_map)
        if gesture.tool not in tools.OBJECT_TOOLS:
            return None
        return objects.anticipated(selection_of(person, label_map), gesture, photo)


def select_instead(person: Person, label_map: LabelMap, members: Members) -> bool:
    """Select these superpixels, bool (n,), and nothing else, as one step that can be undone.

    Returns
    -------
    bool
        Whether something else had been selected, which undoing brings back.
    """
    before, selection = change(person, label_map, lambda _: SuperpixelSelection(members, np.zeros_like(members)))
    return not before.is_empty and before != selection.superpixels


def change(
    person: Person,
    label_map: LabelMap,
    make: Callable[[SuperpixelSelection], SuperpixelSelection],
    expected: Collection[str] | None = None,
) -> tuple[SuperpixelSelection, Selection]:
    """Change the person's selection on a photo by a function, as one step that can be undone: what was, and what is.

    Raises
    ------
    ChangedMeanwhile
        When its revision is none of those that are `expected`.
    """
    with transaction.atomic():
        selection = _locked(person, label_map, expected)
        before = selection.superpixels
        selection.apply(make)
        selection.save()
    return before, selection


def _locked(person: Person, label_map: LabelMap, expected: Collection[str] | None = None) -> Selection:
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
    if expected is not None and found.revision not in expected:
        raise ChangedMeanwhile
    return found


def _apply(selection: Selection, label_map: LabelMap, gesture: Gesture) -> bool:
    """Apply a gesture to a locked selection; False when it changes nothing."""
    match gesture.tool:
        case "show":
            return False
        case "undo":
            return selection.undo()
        case "redo":
            return selection.redo()
        case "clear":
            return selection.apply(clear)
        case "invert":
            return selection.apply(invert)
    segmentation = label_maps.load(label_map)
    tree = segmentation.hierarchy
    colours = partial(label_maps.mean_colours, label_map)
    scene = Scene(segmentation.labels, _regions(segmentation, gesture), tree.parents, colours)
    action = tools.actions()[gesture.tool]
    return selection.apply(lambda before: action.apply(before, scene, gesture))


def _regions(segmentation: Segmentation, gesture: Gesture) -> Cut:
    """The regions at the level of a gesture; the one under its first point is the node that it names."""
    tree = segmentation.hierarchy
    cut = tree.cut(gesture.level)
    if gesture.node is None:
        return cut
    superpixel = int(superpixels_at(segmentation.labels, gesture.points[:1])[0])
    return cut_around(cut, tree.parents, gesture.node, superpixel)


def report_on(selection: Selection) -> Report:
    """A selection as it is now, with nothing to say of what happened."""
    state = selection.superpixels
    return Report(selection, state, describe(state, label_maps.load(selection.label_map)))


def describe(state: SuperpixelSelection, segmentation: Segmentation) -> str:
    """How much of the photo is selected, as a sentence."""
    if state.is_empty:
        return "Nothing is selected."
    included, excluded = (area_share(rows, segmentation.areas) for rows in (state.included, state.excluded))
    return f"{_percent(included)} selected" + (f", {_percent(excluded)} excluded." if excluded else ".")


def _percent(share: float) -> str:
    return "under 1%" if 0 < share < 0.01 else f"{share:.0%}"


def _sentence(gesture: Gesture, before: SuperpixelSelection, report: Report, done: bool) -> str:
    """What a gesture did, for example "Region added, 12% selected." """
    rest = f"{report.description[:1].lower()}{report.description[1:]}"
    if not done:
        return _NOT_DONE.get(gesture.tool, f"Nothing changed: {rest}")
    return f"{_DONE.get(gesture.tool) or _what_became_of_parts(gesture, before, report.state)}, {rest}"


def _what_became_of_parts(gesture: Gesture, before: SuperpixelSelection, after: SuperpixelSelection) -> str:
    if gesture.tool == tools.CORRECT:
        return "Taken away" if gesture.remove else "Added"
    part = "Object" if gesture.tool == tools.BEGIN else "Region"
    if after.of(gesture.mode).sum() <= before.of(gesture.mode).sum():
        return f"{part} removed"
    return f"{part} added" if gesture.mode == "include" else f"{part} excluded"
