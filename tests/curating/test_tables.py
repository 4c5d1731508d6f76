"""Metadata goes out as CSV or JSON and comes back corrected, after a look at what changes."""

from __future__ import annotations

import csv
import io
import json
from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import User
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.signing_in.roles import make_curator
from gallery.models import GalleryImage
from gallery.web.forms import METADATA
from tests.curating.collections import bare_image

pytestmark = pytest.mark.django_db
IMAGES = "/admin/gallery/galleryimage/"
CSV, JSON = "0", "1"


@pytest.fixture
def curator(bob: User) -> Client:
    make_curator(bob)
    client = Client()
    client.force_login(bob)
    return client


def exported(client: Client, query: str = "", form: str = CSV) -> list[dict[str, Any]]:
    answer: Any = client.post(f"{IMAGES}export/{query}", {"format": form, "resource": "0"})
    text = b"".join(answer.streaming_content).decode()
    return list(csv.DictReader(io.StringIO(text))) if form == CSV else json.loads(text)


def look(client: Client, rows: list[dict[str, Any]]) -> Any:
    """The page that shows what rows would change."""
    text = io.StringIO()
    writer = csv.DictWriter(text, rows[0].keys())
    writer.writeheader()
    writer.writerows(rows)
    file = SimpleUploadedFile("images.csv", text.getvalue().encode())
    return client.post(f"{IMAGES}import/", {"format": CSV, "resource": "0", "import_file": file})


def confirm(client: Client, page: Any) -> None:
    form = page.context["confirm_form"]
    assert client.post(f"{IMAGES}process_import/", form.initial).status_code == 302


def test_thirty_captions_are_corrected_by_csv(curator: Client) -> None:
    images = [bare_image(number, title=f"Pciture {number}", tags=("red",)) for number in range(32)]
    rows = exported(curator)
    assert set(rows[0]) == {"id", *METADATA} and len(rows) == 32
    for row in rows[:30]:
        row["title"] = row["title"].replace("Pciture", "Picture")
    page = look(curator, rows)
    html = page.content.decode()
    assert html.count("<del>Pciture</del><ins>Picture</ins>") == 30 and "style=" not in html
    assert not GalleryImage.objects.filter(title__startswith="Picture").exists(), "looking has changed something"
    GalleryImage.objects.filter(pk=images[0].pk).update(status="failed")
    confirm(curator, page)
    assert GalleryImage.objects.filter(title__startswith="Picture").count() == LogEntry.objects.count() == 30
    assert {entry.get_change_message() for entry in LogEntry.objects.all()} == {"Changed title."}
    assert GalleryImage.objects.failed().count() == 1 and GalleryImage.objects.tagged("red").count() == 32


def test_tags_come_back_and_columns_that_are_left_out_stay(curator: Client) -> None:
    image = bare_image(1, title="Harbour", tags=("red", "boats"), creator="Ann")
    assert exported(curator, form=JSON)[0]["tags"] == "boats, red"
    confirm(curator, look(curator, [{"id": image.pk, "tags": "boats, blue sky"}]))
    image.refresh_from_db()
    assert (image.title, image.creator, sorted(image.tags.names())) == ("Harbour", "Ann", ["blue sky", "boats"])
    assert LogEntry.objects.get().get_change_message() == "Changed Tags."
    confirm(curator, look(curator, [{"id": image.pk, "tags": ""}]))
    assert not image.tags.exists()


def test_the_export_is_what_the_list_shows_and_never_peoples_own(admin_client: Client, alice: User) -> None:
    bare_image(1, title="Harbour", licence="CC0")
    bare_image(2, title="Night")
    bare_image(3, title="Sesame", owner=alice)
    assert [row["title"] for row in exported(admin_client)] == ["Night", "Harbour"]
    assert [row["title"] for row in exported(admin_client, "?licence=CC0")] == ["Harbour"]


@pytest.mark.parametrize("form", [CSV, JSON])
def test_all_rows_are_exported_in_pieces_with_as_many_queries_for_each(
    curator: Client, monkeypatch: pytest.MonkeyPatch, form: str
) -> None:
    monkeypatch.setattr("curating.admin.tables.ROWS_AT_ONCE", 3)
    assert exported(curator, form=form) == []
    for number in range(8):
        bare_image(number, title=f"“Quoted”, {number}", tags=("red",))
    with CaptureQueriesContext(connection) as queries:
        rows = exported(curator, form=form)
    assert [row["title"] for row in rows] == [f"“Quoted”, {number}" for number in reversed(range(8))]
    assert {row["tags"] for row in rows} == {"red"}
    assert sum("taggit" in query["sql"] for query in queries) == 3


@pytest.mark.parametrize(
    ("column", "value", "sentence"),
    [
        ("title", "", "required"),
        ("taken", "soon", "date"),
        ("source_url", "javascript:alert(1)", "URL"),
        ("tags", "x" * 101, "at most 100 characters"),
        ("id", "999999", "There is no image 999999 in the collection."),
        ("id", "", "There is no image"),
        ("id", "first", "Line number: 1"),
    ],
)
def test_a_wrong_row_is_told_and_nothing_is_saved(curator: Client, column: str, value: str, sentence: str) -> None:
    image = bare_image(1, title="Harbour")
    page = look(curator, [{"id": image.pk, "title": "Night", column: value}])
    assert sentence in page.content.decode() and "confirm_form" not in page.context
    assert GalleryImage.objects.get().title == "Harbour"


def test_peoples_own_images_cannot_be_changed_by_a_file(admin_client: Client, alice: User) -> None:
    own = bare_image(1, title="Sesame", owner=alice)
    page = look(admin_client, [{"id": own.pk, "title": "Mine"}])
    html = page.content.decode()
    assert f"There is no image {own.pk} in the collection." in html and "Sesame" not in html


def test_a_file_of_too_many_rows_is_refused(curator: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("curating.admin.tables.MOST_ROWS_IN", 1)
    rows = [{"id": bare_image(number).pk, "title": "x"} for number in range(2)]
    assert "The file has 2 rows; at most 1 are taken at once." in look(curator, rows).content.decode()


def test_who_may_only_look_imports_nothing(alice: User) -> None:
    make_curator(alice)
    alice.groups.get().permissions.filter(codename="change_galleryimage").delete()
    client = Client()
    client.force_login(alice)
    assert client.get(f"{IMAGES}import/").status_code == 403
    assert client.get(f"{IMAGES}export/").status_code == 200
