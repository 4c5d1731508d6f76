"""The name that a person sees is the name of their file: in any script, from any browser, as long as one reads."""

from __future__ import annotations

import io
import unicodedata
from typing import Any
from urllib.parse import unquote

import pytest
from django.contrib.auth.models import User
from django.core.files.uploadedfile import InMemoryUploadedFile
from django.http import HttpRequest, HttpResponse
from django.test import Client, RequestFactory
from hypothesis import given
from hypothesis import strategies as st

from accounts.exports.names import LONGEST, UniqueNames, safe
from selector.models import Photo
from selector.services.photos import store_photo
from superpixel_site.file_names import CODE_POINTS, LETTERS, file_name, letters, shortened, split
from superpixel_site.uploaded_names import UploadedNamesMiddleware
from tests.pictures import image_file

FAMILY = "👩‍👩‍👧‍👦"
SCRIPTS = (
    "صورة العائلة.jpg",
    "می‌خواهم.jpg",  # Persian, with a joiner that keeps two letters apart
    "तस्वीर क्षत्रिय.png",
    "ක්‍රි.jpg",  # Sinhala, with one that joins them
    "ภาพถ่ายที่บ้าน.jpg",
    f"{FAMILY} 🏴󠁧󠁢󠁳󠁣󠁴󠁿 🇨🇭.jpg",
    "標本写真 葛飾区.tif",
    "가족사진.jpg",
    "Größe – «été».jpg",
    "R&D &copy; 100%.jpg",
    "it's; a, b = c.jpg",
    "100%25 sure.jpg",
    ".hidden.jpg",
)


def uploaded(name: bytes) -> Any:
    """The file of a request as a browser sends it with this name."""
    body = b'--x\r\nContent-Disposition: form-data; name="image"; filename="' + name + b'"\r\n'
    body += b"Content-Type: image/jpeg\r\n\r\ndata\r\n--x--\r\n"
    request = RequestFactory().post("/", body, "multipart/form-data; boundary=x")
    found: list[Any] = []

    def view(request: HttpRequest) -> HttpResponse:
        found.append(request.FILES.get("image"))
        return HttpResponse()

    UploadedNamesMiddleware(view)(request)
    return found[0]


@pytest.mark.parametrize("name", SCRIPTS)
def test_a_name_comes_through_in_any_script(name: str) -> None:
    assert uploaded(name.encode()).name == name
    assert uploaded(unicodedata.normalize("NFD", name).encode()).name == name


@pytest.mark.parametrize(
    ("sent", "name"),
    [
        ("C:\\Users\\Ann\\scan.jpg", "scan.jpg"),
        ("/home/ann/scan.jpg", "scan.jpg"),
        ("../../etc/passwd", "passwd"),
        ("folder\\", "folder"),
        ("..", "Photo"),
        (" . ", "Photo"),
        ("/", "Photo"),
        ("\u200f\u200d", "Photo"),
        ("say %22hi%22.jpg", 'say "hi".jpg'),
        ("two%0D%0Alines.jpg", "two lines.jpg"),
        ("tab\there\x07\x00.jpg", "tab here.jpg"),
        ("\ufeffphoto\u202egpj.exe", "photogpj.exe"),
        ("\u2067a\u2069\u200b.jpg", "a.jpg"),
        ("many\u3000 \u00a0 blanks.jpg", "many blanks.jpg"),
    ],
)
def test_paths_and_what_cannot_be_seen_are_left_out(sent: str, name: str) -> None:
    assert uploaded(sent.encode()).name == name


def test_where_no_file_was_chosen_there_is_none() -> None:
    assert uploaded(b"") is None


@pytest.mark.parametrize("letter", ["a", "é", "ก้", "क्षि", "葛", "e\u0323\u0302", FAMILY, "🏴󠁧󠁢󠁳󠁣󠁴󠁿"])
def test_a_long_name_is_cut_between_letters_and_keeps_its_extension(letter: str) -> None:
    name = file_name(letter * 300 + ".jpeg")
    stem, extension = split(name)
    composed = unicodedata.normalize("NFC", letter)
    assert extension == ".jpeg" and stem == composed * (len(stem) // len(composed))
    assert letters(name) <= LETTERS and len(name) <= CODE_POINTS
    # There is room for no more.
    assert letters(name) == LETTERS or len(name) + len(composed) > CODE_POINTS


def test_a_letter_without_end_is_cut_too() -> None:
    assert file_name("a" + "\u0301" * 1000 + ".jpg") == "á.jpg" or len(file_name("a" + "\u0301" * 1000)) <= CODE_POINTS


@given(st.text(max_size=300))
def test_any_text_gives_a_name(text: str) -> None:
    name = file_name(text)
    assert name and "/" not in name and "\\" not in name and letters(name) <= LETTERS and len(name) <= CODE_POINTS
    assert file_name(name) == name
    name.encode()  # which lone surrogates cannot be
    # Django's own class leaves it as it is.
    assert InMemoryUploadedFile(io.BytesIO(), None, name, None, 0, None).name == name


@given(st.text(max_size=300))
def test_any_name_can_be_that_of_a_file_in_an_archive(text: str) -> None:
    name = safe(text)
    assert 0 < len(name.encode()) <= LONGEST and name == safe(name)
    assert not set(name) & set('<>:"/\\|?*') and name[-1] not in ". "


@pytest.mark.parametrize("name", ["con", "NUL.txt", "com1.tar.gz", "LPT9 .jpg", "Com².jpg", "CONIN$"])
def test_what_windows_keeps_for_itself_is_no_name_in_an_archive(name: str) -> None:
    assert safe(name) == f"_{name}"


def test_a_name_in_an_archive_is_cut_between_letters() -> None:
    assert safe(FAMILY * 20 + ".jpg") == FAMILY * ((LONGEST - 4) // len(FAMILY.encode())) + ".jpg"
    names = UniqueNames()
    assert [names.give(name) for name in ("é.jpg", "e\u0301.jpg", "É.JPG")] == ["é.jpg", "é (2).jpg", "É (3).JPG"]


def test_shortening_never_leaves_nothing() -> None:
    assert shortened("...." * 60, 4) == "_"


@pytest.mark.django_db
@pytest.mark.parametrize("name", SCRIPTS)
def test_a_photo_is_saved_under_its_name(alice: User, alice_client: Client, name: str) -> None:
    photo = store_photo(image_file(), name, owner=alice)
    assert photo.name == name
    header = alice_client.get(f"/photos/{photo.pk}/original/")["Content-Disposition"]
    saved = unquote(header.partition("filename*=utf-8''")[2]) or header.partition('filename="')[2].rstrip('"')
    stem, extension = split(name)
    assert saved == (name if extension in (".jpg", ".jpeg") else f"{name}.jpeg"), (header, stem)


@pytest.mark.django_db
def test_a_photo_can_be_given_any_name_of_200_letters(alice: User, alice_client: Client) -> None:
    photo = store_photo(image_file(), "a.jpg", owner=alice)
    for name, status in (("क्" * 100, 302), ("ä" * 200, 302), ("a" * 201, 422), ("\u202e \u200d", 422)):
        assert alice_client.post(f"/photos/{photo.pk}/name/", {"name": name}).status_code == status
        assert status == 422 or Photo.objects.get().name == name
