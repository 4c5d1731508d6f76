"""Who on the machine may read what the site stores: its own system user alone, whatever the umask."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.files.base import ContentFile
from django.core.management import call_command

from selector.models import Photo
from selector.services import label_maps
from selector.services.photos import store_photo
from superpixel_site import private_files
from superpixel_site.file_storage import AtomicFileSystemStorage
from superpixel_site.secret_key import kept_secret_key
from tests.pictures import image_file


@pytest.fixture
def generous_umask() -> Iterator[None]:
    before = os.umask(0)
    yield
    os.umask(before)


def modes(folder: Path) -> dict[str, int]:
    return {str(path.relative_to(folder)): stat.S_IMODE(path.lstat().st_mode) for path in sorted(folder.rglob("*"))}


def mode(path: Path) -> int:
    return stat.S_IMODE(path.lstat().st_mode)


@pytest.mark.django_db
def test_all_files_and_folders_of_photos_are_for_the_site_alone(
    own_media: Path, generous_umask: None, few_superpixels: None
) -> None:
    label_maps.get_or_compute(store_photo(image_file(), "quarters.jpg"))
    found = modes(own_media)
    assert len(found) == 11, "an original, a working copy and labels, each in folders"
    right = {name: 0o700 if (own_media / name).is_dir() else 0o600 for name in found}
    assert found == right
    assert mode(own_media) == 0o700


def test_a_file_is_closed_already_while_it_is_written(tmp_path: Path, generous_umask: None) -> None:
    storage = AtomicFileSystemStorage(location=str(tmp_path / "media"))
    seen: list[int] = []

    class Watched(ContentFile):  # type: ignore[type-arg]  # a generic to type checkers alone
        def chunks(self, chunk_size: int | None = None) -> Iterator[bytes]:
            yield b"first"
            seen.extend(modes(tmp_path).values())

    storage.save("a/b.jpg", Watched(b""))
    assert sorted(seen) == [0o600, 0o700, 0o700]


def test_the_key_is_closed_too(tmp_path: Path, generous_umask: None) -> None:
    kept_secret_key(tmp_path / "data" / "secret_key")
    assert modes(tmp_path / "data") == {"secret_key": 0o600}


@pytest.fixture
def left_open(tmp_path: Path, settings: Any) -> Path:
    """A data folder of an earlier version."""
    settings.DATA_DIR, settings.MEDIA_BUCKET = tmp_path, ""
    for name in ("media/originals/ab", "media/photos/ab", "numba", "static"):
        (tmp_path / name).mkdir(parents=True)
    for name in ("media/originals/ab/one", "media/photos/ab/two.jpg", "static/site.css"):
        (tmp_path / name).touch()
    (tmp_path / "media/photos/link").symlink_to(tmp_path / "static/site.css")
    for path in (tmp_path, *tmp_path.rglob("*")):
        if not path.is_symlink():
            path.chmod(0o755 if path.is_dir() else 0o644)
    return tmp_path


def test_what_an_earlier_version_left_open_is_closed_at_start(left_open: Path) -> None:
    private_files.close_data()
    found = modes(left_open)
    assert {bits for name, bits in found.items() if name.startswith("media") and "link" not in name} == {0o600, 0o700}
    assert found["numba"] == 0o700
    assert (found["static"], found["static/site.css"], mode(left_open)) == (0o755, 0o644, 0o755), "for a web server"


def test_a_closed_folder_is_not_walked_through_again(left_open: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """At each start with a hundred thousand files."""
    private_files.close_data()
    monkeypatch.setattr(os, "walk", lambda *_args, **_more: pytest.fail("was walked through"))
    private_files.close_data()


def test_who_is_cut_off_begins_again(left_open: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    chmod = Path.chmod

    def cut_off(path: Path, bits: int) -> None:
        if path.name == "two.jpg":
            raise OSError("cut off")
        chmod(path, bits)

    with monkeypatch.context() as patch:
        patch.setattr(Path, "chmod", cut_off)
        private_files.close_data()
    assert mode(left_open / "media") == 0o755
    private_files.close_data()
    assert mode(left_open / "media/photos/ab/two.jpg") == 0o600 and mode(left_open / "media") == 0o700


@pytest.mark.django_db
def test_check_storage_says_what_is_open_and_closes_it(own_media: Path, photo: Photo) -> None:
    Path(photo.working.path).chmod(0o644)
    Path(photo.working.path).parent.chmod(0o755)

    def said(*options: str) -> str:
        out = StringIO()
        call_command("check_storage", *options, stdout=out)
        return out.getvalue()

    assert "2 open to others" in said()
    assert "2 closed to others" in said("--repair")
    assert mode(Path(photo.working.path)) == 0o600 and "all in order" in said()


def test_the_site_itself_is_never_closed(settings: Any) -> None:
    before = mode(settings.BASE_DIR / "manage.py")
    with pytest.raises(ValueError, match="holds the site itself"):
        private_files.close(settings.BASE_DIR.parent)
    assert mode(settings.BASE_DIR / "manage.py") == before
