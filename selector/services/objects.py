"""Objects by gestures: begun, refined, and seen before it is done."""

from __future__ import annotations

from dataclasses import dataclass

from selector.arrays import Members
from selector.models import LabelMap, Selection
from selector.selection.gestures import paint
from selector.selection.objects.evidence import MOST_CORRECTIONS, Start
from selector.selection.objects.in_hand import ObjectInHand, Seen
from selector.selection.objects.shown import under_line
from selector.selection.selection import SuperpixelSelection
from selector.selection.tools import BEGIN, CORRECT, GROW_TO_OBJECT, LARGER, Gesture
from selector.services import label_maps
from selector.services.seen_features import seen_features

NOTHING_SELECTED = "Select a part of the photo first: it becomes the object that it belongs to."
TOO_MANY = "This object has been corrected very often. Draw over the thing anew, or go on with the brush."


class CannotBeDone(ValueError):
    """A gesture comes to no object, for the reason that its sentence says."""


@dataclass(frozen=True)
class _Change:
    """What a gesture makes of an object."""

    after: ObjectInHand
    before: ObjectInHand | None = None
    begins: bool = True


def seen(label_map: LabelMap) -> Seen:
    """A photo as objects are found in it. To be asked for outside of locks: the first time takes a while."""
    segmentation = label_maps.load(label_map)
    look, features = label_maps.look(label_map), seen_features(label_map)
    return Seen(segmentation.labels, segmentation.hierarchy.parents, look, features)


def apply_to(selection: Selection, gesture: Gesture, photo: Seen) -> bool:
    """Apply an object gesture to a locked selection, as one step of its history; False when it changes nothing.

    Raises
    ------
    CannotBeDone
    ValueError
        If a point lies outside of the photo.
    """
    in_hand = _in_hand(selection, gesture)
    if _removes_elsewhere(gesture, in_hand, photo):
        return selection.apply(lambda state: _painted_away(state, gesture, selection.label_map))
    change = _change(selection.superpixels, gesture, in_hand, photo)
    after = change.after
    if gesture.tool == BEGIN and gesture.remove:
        return selection.apply(lambda state: state.minus(after.members, after.mode))
    step = after.as_step(None if change.begins else change.before)
    return selection.apply(lambda state: after.put_into(state, photo, change.before), step)


def anticipated(selection: Selection, gesture: Gesture, photo: Seen) -> Members | None:
    """The object that a gesture would find, bool (n,); None where it means no object. Nothing changes.

    Raises
    ------
    CannotBeDone
    ValueError
        If a point lies outside of the photo.
    """
    in_hand = _in_hand(selection, gesture)
    if _removes_elsewhere(gesture, in_hand, photo):
        return None
    return _change(selection.superpixels, gesture, in_hand, photo).after.members


def _in_hand(selection: Selection, gesture: Gesture) -> ObjectInHand | None:
    """The object that was begun last in the mode of a gesture, while something of it is selected."""
    steps = selection.object_steps() if selection.pk and gesture.tool not in (BEGIN, GROW_TO_OBJECT) else []
    if not steps:
        return None
    found = ObjectInHand.from_steps(steps, selection.label_map.n_superpixels)
    is_there = found.mode == gesture.mode and (selection.superpixels.of(found.mode) & found.members).any()
    return found if is_there else None


def _removes_elsewhere(gesture: Gesture, in_hand: ObjectInHand | None, photo: Seen) -> bool:
    """Whether a gesture says that something does not belong to the object in hand that does not anyway."""
    if gesture.tool != CORRECT or not gesture.remove:
        return False
    return in_hand is None or not (in_hand.members & under_line(photo.labels, photo.look, gesture.points)).any()


def _painted_away(state: SuperpixelSelection, gesture: Gesture, label_map: LabelMap) -> SuperpixelSelection:
    """What is not of the object in hand is taken away as by the brush: it is what the person points at."""
    segmentation = label_maps.load(label_map)
    cut = segmentation.hierarchy.cut(gesture.level)
    return paint(state, segmentation.labels, cut, gesture.points, gesture.mode, add=False)


def _change(state: SuperpixelSelection, gesture: Gesture, in_hand: ObjectInHand | None, photo: Seen) -> _Change:
    """What a gesture makes of the object in hand, or of the one that it begins."""
    if gesture.tool == BEGIN:
        return _begun(state, gesture, gesture.start or "tap", photo)
    if gesture.tool == CORRECT and in_hand is None:
        return _begun(state, gesture, "stroke" if len(gesture.points) > 1 else "tap", photo)
    if in_hand is None:
        return _made_of_selection(state, gesture, photo)
    if len(in_hand.evidence.corrections) >= MOST_CORRECTIONS:
        raise CannotBeDone(TOO_MANY)
    if gesture.tool == CORRECT:
        after = in_hand.corrected(photo, gesture.points, add=not gesture.remove)
    else:
        after = in_hand.resized(photo, _steps(gesture))
    return _Change(after, in_hand, begins=False)


def _begun(state: SuperpixelSelection, gesture: Gesture, start: Start, photo: Seen) -> _Change:
    try:
        return _Change(ObjectInHand.begun(state, photo, start, gesture.points, gesture.mode))
    except ValueError as problem:
        raise CannotBeDone(str(problem)) from None


def _made_of_selection(state: SuperpixelSelection, gesture: Gesture, photo: Seen) -> _Change:
    """What no object gesture has begun: all that is selected becomes the object in hand."""
    if not state.of(gesture.mode).any():
        raise CannotBeDone(NOTHING_SELECTED)
    before = ObjectInHand.of_selection(state, gesture.mode)
    grows = gesture.tool == GROW_TO_OBJECT
    return _Change(before.grown(photo) if grows else before.resized(photo, _steps(gesture)), before)


def _steps(gesture: Gesture) -> int:
    return 1 if gesture.tool == LARGER else -1
