"""What curators do to many images: few at once, many as a task of the worker's, batch by batch."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.contrib.admin.models import CHANGE, DELETION, LogEntry
from django.contrib.contenttypes.models import ContentType
from django.db import transaction
from django.db.models import Count

from curating.jobs import defer
from curating.models import BulkTask, ImageBatch
from gallery import jobs
from gallery.collection.importing import LONGEST_TAG
from gallery.models import GalleryImage, GalleryImageQuerySet
from gallery.models.tags import normalised

if TYPE_CHECKING:
    from django.contrib.auth.models import User

Tagged = GalleryImage.tags.through


@dataclass(frozen=True)
class Change:
    """Something that is done to images.

    Attributes
    ----------
    label : str
        What the list of actions calls it.
    note : str
        What the history of an image says of it; `{}` is the tags or the licence.
    apply : callable
        Does it to images with tags or a licence; the keys of those that are another now.
    takes : str
        "tags" or "licence", where one is needed.
    of_private : bool
        Whether it is done to people's own images as well, by those who may see that there are any.
    """

    label: str
    note: str
    apply: Callable[[GalleryImageQuerySet, str], Iterable[int]]
    takes: str = ""
    of_private: bool = False

    def note_with(self, value: str) -> str:
        """What the history says."""
        return self.note.format(f"“{value}”")


def tag_names(text: str) -> list[str]:
    """Tags as they are typed, separated by commas."""
    return [name for part in text.split(",") if (name := normalised(part))]


def _publish(images: GalleryImageQuerySet, value: str) -> list[int]:
    keys = _keys(images.withdrawn())
    images.filter(pk__in=keys).publish()
    return keys


def _withdraw(images: GalleryImageQuerySet, value: str) -> list[int]:
    keys = _keys(images.public())
    images.filter(pk__in=keys).withdraw()
    return keys


def _tag(images: GalleryImageQuerySet, value: str) -> list[int]:
    tags, kind, keys = GalleryImage(pk=0).tags.named(tag_names(value)), _kind(), _keys(images)
    of_these = Tagged.objects.filter(content_type=kind, object_id__in=keys, tag__in=tags)
    complete = of_these.order_by().values("object_id").annotate(n=Count("pk")).filter(n=len(tags))
    changed = sorted(set(keys) - set(complete.values_list("object_id", flat=True)))
    rows = [Tagged(content_type=kind, object_id=key, tag=tag) for key in changed for tag in tags]
    Tagged.objects.bulk_create(rows, ignore_conflicts=True)
    return changed


def _untag(images: GalleryImageQuerySet, value: str) -> list[int]:
    changed: set[int] = set()
    for name in tag_names(value):
        rows = Tagged.objects.filter(content_type=_kind(), object_id__in=_keys(images), tag__name__iexact=name)
        changed |= set(rows.values_list("object_id", flat=True))
        rows.delete()
    return sorted(changed)


def _license(images: GalleryImageQuerySet, value: str) -> list[int]:
    keys = _keys(images.exclude(licence=value))
    images.filter(pk__in=keys).update(licence=value)
    return keys


def _reindex(images: GalleryImageQuerySet, value: str) -> list[int]:
    return _index(_keys(images), afresh=True)


def _retry(images: GalleryImageQuerySet, value: str) -> list[int]:
    return _index(_keys(images.failed()), afresh=False)


def _index(keys: list[int], *, afresh: bool) -> list[int]:
    GalleryImage.objects.filter(pk__in=keys).update(status=GalleryImage.Status.PENDING, error="", failures=0)
    jobs.defer_indexing(keys, afresh=afresh)
    return keys


def _delete(images: GalleryImageQuerySet, value: str) -> list[int]:
    keys = _keys(images)
    images.filter(pk__in=keys).delete()
    return keys


CHANGES: dict[str, Change] = {
    "publish": Change("Publish: bring back what is withdrawn", "Published again.", _publish),
    "withdraw": Change("Withdraw: only curators see them then", "Withdrawn.", _withdraw),
    "tag": Change("Add tags", "Tagged {}.", _tag, takes="tags"),
    "untag": Change("Take tags away", "Tags taken away: {}.", _untag, takes="tags"),
    "licence": Change("Set the licence", "Licence set to {}.", _license, takes="licence"),
    "reindex": Change("Index again", "To be indexed again.", _reindex, of_private=True),
    "retry": Change("Try those again that could not be indexed", "To be tried again.", _retry, of_private=True),
    "delete_selected": Change("Delete, with their files", "Deleted.", _delete, of_private=True),
}


def problem_with(takes: str, value: str) -> str:
    """Why an action cannot be done with what was typed; empty if it can."""
    if takes and not value:
        return f"Type the {takes} beside the action first."
    if takes == "tags" and (not tag_names(value) or any(len(name) > LONGEST_TAG for name in tag_names(value))):
        return f"Those are no tags: separate them by commas; each has at most {LONGEST_TAG} characters."
    return ""


def change_now(name: str, keys: Sequence[int], value: str, by: User | None) -> int:
    """Do it to these images, with an entry in the history of each that is another now; says how many these are."""
    change = CHANGES[name]
    images = GalleryImage.objects.filter(pk__in=keys)
    with transaction.atomic():
        # In order, so that of two curators one waits for the other.
        list(images.order_by("pk").select_for_update().values_list("pk"))
        deleted = list(images.only("pk")) if change.apply is _delete else []
        changed = list(change.apply(images if change.of_private else images.curated(), value))
        if by is not None:
            told = deleted or list(GalleryImage.objects.filter(pk__in=changed).only("pk"))
            log(told, by, DELETION if deleted else CHANGE, change.note_with(value))
    return len(changed)


def log(images: list[GalleryImage], by: User, flag: int, note: str) -> None:
    """Note in the history of images who has done what."""
    if images:
        LogEntry.objects.log_actions(by.pk, images, flag, change_message=note, single_object=False)


@transaction.atomic
def start_change(name: str, keys: Sequence[int], value: str, by: User) -> BulkTask:
    """Let the worker do it to these images."""
    change = CHANGES[name]
    title = f"{change.label.partition(':')[0]}: {value}" if value else change.label.partition(":")[0]
    task = BulkTask.objects.create(
        kind=BulkTask.Kind.CHANGE,
        title=title[:200],
        options={"change": name, "value": value},
        total=len(keys),
        asked_by=by,
    )
    ImageBatch.make(task, keys)
    defer(task.pk)
    return task


def run(task: BulkTask) -> Generator[bool, None, None]:
    """Go on with a change; yields after each batch."""
    # What another process has counted may be lost: the rows say what is left.
    task.done = task.total - sum(map(len, task.batches.values_list("keys", flat=True)))
    task.start_rate()
    while (n := _change_next(task)) is not None:
        task.done += n
        yield True


@transaction.atomic
def _change_next(task: BulkTask) -> int | None:
    batch = task.batches.select_for_update().first()
    if batch is None:
        return None
    change_now(task.options["change"], batch.keys, task.options["value"], task.asked_by)
    batch.delete()
    return len(batch.keys)


def _kind() -> ContentType:
    return ContentType.objects.get_for_model(GalleryImage)


def _keys(images: GalleryImageQuerySet) -> list[int]:
    return list(images.order_by("pk").values_list("pk", flat=True))
