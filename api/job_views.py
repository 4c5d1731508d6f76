"""What takes long, and how the collection is: curators only."""

# Without postponed annotations: Ninja cannot resolve those of functions that are wrapped (`once`).
import datetime
from collections.abc import Callable, Iterable
from typing import Self

from django.http import Http404, HttpRequest, HttpResponse
from ninja import Field, Query, Router, Schema

from api.answers import answers, told
from api.auth import allowed_to, curator_of
from api.idempotency import once
from api.paging import Paging, latest_first
from curating import control
from curating.access import bulk_task
from curating.health import figures
from curating.health.failures import failures
from curating.models import BulkTask
from curating.observing import observe
from gallery.web.forms import LARGEST_KEY
from superpixel_site.refusals import Refusal

router = Router(tags=["jobs"])
MAY_LOOK, MAY_CHANGE = "curating.view_bulktask", "curating.change_bulktask"


class JobOut(Schema):
    """Work on many images, and how far it is."""

    id: int
    kind: str
    title: str
    state: str
    total: int
    done: int
    failed: int
    skipped: int
    rate: float | None = Field(description="How many a second, of late.")
    seconds_left: float | None = Field(description="At that rate; null when nobody can tell.")
    notices: list[str]
    problem: str
    created: datetime.datetime
    started: datetime.datetime | None
    finished: datetime.datetime | None

    @classmethod
    def of(cls, task: BulkTask) -> Self:
        """A job as the interface tells it."""
        names = ("kind", "title", "state", "total", "done", "failed", "skipped", "rate", "problem", "created")
        return cls(
            **{name: getattr(task, name) for name in names},
            id=task.pk,
            started=task.started,
            finished=task.finished,
            seconds_left=task.time_left.total_seconds() if task.time_left is not None else None,
            notices=task.notices.splitlines(),
        )


class JobsOut(Schema):
    """A page of jobs, the latest first."""

    jobs: list[JobOut]
    next: str | None = Field(description="The cursor of the next page; null after the last.")


class Count(Schema):
    """How many of something there are."""

    name: str
    number: int


class SpaceOut(Schema):
    """How far a descriptor space is."""

    name: str
    is_ready: bool
    images: int = Field(description="Described in it.")
    vectors: int


class QueueOut(Schema):
    """What waits for the worker."""

    name: str
    waiting: int
    under_way: int
    things: int
    oldest: datetime.datetime | None


class Statistics(Schema):
    """How the collection is."""

    images: list[Count] = Field(description="By what became of indexing them.")
    spaces: list[SpaceOut]
    queues: list[QueueOut]
    years: list[Count] = Field(description="Public images by the year in which they were made.")
    without_date: int
    tags: list[Count] = Field(description="The most frequent.")
    bytes: list[Count]
    photos: int
    label_maps: int
    workers: int
    failures: list[Count] = Field(description="Why images could not be indexed.")
    free_bytes: int | None = Field(description="Room for files; null where they are in a bucket.")
    counted: datetime.datetime = Field(description="When all was looked at: other figures are of now.")


@router.get("/jobs", auth=allowed_to("curate"), response=answers(JobsOut, 404, 422))
def jobs(request: HttpRequest, paging: Query[Paging]) -> HttpResponse:
    """List jobs with their progress, the latest first."""
    curator_of(request, MAY_LOOK)
    observe()
    page, following = latest_first(BulkTask.objects.all(), paging)
    return told(request, JobsOut(jobs=[JobOut.of(task) for task in page], next=following))


@router.get("/jobs/{int:job_id}", auth=allowed_to("curate"), response=answers(JobOut, 404))
def job(request: HttpRequest, job_id: int) -> HttpResponse:
    """Read how far a job is."""
    curator_of(request, MAY_LOOK)
    observe()
    return told(request, JobOut.of(_found(job_id)))


@router.post("/jobs/{int:job_id}/pause", auth=allowed_to("curate"), response=answers(JobOut, 404, 409, 422))
@once
def pause(request: HttpRequest, job_id: int) -> HttpResponse:
    """Let a job stop for now."""
    return _moved(request, job_id, control.pause, "paused")


@router.post("/jobs/{int:job_id}/resume", auth=allowed_to("curate"), response=answers(JobOut, 404, 409, 422))
@once
def resume(request: HttpRequest, job_id: int) -> HttpResponse:
    """Let a job go on."""
    return _moved(request, job_id, control.resume, "gone on with")


@router.post("/jobs/{int:job_id}/cancel", auth=allowed_to("curate"), response=answers(JobOut, 404, 409, 422))
@once
def cancel(request: HttpRequest, job_id: int) -> HttpResponse:
    """End a job as it is: what it has done stays."""
    return _moved(request, job_id, control.cancel, "cancelled")


@router.get("/statistics", auth=allowed_to("curate"), response=answers(Statistics, 404))
def statistics(request: HttpRequest) -> HttpResponse:
    """Read how the collection is: the figures of the page about its health."""
    curator_of(request, MAY_LOOK)
    whole = figures.whole()
    return told(
        request,
        Statistics(
            images=_counts(figures.statuses()),
            spaces=[
                SpaceOut(name=one.name, is_ready=one.is_ready, images=one.n_images, vectors=one.n_vectors)
                for one in figures.spaces(whole.described)
            ],
            queues=[
                QueueOut(
                    name=one.name, waiting=one.waiting, under_way=one.under_way, things=one.things, oldest=one.oldest
                )
                for one in figures.queues()
            ],
            years=_counts((str(year), n) for year, n in whole.years.items()),
            without_date=whole.n_without_date,
            tags=_counts(whole.tags),
            bytes=_counts(whole.bytes_by_kind.items()),
            photos=whole.n_photos,
            label_maps=whole.n_label_maps,
            workers=sum(not one["is_silent"] for one in figures.workers()),
            failures=_counts(failures().reasons),
            free_bytes=figures.free(),
            counted=whole.at,
        ),
    )


def _counts(rows: Iterable[tuple[str, int]]) -> list[Count]:
    return [Count(name=name, number=number) for name, number in rows]


def _found(job_id: int) -> BulkTask:
    if not 0 < job_id <= LARGEST_KEY:
        raise Http404
    return bulk_task(job_id)


def _moved(request: HttpRequest, job_id: int, move: Callable[[BulkTask], bool], moved: str) -> HttpResponse:
    curator_of(request, MAY_CHANGE)
    found = _found(job_id)
    if not move(found):
        raise Refusal(f"That task is {found.get_state_display()}: it cannot be {moved}.", 409, "")
    found.refresh_from_db()
    return told(request, JobOut.of(found))
