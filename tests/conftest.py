"""What every test may ask for: files in a folder of its own, people, and photos."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck
from hypothesis import settings as hypothesis_settings

if TYPE_CHECKING:
    from django.contrib.auth.models import User
    from django.test import Client
    from pytest_django import DjangoDbBlocker

    from selector.models import Photo

# Drawing pictures takes its time on a busy machine, and no test here is about speed.
_common: dict[str, Any] = {"deadline": None, "suppress_health_check": [HealthCheck.too_slow]}
hypothesis_settings.register_profile("default", max_examples=60, **_common)
hypothesis_settings.register_profile("thorough", max_examples=1000, **_common)
hypothesis_settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "default"))


@pytest.fixture(scope="session", autouse=True)
def media(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Uploaded files of this run, away from anybody's photos."""
    from django.core.files.storage import default_storage

    folder = tmp_path_factory.mktemp("media")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(default_storage, "_location", str(folder))
        # No test is about power cuts, and waiting for the disk takes longer than most of them.
        patch.setattr(default_storage, "syncs", False)
        yield folder


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> None:
    """The database of this run does not wait for the disk either."""
    from django.db import connection

    with django_db_blocker.unblock(), connection.cursor() as cursor:
        name = connection.ops.quote_name(connection.settings_dict["NAME"])
        cursor.execute(f"ALTER DATABASE {name} SET synchronous_commit = off")
        connection.close()


@pytest.fixture
def own_media(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A storage of the test's own, for tests that look at all that is in it."""
    from django.core.files.storage import default_storage

    folder = tmp_path / "media"
    monkeypatch.setattr(default_storage, "base_location", str(folder))
    monkeypatch.setattr(default_storage, "location", str(folder))
    return folder


@pytest.fixture(autouse=True)
def no_meaning(settings: Any) -> None:
    """Tests of the `meaning` space switch it on, with a model that they make; nobody asks a hub."""
    settings.MEANING_ENABLED = False


@pytest.fixture(autouse=True)
def in_this_process(monkeypatch: pytest.MonkeyPatch) -> None:
    """What a child process would do is done here, so that it sees the test's own database, settings and changes.

    `tests/gallery/test_worker_process.py` runs commands with real children.
    """
    from gallery.index.indexing_process import IndexingProcesses

    monkeypatch.setattr(IndexingProcesses, "run", lambda self, work, *args, **kwargs: work(*args, **kwargs))


@pytest.fixture(autouse=True)
def quick_passwords(settings: Any) -> None:
    """Slow hashes are for thieves; no test here is about them."""
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


@pytest.fixture(scope="session", autouse=True)
def emptied_quickly() -> Iterator[None]:
    """After a test that commits, rows are deleted, instead of all tables being made anew."""
    from django.test import TransactionTestCase

    from tests import databases

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(TransactionTestCase, "_fixture_teardown", lambda self: databases.empty())
        yield


@pytest.fixture(scope="session", autouse=True)
def room_for_connections() -> Iterator[None]:
    """Django's live server lets ten connections wait to be taken; a browser opens six for each of its windows."""
    from django.core.servers.basehttp import WSGIServer

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(WSGIServer, "request_queue_size", 1024)
        yield


@pytest.fixture(autouse=True)
def nothing_left_beside_models(request: pytest.FixtureRequest, django_db_blocker: Any) -> Iterator[None]:
    """Django empties only tables of models after a test that commits: the next one would find its jobs."""
    yield
    marker = request.node.get_closest_marker("django_db")
    if marker and marker.kwargs.get("transaction"):
        from tests import databases

        with django_db_blocker.unblock():
            databases.empty_beside_models()


@pytest.fixture
def few_superpixels(settings: Any) -> None:
    """Small pictures, small label maps."""
    settings.N_SUPERPIXELS = 60


@pytest.fixture
def alice(db: None) -> User:
    """Owns things."""
    return _person("alice")


@pytest.fixture
def bob(db: None) -> User:
    """A stranger."""
    return _person("bob")


def _person(name: str) -> User:
    from django.contrib.auth.models import User

    return User.objects.create_user(name, f"{name}@example.com", "a-long-passphrase")


@pytest.fixture
def alice_client(alice: User) -> Client:
    return _signed_in(alice)


@pytest.fixture
def bob_client(bob: User) -> Client:
    return _signed_in(bob)


def _signed_in(user: User) -> Client:
    from django.test import Client

    client = Client()
    client.force_login(user)
    return client


@pytest.fixture
def photo(alice: User, few_superpixels: None) -> Photo:
    """A photo of alice's: four coloured quarters, 240 x 160."""
    from selector.services.photos import store_photo
    from tests.pictures import image_file

    return store_photo(image_file(), "quarters.jpg", owner=alice)


@pytest.fixture(scope="session")
def tiny_models(tmp_path_factory: pytest.TempPathFactory) -> tuple[dict[str, str], dict[str, str]]:
    """Settings for two models in open_clip's own format: a real small tower, with two sets of random weights."""
    import json

    import open_clip
    import torch
    from safetensors.torch import save_file

    folder = tmp_path_factory.mktemp("models")
    vision = {"timm_model_name": "test_resnet", "timm_model_pretrained": False, "timm_pool": "avg"}
    text = {"context_length": 8, "vocab_size": 49408, "width": 16, "heads": 1, "layers": 1}
    description = folder / "tiny-tower.json"
    description.write_text(
        json.dumps(
            {"embed_dim": 32, "vision_cfg": vision | {"timm_proj": "linear", "image_size": 64}, "text_cfg": text}
        )
    )
    open_clip.add_model_config(str(description))
    models = []
    for seed in (0, 1):
        torch.manual_seed(seed)
        save_file(open_clip.create_model("tiny-tower").state_dict(), folder / f"seed-{seed}.safetensors")
        models.append({"MEANING_MODEL": str(description), "MEANING_WEIGHTS": str(folder / f"seed-{seed}.safetensors")})
    return models[0], models[1]
