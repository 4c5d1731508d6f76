"""What curators see of tasks, live, and do with them; nobody else sees that there are any."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.models import Export
from accounts.signing_in.roles import make_curator
from curating.models import BulkTask, ImportItem

pytestmark = pytest.mark.django_db


@pytest.fixture
def curator(bob: User) -> Client:
    make_curator(bob)
    client = Client()
    client.force_login(bob)
    return client


@pytest.fixture
def task(alice: User) -> BulkTask:
    """Two files done, one refused, one skipped, one waiting."""
    made = BulkTask.objects.create(
        kind="import", title="harbour.zip", asked_by=alice, total=5, done=2, failed=1, skipped=1
    )
    rows = (("a.jpg", "new", ""), ("b.jpg", "known", ""), ("=c.jpg", "refused", "The file is empty."))
    for path, state, reason in (*rows, ("@eaDir", "skipped", "Copies."), ("d.jpg", "waiting", "")):
        ImportItem.objects.create(task=made, path=path, state=state, reason=reason)
    return made


def text(client: Client, address: str, **headers: str) -> str:
    return client.get(address, headers=headers).content.decode()


def test_the_list_shows_how_far_tasks_are_and_asks_for_itself_while_one_is_open(
    curator: Client, task: BulkTask
) -> None:
    page = text(curator, "/curating/tasks/")
    assert "harbour.zip" in page and "4 of 5, 1 failed, 1 skipped" in page
    assert 'hx-trigger="every 2s"' in page
    partial = text(curator, "/curating/tasks/", **{"HX-Request": "true"})
    assert partial.lstrip().startswith('<div id="tasks"')
    task.cancel()
    assert 'hx-trigger="every 2s"' not in text(curator, "/curating/tasks/")


def test_files_are_shown_by_what_became_of_them(curator: Client, task: BulkTask) -> None:
    page = text(curator, f"/curating/tasks/{task.pk}/?state=refused")
    assert "=c.jpg" in page and "The file is empty." in page and "b.jpg" not in page
    assert "b.jpg" in text(curator, f"/curating/tasks/{task.pk}/?state=nonsense")


def test_the_report_has_what_was_left_out_and_no_formulas(curator: Client, task: BulkTask) -> None:
    answer = curator.get(f"/curating/tasks/{task.pk}/report/")
    report = b"".join(answer.streaming_content).decode()  # type: ignore[attr-defined]
    assert report.split("\r\n") == [
        "path,state,reason", "'=c.jpg,refused,The file is empty.", "@eaDir,skipped,Copies.", "",
    ]  # fmt: skip


def test_a_task_is_paused_gone_on_with_and_cancelled(curator: Client, task: BulkTask) -> None:
    for action, state in (("pause", "paused"), ("resume", "waiting"), ("cancel", "cancelled")):
        assert curator.post(f"/curating/tasks/{task.pk}/{action}/").status_code == 302
        task.refresh_from_db()
        assert task.state == state
    refused = curator.post(f"/curating/tasks/{task.pk}/resume/")
    assert refused.status_code == 409 and "cannot be gone on with" in refused.content.decode()


def test_one_who_may_only_look_cannot_pause(bob: User, task: BulkTask) -> None:
    from django.contrib.auth.models import Permission

    bob.is_staff = True
    bob.save()
    bob.user_permissions.add(Permission.objects.get(codename="view_bulktask"))
    client = Client()
    client.force_login(bob)
    assert "Pause" not in text(client, f"/curating/tasks/{task.pk}/")
    assert client.post(f"/curating/tasks/{task.pk}/pause/").status_code == 404


def test_the_way_to_the_pages_is_shown_to_curators_alone(curator: Client, alice_client: Client) -> None:
    assert "/curating/tasks/" in text(curator, "/gallery/")
    assert "/curating/" not in text(alice_client, "/gallery/")


def test_of_exports_it_is_shown_how_many_there_are_and_not_whose(curator: Client, alice: User) -> None:
    Export.objects.create(owner=alice)
    page = text(curator, "/curating/tasks/")
    assert "1 person waits" in page and "alice" not in page


def test_the_lists_ask_the_database_as_often_for_many_as_for_few(curator: Client, task: BulkTask) -> None:
    def queries(address: str) -> int:
        curator.get(address)
        with CaptureQueriesContext(
            connection,
        ) as asked:
            curator.get(address)
        return len(asked)

    addresses = ("/curating/tasks/", f"/curating/tasks/{task.pk}/", "/admin/curating/bulktask/")
    few = [queries(address) for address in addresses]
    ImportItem.objects.bulk_create(ImportItem(task=task, path=f"{n}.jpg") for n in range(60))
    for n in range(20):
        BulkTask.objects.create(kind="import", title=f"{n}", asked_by=task.asked_by)
    assert [queries(address) for address in addresses] == few


def test_the_admin_shows_tasks_and_pauses_them(curator: Client, task: BulkTask) -> None:
    assert "harbour.zip" in text(curator, "/admin/curating/bulktask/")
    curator.post("/admin/curating/bulktask/", {"action": "pause", "_selected_action": [task.pk]})
    task.refresh_from_db()
    assert task.state == "paused"
    assert 'name="title"' not in text(curator, f"/admin/curating/bulktask/{task.pk}/change/")


def test_a_task_whose_process_is_not_heard_of_can_be_handed_to_the_worker(curator: Client, task: BulkTask) -> None:
    task.begin()
    assert "Nothing has been heard" not in text(curator, f"/curating/tasks/{task.pk}/")
    BulkTask.objects.update(heard="2020-01-01T00:00Z")
    assert "Nothing has been heard" in text(curator, f"/curating/tasks/{task.pk}/")
    assert curator.post(f"/curating/tasks/{task.pk}/resume/").status_code == 302
    with connection.cursor() as cursor:
        cursor.execute("SELECT args->>'task_id' FROM procrastinate_jobs WHERE task_name = 'curating.run_bulk_task'")
        assert cursor.fetchall() == [(str(task.pk),)]


def test_who_asked_is_forgotten_with_the_account(task: BulkTask, alice: User, own_media: Any) -> None:
    from accounts import leaving

    leaving.leave(alice)
    task.refresh_from_db()
    assert task.asked_by is None
