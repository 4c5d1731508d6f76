"""The Python client, against a live site."""

from __future__ import annotations

import csv
import io
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any
from uuid import UUID

import numpy as np
import pytest
from PIL import Image
from pytest_django.live_server_helper import LiveServer
from superpixel_search import CannotReach, Problem, Site, decode, encode
from superpixel_search.cli import main

from accounts.models import ApiToken
from curating.moving import coco_rle
from gallery.models import GalleryImage
from selector.models import Photo as StoredPhoto
from tests.gallery.discs import thing_on_ground
from tests.pictures import GREEN, RED

BOX = (40, 45, 100, 105)


@pytest.fixture
def picture() -> Any:
    return thing_on_ground(RED, GREEN, 9)


def test_from_a_picture_to_hits(site: Site, images: list[GalleryImage], picture: Any, tmp_path: Path) -> None:
    file = tmp_path / "disc.png"
    Image.fromarray(picture).save(file)
    selection = site.photo(file).select(box=BOX)
    assert selection.mask.shape == picture.shape[:2]
    assert selection.mask[75, 70] and not selection.mask[5, 5]
    hits = selection.search()
    assert {hit.title for hit in hits[:2]} == {"Red on blue", "Red on white"}
    first = hits[0]
    assert first.mask is not None and first.mask.shape == first.picture.shape[:2]
    assert first.box is not None
    left, top, right, bottom = first.box
    assert first.mask[top:bottom, left:right].sum() == first.mask.sum() > 0
    assert np.asarray(first.cut_out()).shape == (bottom - top, right - left, 3)
    frame = hits.frame()
    assert list(frame["title"]) == [hit.title for hit in hits]
    assert list(frame["rank"]) == list(range(1, len(frame) + 1))
    assert frame["page"][0].startswith(str(site.connection.url))


def test_masks_go_in_and_come_out(site: Site, picture: Any) -> None:
    photo = site.photo(picture)
    labels = photo.labels()
    wanted = np.isin(labels, [3, 5, 8])
    selection = photo.select(mask=wanted)
    assert np.array_equal(selection.mask, wanted)
    assert selection.included == [3, 5, 8]
    # The same in a picture of twice the size.
    large = wanted.repeat(2, axis=0).repeat(2, axis=1)
    assert np.array_equal(photo.select(mask=large).mask, wanted)
    assert photo.select(superpixels=[5]).select(superpixels=[5, 8]).select(superpixels=[5], remove=True).included == [8]
    assert photo.selection.select(superpixels=[3], exclude=True).excluded == [3]
    assert photo.segments()["n_superpixels"] == labels.max() + 1


def test_gestures_are_steps(site: Site, picture: Any) -> None:
    photo = site.photo(picture)
    height, width = picture.shape[:2]
    middle = photo.select(tap=(70, 75))
    once = middle.mask
    assert once[75, 70]
    # In pixels of a picture of half the size.
    assert np.array_equal(photo.select(tap=(35, 37.5), size=(width // 2, height // 2)).mask, once)
    selection = photo.selection
    assert selection.correct([(5, 5)]).mask[5, 5]
    assert not selection.undo().mask[5, 5]
    assert selection.redo().mask[5, 5]
    assert selection.gesture("invert").share == pytest.approx(1 - np.mean(selection.undo().mask), abs=1e-3)
    assert not selection.clear().mask.any()
    with pytest.raises(ValueError, match="one way"):
        selection.select(box=BOX, tap=(1, 1))


def test_who_changes_what_another_has_changed_is_told(site: Site, picture: Any) -> None:
    photo = site.photo(picture)
    mine, theirs = photo.selection, photo.selection
    theirs.select(superpixels=[1])
    with pytest.raises(Problem, match="changed since you read it") as refused:
        mine.select(superpixels=[2])
    assert refused.value.status == 412
    assert mine.read().select(superpixels=[2]).included == [1, 2]


def test_searches_are_kept(site: Site, images: list[GalleryImage], picture: Any) -> None:
    hits = site.photo(picture).select(box=BOX).search().rename("Red discs").pin()
    assert [(search.name, search.is_pinned) for search in site.searches()] == [("Red discs", True)]
    wrong = hits[0]
    hits.dislike(wrong)
    assert {hit.title: hit.feedback for hit in hits}[wrong.title] == "dislike"
    hits.refine(licence="CC0")
    assert [hit.title for hit in site.search(hits.id)] == ["Blue on white"]
    hits.delete()
    assert not list(site.searches())
    hits.bring_back()
    found = site.find("white")
    assert {hit.title for hit in found} == {"Blue on white", "Red on white"}
    assert [image.title for image in site.images(creator="Ada")] == ["Red on blue"]
    assert {hit.title for hit in site.like(images[0].pk)} == {"Blue on white", "Red on white"}


def test_photos_are_listed_renamed_turned_and_deleted(site: Site, picture: Any) -> None:
    one, _ = site.upload([picture, picture[::-1]], progress=False)
    one.rename("A disc")
    assert sorted(photo.name for photo in site.photos())[0] == "A disc"
    width, height = one.size
    assert one.turn().size == (height, width)
    assert one.picture().shape == (width, height, 3)
    again = site.photo(str(one.id))
    again.delete()
    with pytest.raises(Problem) as gone:
        site.photo(UUID(one.id))
    assert gone.value.status == 404


def test_segmenting_needs_no_token(live_server: LiveServer, picture: Any) -> None:
    found = Site(live_server.url).segment(picture, 30, sigma=1)
    assert found.labels.shape == picture.shape[:2]
    assert found.areas.sum() == found.labels.size
    assert found.centroids.shape == (found.n_segments, 2)
    with pytest.raises(Problem) as refused:
        next(Site(live_server.url).photos())
    assert refused.value.status == 401


def test_a_token_that_is_revoked_meanwhile_ends_paging(site: Site, images: list[GalleryImage], picture: Any) -> None:
    site.upload([picture, picture[::-1]], progress=False)
    paged = site.connection.rows("photos", "photos", {"limit": 1})
    next(paged)
    ApiToken.objects.all().delete()
    with pytest.raises(Problem) as refused:
        next(paged)
    assert refused.value.status == 401


@pytest.mark.parametrize("shape", [(1, 1), (7, 5), (64, 48)])
def test_masks_are_packed_as_the_site_packs_them(shape: tuple[int, int]) -> None:
    noise = np.random.default_rng(3).random(shape)
    for share in (0, 0.02, 0.5, 1):
        mask = noise < share
        assert encode(mask) == coco_rle.encode(mask)
        assert np.array_equal(decode(encode(mask)), mask)
    with pytest.raises(ValueError, match="do not fill"):
        decode({"size": [3, 3], "counts": "22"})


@contextmanager
def answering(*answers: tuple[int, dict[str, str], bytes]) -> Iterator[tuple[str, list[str]]]:
    """A server that gives these answers in turn; its address, and the keys that came."""
    left, keys = list(answers), []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            keys.append(self.headers["Idempotency-Key"])
            self.rfile.read(int(self.headers["Content-Length"]))
            status, headers, body = left.pop(0)
            self.send_response(status)
            for name, value in {**headers, "Content-Length": str(len(body))}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/below", keys
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def test_a_busy_site_is_asked_again_with_the_same_key() -> None:
    busy = (503, {"Retry-After": "0"}, b"")
    with answering(busy, busy, (200, {}, b'{"id": 1}')) as (url, keys):
        assert Site(url).connection.json("POST", "photos", json={}) == {"id": 1}
    assert len(keys) == 3
    assert len(set(keys)) == 1


def test_what_is_no_site_is_said_in_a_sentence() -> None:
    with answering((200, {}, b"<html>")) as (url, _), pytest.raises(CannotReach, match="Is it the address of a site"):
        Site(url).connection.json("POST", "photos", json={})
    with pytest.raises(CannotReach, match="cannot be reached"):
        Site(url, attempts=1).photo(b"")


@pytest.mark.usefixtures("images")
def test_a_shell_gets_a_table(
    live_server: LiveServer, token: str, picture: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file, out = tmp_path / "disc.png", tmp_path / "hits.csv"
    Image.fromarray(picture).save(file)
    known = ["--url", live_server.url, "--token", token]
    assert main(["find", str(file), "--box", "40,45,100,105", "--out", str(out), *known]) == 0
    rows = list(csv.DictReader(io.StringIO(out.read_text("utf-8"))))
    assert {row["title"] for row in rows[:2]} == {"Red on blue", "Red on white"}
    assert all(row["left"] for row in rows[:2])
    assert main(["find", str(tmp_path / "none.png"), "--tap", "3,3", *known]) == 1
    assert main(["find", str(file), "--tap", "9000,3", *known]) == 1
    assert "The gesture lies outside of the photo." in capsys.readouterr().err
    # Nothing is left of all that.
    assert not StoredPhoto.objects.filter(owner__isnull=False).exists()
