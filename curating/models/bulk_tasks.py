"""What takes long as a row: pages show how far it is, and the process that does it asks the row whether to go on."""

from __future__ import annotations

import datetime
import math
from functools import partial
from typing import Self

from django.conf import settings
from django.db import models, transaction
from django.db.models import F, Q
from django.urls import reverse
from django.utils import timezone


class BulkTaskQuerySet(models.QuerySet["BulkTask"]):
    """Of bulk tasks."""

    def open(self) -> Self:
        """Those that are not at their end."""
        return self.filter(state__in=BulkTask.OPEN)

    def observed(self) -> Self:
        """Those that many jobs do, each by itself."""
        return self.filter(kind__in=BulkTask.OBSERVED)

    def abandoned(self, since: datetime.datetime) -> Self:
        """Those whose files a browser was sending, and that nothing has been heard of since a moment."""
        return self.open().filter(options__is_sending=True, heard__lt=since)

    def outdated(self) -> Self:
        """Those that ended so long ago that nobody asks for them any more."""
        return self.exclude(state__in=BulkTask.OPEN).filter(finished__lt=timezone.now() - BulkTask.LIFETIME)


def upload_path(task: BulkTask, filename: str = "") -> str:
    """Where the storage keeps the archive that a task imports."""
    return f"bulk_tasks/{task.pk}/upload.zip"


def result_path(task: BulkTask, filename: str = "") -> str:
    """Where the storage keeps the file that a task has made."""
    return f"bulk_tasks/{task.pk}/{filename}"


class BulkTask(models.Model):
    """Work on many images, done by the worker piece by piece, or by a command.

    Each process that goes on with it takes a turn. Whoever finds that the turn is no longer its own, or that the task
    was paused or cancelled, stops: see `note_progress`.
    """

    LIFETIME = datetime.timedelta(days=90)
    # The rate is that of about the last half minute.
    SECONDS_OF_RATE = 30.0
    # Who works on it writes at least each few seconds.
    SILENCE = datetime.timedelta(minutes=2)

    class Kind(models.TextChoices):
        IMPORT = "import", "import"
        INDEXING = "indexing", "indexing"
        SPACE = "space", "describing in a new space"
        EXPORT = "export", "export"
        CHANGE = "change", "change of many images"

    class State(models.TextChoices):
        WAITING = "waiting", "waiting for the worker"
        WORKING = "working", "under way"
        PAUSED = "paused", "paused"
        DONE = "done", "done"
        FAILED = "failed", "failed"
        CANCELLED = "cancelled", "cancelled"

    OPEN = (State.WAITING, State.WORKING, State.PAUSED)
    # Their rows only follow what there is left to do: see `curating.observing`.
    OBSERVED = (Kind.INDEXING, Kind.SPACE)

    kind = models.CharField(max_length=20, choices=Kind)
    title = models.CharField(max_length=200, help_text="What it is about: the name of a folder or archive, say.")
    asked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    options = models.JSONField(default=dict, blank=True, help_text="What its kind needs to know.")
    state = models.CharField(max_length=10, choices=State, default=State.WAITING, db_index=True)
    turn = models.PositiveIntegerField(default=0, help_text="How many processes have worked on it, one after another.")
    total = models.PositiveIntegerField(default=0)
    done = models.PositiveIntegerField(default=0)
    failed = models.PositiveIntegerField(default=0)
    skipped = models.PositiveIntegerField(default=0)
    rate = models.FloatField(null=True, blank=True, help_text="How many a second.")
    notices = models.TextField(blank=True, help_text="What is worth knowing of it, a sentence a line.")
    problem = models.TextField(blank=True, help_text="Why it failed.")
    upload = models.FileField(upload_to=upload_path, max_length=200, blank=True)
    result = models.FileField(upload_to=result_path, max_length=200, blank=True)
    created = models.DateTimeField(auto_now_add=True)
    started = models.DateTimeField(null=True, blank=True)
    heard = models.DateTimeField(null=True, blank=True, help_text="When it last went on.")
    finished = models.DateTimeField(null=True, blank=True)

    objects = BulkTaskQuerySet.as_manager()

    class Meta:
        ordering = ["-created", "-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["kind", "title"],
                condition=Q(kind__in=["indexing", "space"], state__in=["waiting", "working", "paused"]),
                name="bulk_task_observed_once",
            )
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display().capitalize()} {self.pk}"

    def get_absolute_url(self) -> str:
        """Address of the page about it."""
        return reverse("curating:task", args=[self.pk])

    @property
    def n(self) -> int:
        """How many are dealt with, whatever became of them."""
        return self.done + self.failed + self.skipped

    @property
    def is_open(self) -> bool:
        return self.state in self.OPEN

    @property
    def time_left(self) -> datetime.timedelta | None:
        """How long it will take, at the rate of late; None when nobody can tell."""
        if self.state != self.State.WORKING or not self.rate:
            return None
        return datetime.timedelta(seconds=round(max(0, self.total - self.n) / self.rate))

    @property
    def time_left_words(self) -> str:
        """The same in words, "3 min" say; empty when nobody can tell."""
        if self.time_left is None:
            return ""
        minutes, seconds = divmod(round(self.time_left.total_seconds()), 60)
        hours, minutes = divmod(minutes, 60)
        if hours:
            return f"{hours} h {minutes} min"
        return f"{minutes} min" if minutes else f"{seconds} s"

    @property
    def is_silent(self) -> bool:
        """Whether the process that worked on it has not been heard of for a while: it may be dead."""
        return self.state == self.State.WORKING and (self.heard is None or self.heard < timezone.now() - self.SILENCE)

    @property
    def is_observed(self) -> bool:
        return self.kind in self.OBSERVED

    @property
    def is_sending(self) -> bool:
        """Whether its files are on their way from a browser: only the page there can go on with it."""
        return self.is_open and bool(self.options.get("is_sending"))

    @property
    def can_pause(self) -> bool:
        return self.state in (self.State.WAITING, self.State.WORKING) and not self.is_sending

    @property
    def can_resume(self) -> bool:
        return (self.state in (self.State.PAUSED, self.State.FAILED) or self.is_silent) and not self.is_sending

    @property
    def can_cancel(self) -> bool:
        return self.is_open and not self.is_observed

    # By whoever looks after it

    def pause(self) -> bool:
        """Let whoever works on it stop after the piece at hand; False when it is at its end, or paused already."""
        return self._move((self.State.WAITING, self.State.WORKING), state=self.State.PAUSED)

    def resume(self) -> bool:
        """Let it go on; False when it is not paused and has not failed. The caller queues it."""
        stopped = (self.State.PAUSED, self.State.FAILED)
        return self._move(stopped, state=self.State.WAITING, problem="", finished=None)

    def cancel(self) -> bool:
        """Let it end as it is; False when it has ended already. What is done stays."""
        return self._move(self.OPEN, state=self.State.CANCELLED, finished=timezone.now())

    # By whoever works on it

    def begin(self) -> bool:
        """Take a turn; False when it is paused or at its end. Who had the turn before stops."""
        now = timezone.now()
        if not self._move(
            (self.State.WAITING, self.State.WORKING), state=self.State.WORKING, turn=F("turn") + 1, heard=now
        ):
            return False
        BulkTask.objects.filter(pk=self.pk, started=None).update(started=now)
        self.refresh_from_db()
        return True

    def note_progress(self) -> bool:
        """Store the counts that this object has; False when its turn is over: somebody has paused it, for example."""
        now = timezone.now()
        self.rate = self._rate_at(now)
        self.heard, self._n_heard = now, self.n
        return self._update_mine(
            total=self.total, done=self.done, failed=self.failed, skipped=self.skipped, rate=self.rate, heard=now,
            notices=self.notices,
        )  # fmt: skip

    def start_rate(self) -> None:
        """Let the rate count from here: what is counted by now others have done, or nobody."""
        self.heard, self._n_heard = timezone.now(), self.n

    def remember(self, **options: object) -> None:
        """Store what its kind needs to know later."""
        self.options |= options
        BulkTask.objects.filter(pk=self.pk).update(options=self.options)

    def finish(self) -> bool:
        """Store that it is done; False when its turn is over."""
        return self.note_progress() and self._update_mine(state=self.State.DONE, finished=timezone.now())

    def note_observation(self) -> None:
        """Store the counts of what many jobs do: whether they go on is not decided here."""
        now = timezone.now()
        before = BulkTask.objects.filter(pk=self.pk).values_list("done", "failed", "heard").get()
        self._n_heard, self.heard = before[0] + before[1], before[2] or self.started
        self.rate = self._rate_at(now)
        BulkTask.objects.filter(pk=self.pk).update(
            total=self.total, done=self.done, failed=self.failed, rate=self.rate, heard=now
        )

    def end_observation(self) -> None:
        """Store that nothing is left to do."""
        self._move(self.OPEN, state=self.State.DONE, finished=timezone.now())

    def drop_upload(self) -> None:
        """Delete the archive that it has imported, which is not needed any more."""
        if self.upload:
            transaction.on_commit(partial(self.upload.storage.delete, str(self.upload.name)))
            self.upload = ""
            BulkTask.objects.filter(pk=self.pk).update(upload="")

    def give_up(self, problem: str) -> bool:
        """Store that it failed, and why."""
        going = (self.State.WAITING, self.State.WORKING)
        return self._move(going, state=self.State.FAILED, problem=problem, finished=timezone.now())

    def _rate_at(self, now: datetime.datetime) -> float | None:
        before: int | None = getattr(self, "_n_heard", None)
        seconds = (now - self.heard).total_seconds() if self.heard else 0.0
        if before is None or seconds <= 0:
            return self.rate
        recent: float = max(0, self.n - before) / seconds
        if self.rate is None:
            return recent
        share = 1 - math.exp(-seconds / self.SECONDS_OF_RATE)
        return float(self.rate + share * (recent - self.rate))

    def _update_mine(self, **columns: object) -> bool:
        mine = BulkTask.objects.filter(pk=self.pk, turn=self.turn, state=self.State.WORKING)
        return bool(mine.update(**columns)) and self._take(columns)

    def _move(self, states: tuple[str, ...], **columns: object) -> bool:
        # By condition: others may be changing the state at this moment.
        moved = BulkTask.objects.filter(pk=self.pk, state__in=states).update(**columns)
        return bool(moved) and self._take({name: value for name, value in columns.items() if name != "turn"})

    def _take(self, columns: dict[str, object]) -> bool:
        for name, value in columns.items():
            setattr(self, name, value)
        return True
