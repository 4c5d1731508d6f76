"""Turning a photo by quarters, with everything that has been selected on it."""

from __future__ import annotations

from functools import partial

from django.db import transaction

from selector.imaging import imagefile
from selector.models import LabelMap, Photo, Selection, SelectionStep, SharedSelection
from selector.services import label_maps, photos
from selector.signals import label_map_turned, working_copy_changed
from superpixel_site.stored_files import delete_unless_kept
from superpixel_site.work_slots import work_slot


def turn(photo: Photo, quarter_turns: int = 1) -> None:
    """Turn a photo clockwise. Superpixels keep their numbers, so what is selected on it stays selected.

    Its label maps are turned and not computed again: to selections, links and searches other superpixels would mean
    nothing.
    """
    # A label map that is being computed is finished first, and turned along; two turns at once are two turns.
    with work_slot(), label_maps.lock(photo):
        photo = Photo.objects.get(pk=photo.pk)
        copy = photos.turned_copy(photo, photo.quarter_turns + quarter_turns)
        new_maps: list[LabelMap] = []
        try:
            with transaction.atomic():
                photo = Photo.objects.select_for_update().get(pk=photo.pk)
                _turn(photo, copy, quarter_turns, new_maps)
        except BaseException:
            delete_unless_kept(photo, "working")
            for label_map in new_maps:
                delete_unless_kept(label_map, "labels")
            raise


def _turn(photo: Photo, copy: imagefile.WorkingCopy, quarter_turns: int, new_maps: list[LabelMap]) -> None:
    """Put the turned working copy in place of the other, inside a transaction; note the label maps that it makes."""
    old_version, old_name = photo.working_sha256, photo.working.name
    photo.quarter_turns = (photo.quarter_turns + quarter_turns) % 4
    if copy.working_sha256 != old_version:
        photos.put_working_copy(photo, copy)
        # Before the photo is saved: a label map is decoded by the size that is stored.
        _turn_label_maps(photo, old_version, quarter_turns, new_maps)
        transaction.on_commit(partial(photo.working.storage.delete, str(old_name)))
    photo.save()
    working_copy_changed.send(Photo, photo=photo)


def _turn_label_maps(photo: Photo, old_version: str, quarter_turns: int, new_maps: list[LabelMap]) -> None:
    """Replace the label maps of the working copy from before by turned ones, and delete all older ones."""
    # Locked, so that what is selected or searched for meanwhile is either seen here or refused: nothing is lost unsaid.
    old_maps = list(photo.label_maps.select_for_update())
    for old in old_maps:
        if old.working_sha256 == old_version:
            new_maps.append(label_maps.store_turned(old, photo, quarter_turns))
            _repoint(old, new_maps[-1])
        old.delete()


def _repoint(old: LabelMap, new: LabelMap) -> None:
    """Let what refers to a label map refer to the turned one: a new row, as pages and caches rely on rows to stay."""
    # Superpixels keep their numbers, points would not: what was shown of an object is forgotten.
    SelectionStep.objects.filter(selection__label_map=old).update(shown_object=None)
    for model in (Selection, SharedSelection):
        model.objects.filter(label_map=old).update(label_map=new)
    label_map_turned.send(LabelMap, old=old, new=new)
