"""Superpixels for programs: an image in, labels and what is known of them out; nothing is kept."""

from __future__ import annotations

import base64
import io
import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from django.conf import settings
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from PIL import Image
from pytest_django.live_server_helper import LiveServer

from selector.models import LabelMap, Photo, Visitor
from selector.segmentation import slic
from selector.segmentation.hierarchy import Hierarchy
from tests.pictures import eighths, image_file

pytestmark = pytest.mark.django_db
ADDRESS = "/api/v1/segment"


def picture(width: int = 240, height: int = 160) -> npt.NDArray[np.uint8]:
    return eighths(width, height)


def base64_of(data: bytes) -> str:
    return base64.b64encode(data).decode()


def sent_as_json(client: Client, body: dict[str, Any], **headers: str) -> Any:
    return client.post(ADDRESS, body, content_type="application/json", headers=headers)


def labels_in(png: bytes) -> npt.NDArray[np.uint16]:
    image = Image.open(io.BytesIO(png))
    assert image.mode == "I;16"
    return np.asarray(image).astype(np.uint16)


def test_the_call_of_old_gets_segments_and_centroids(client: Client) -> None:
    pixels = picture()
    answer = sent_as_json(client, {"image": base64_of(image_file(pixels, "PNG")), "n_segments": 60, "sigma": 1})
    assert answer.status_code == 200, answer.content
    found = answer.json()
    labels = labels_in(base64.b64decode(found["labels"]["data"]))
    assert np.array_equal(labels, slic.segment(pixels, 60, sigma=1))
    assert (found["width"], found["height"], found["n_segments"]) == (240, 160, labels.max() + 1)
    for segment in found["segments"]:
        y, x = np.nonzero(labels == segment["label"])
        assert segment["area"] == len(x)
        assert segment["centroid"] == pytest.approx([x.mean(), y.mean()], abs=0.01)
        assert segment["mean_colour"] == pytest.approx(pixels[y, x].mean(axis=0), abs=0.6)
    tree = Hierarchy(np.array(found["merge_tree"], np.uint16))
    assert tree.n_superpixels == found["n_segments"]
    beside = {tuple(sorted(pair)) for pair in zip(labels[:, :-1].flat, labels[:, 1:].flat, strict=True)}
    below = {tuple(sorted(pair)) for pair in zip(labels[:-1].flat, labels[1:].flat, strict=True)}
    assert {tuple(pair) for pair in found["neighbours"]} == {(a, b) for a, b in beside | below if a != b}


@pytest.mark.django_db(transaction=True)
def test_the_command_of_the_readme_works(live_server: LiveServer, tmp_path: Path) -> None:
    readme = Path(settings.BASE_DIR, "README.md").read_text(encoding="utf-8")
    (command,) = (block for block in re.findall(r"```sh\n(.*?)```", readme, re.DOTALL) if "api/v1/segment" in block)
    (tmp_path / "photo.jpg").write_bytes(image_file(picture()))
    # On a machine without curl these few words do what it does here.
    (tmp_path / "curl").write_text(
        f"#!{sys.executable}\nimport sys, urllib.request as u\n"
        "body, url = sys.stdin.buffer.read(), sys.argv[-1]\n"
        "request = u.Request(url, body, {'Content-Type': 'application/json', 'Accept': 'application/json'})\n"
        "print(u.urlopen(request).read().decode())\n"
    )
    (tmp_path / "curl").chmod(0o755)
    command = command.replace("http://127.0.0.1:8000", live_server.url)
    done = subprocess.run(
        ["bash", "-c", command], cwd=tmp_path, env={"PATH": f"{os.environ['PATH']}:{tmp_path}"},
        capture_output=True, text=True, timeout=100, check=True,
    )  # fmt: skip
    found = json.loads(done.stdout)
    assert 100 < len(found["segments"]) < 300 and (found["width"], found["height"]) == (240, 160)


def test_labels_come_as_a_png_as_runs_and_as_lists(client: Client) -> None:
    image = base64_of(image_file(picture(), "PNG"))
    expected = slic.segment(picture(), 40)
    png = sent_as_json(client, {"image": f"data:image/png;base64,{image}", "n_segments": 40}, accept="image/png")
    assert png.headers["Content-Type"] == "image/png" and np.array_equal(labels_in(png.content), expected)
    runs = sent_as_json(client, {"image": image, "n_segments": 40, "labels": "rle"}).json()["labels"]
    assert np.array_equal(np.repeat(runs["values"], runs["counts"]).reshape(160, 240), expected)
    lists = sent_as_json(client, {"image": image, "n_segments": 40, "labels": "lists"}).json()["labels"]
    assert lists["rows"] == expected.tolist()


def test_a_form_does_as_well_and_the_image_stands_upright(client: Client) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    file = SimpleUploadedFile("a.jpg", image_file(picture(), exif=exif), "image/jpeg")
    answer = client.post(ADDRESS, {"image": file, "n_segments": "30", "engine": "skimage", "compactness": "20"})
    found = answer.json()
    assert (found["width"], found["height"], found["original_width"]) == (160, 240, 160)
    assert found["engine"] == "skimage" and 10 < found["n_segments"] <= 60


def test_a_large_image_is_reduced_and_the_answer_says_so(client: Client) -> None:
    file = SimpleUploadedFile("a.jpg", image_file(picture(600, 300)), "image/jpeg")
    found = client.post(ADDRESS, {"image": file, "long_side": "200"}).json()
    assert (found["width"], found["height"]) == (200, 100)
    assert (found["original_width"], found["original_height"]) == (600, 300)


def test_nothing_is_kept_and_nobody_becomes_a_visitor(client: Client) -> None:
    answer = sent_as_json(client, {"image": base64_of(image_file(picture()))})
    assert answer.status_code == 200 and answer.headers["Cache-Control"] == "no-store" and not answer.cookies
    assert not (Photo.objects.exists() or LabelMap.objects.exists() or Visitor.objects.exists())


@pytest.mark.parametrize(
    ("body", "status", "words"),
    [
        ({}, 422, "image: "),
        ({"image": "§"}, 422, "not base64"),
        ({"image": base64_of(b"Dear Sir")}, 422, "JPEG, PNG or WebP"),
        ({"image": base64_of(b"")}, 422, "empty"),
        ({"image": "aaaa", "n_segments": 0}, 422, "n_segments: "),
        ({"image": "aaaa", "n_segments": "many"}, 422, "n_segments: "),
        ({"image": "aaaa", "sigma": -1}, 422, "sigma: "),
        ({"image": "aaaa", "engine": "watershed"}, 422, "engine: "),
        ("[]", 422, "image: "),
        ("{", 422, "JSON"),
    ],
)
def test_what_is_wrong_is_said_in_one_sentence(client: Client, body: Any, status: int, words: str) -> None:
    answer = sent_as_json(client, body)
    assert answer.status_code == status and answer.headers["Content-Type"] == "application/problem+json"
    problem = answer.json()
    assert problem["status"] == status and words in problem["detail"], problem
    assert problem["detail"].count("\n") == 0


def test_another_type_or_an_image_that_is_too_long_for_json_is_refused(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert client.post(ADDRESS, b"a", content_type="text/plain").status_code == 415
    assert client.post(ADDRESS, {"n_segments": 3}).status_code == 400
    assert client.get(ADDRESS).status_code == 405
    monkeypatch.setattr("api.segment_views.MOST_BYTES_IN_JSON", 1000)
    answer = sent_as_json(client, {"image": base64_of(bytes(6000))})
    assert answer.status_code == 413 and "multipart" in answer.json()["detail"]


def test_the_document_describes_both_bodies(client: Client) -> None:
    document = client.get("/api/v1/openapi.json").json()
    assert document["openapi"].startswith("3.1")
    operation = document["paths"]["/api/v1/segment"]["post"]
    assert set(operation["requestBody"]["content"]) == {"application/json", "multipart/form-data"}
    assert "swagger-ui" in client.get("/api/docs").content.decode()
