"""Descriptor spaces: which there are, which answer, and what is said when one does not."""

from __future__ import annotations

import os
import subprocess
import sys
import zlib
from concurrent.futures import ThreadPoolExecutor
from io import StringIO
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from django.conf import settings as django_settings
from django.contrib.auth.models import User
from django.core.management import CommandError, call_command
from django.db import connection

from gallery.descriptors.open_clip import loading
from gallery.descriptors.open_clip.tower import Tower
from gallery.index import checks, indexing, spaces
from gallery.index.describers import SpaceUnavailable
from gallery.index.features import pack, unpack
from gallery.index.kinds import describer_of
from gallery.index.kinds.appearance import AppearanceDescriber
from gallery.models import DescriptorSpace, GalleryImage, PhotoFeatures, RegionVector
from gallery.search.ask import ask
from selector.people import Person
from selector.services.photos import store_photo
from tests.gallery.discs import AddImage, SearchOf
from tests.models import use
from tests.pictures import BLUE, YELLOW, image_file

pytestmark = pytest.mark.django_db

# What visitors read where no image can be compared by meaning, whatever the reason.
NOT_HERE = "Search by meaning is not available here yet: what is found looks like your selection."


def index_gallery() -> str:
    err = StringIO()
    call_command("index_gallery", stdout=StringIO(), stderr=err)
    return err.getvalue()


def causes() -> list[str]:
    """What those who run the site read of kinds that do not answer."""
    return [notice.read_by(staff=True) for notice in spaces.answering()[1]]


def kinds(answering: tuple[list[DescriptorSpace], list[Any]]) -> list[str]:
    return [space.kind for space in answering[0]]


def read_by_staff(search_of: SearchOf) -> list[str]:
    """What somebody of the staff reads who searches."""
    bob = Person(user=User.objects.create_user("bob", is_staff=True))
    return ask(search_of(store_photo(image_file(), "q.jpg", owner=bob.user), bob), bob).notices


def sparse(value: float, step: int = 10) -> Any:
    array = np.zeros((3, 100_000), np.float32)
    array.ravel()[::step] = value
    return array


@pytest.mark.parametrize(
    "array",
    [
        np.arange(12, dtype=np.float32).reshape(3, 4),
        np.zeros((0, 5), np.float16),
        np.ones((2, 3, 4), np.float16)[::-1, ::2],
        sparse(3),
        sparse(0.1),
        sparse(70_000),
        sparse(3, step=70_000),
    ],
)
def test_features_come_back_as_they_were_kept(array: Any) -> None:
    back = unpack(pack(array))
    assert back.dtype == array.dtype
    assert np.array_equal(back, array)


def test_zeros_are_not_kept() -> None:
    assert len(pack(sparse(3))) < sparse(3).nbytes / 9


def test_features_that_an_earlier_version_compressed_come_back() -> None:
    kept = b"<f2 2 2\n" + zlib.compress(np.arange(4, dtype=np.float16).tobytes(), 1)
    assert np.array_equal(unpack(kept), np.arange(4, dtype=np.float16).reshape(2, 2))


def test_appearance_answers_from_the_first_image_on(add_indexed: AddImage) -> None:
    add_indexed()
    answering, notices = spaces.answering()
    assert kinds((answering, notices)) == ["appearance"]
    assert notices == [], "a choice of those who run the site is no notice to those who search"


def test_without_torch_the_commands_and_the_site_say_so(
    add_indexed: AddImage, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    add_indexed()
    settings.MEANING_ENABLED = True
    monkeypatch.setattr("gallery.index.model_loading.find_spec", lambda name: None)
    sentence = "Search by meaning is off: torch and open_clip are not installed; start once without LIGHT=1."
    assert causes() == [sentence]
    assert index_gallery() == f"{sentence}\n"
    with pytest.raises(CommandError, match="torch and open_clip are not installed"):
        call_command("fetch_models")


@pytest.mark.parametrize(
    ("model", "weights", "said"),
    [
        ("no-such-model", "anything", "no-such-model"),
        (None, "damaged.safetensors", "damaged.safetensors"),
        # As where they were to be fetched and there was no room for them: tests/pure/test_open_clip.py fills a disk.
        ("ViT-B-32", "datacomp_xl_s13b_b90k", "are not here yet"),
    ],
)
def test_a_model_that_cannot_be_used_is_one_sentence_and_appearance_goes_on(
    model: str | None,
    weights: str,
    said: str,
    add_image: AddImage,
    search_of: SearchOf,
    settings: Any,
    tiny_models: Any,
    tmp_path: Path,
) -> None:
    (tmp_path / "damaged.safetensors").write_bytes(b"no weights")
    settings.MODEL_CACHE_DIR = tmp_path / "nothing"
    named = tmp_path / weights if model is None else weights
    use(settings, {"MEANING_MODEL": model or tiny_models[0]["MEANING_MODEL"], "MEANING_WEIGHTS": str(named)})
    image = add_image()
    lines = index_gallery().splitlines()
    assert len(lines) == 1 and said in lines[0]
    alice = Person(visitor=image.photo.pk)
    answer = ask(search_of(store_photo(image_file(), "q.jpg", visitor=alice.visitor), alice), alice)
    assert [hit.image for hit in answer.hits] == [image]
    assert list(answer.hits[0].scores_by_space) == ["appearance"]
    assert answer.notices == [NOT_HERE], "who searches reads nothing of commands and files"
    assert read_by_staff(search_of) == lines
    err = StringIO()
    call_command("check", databases=["default"], stderr=err)
    assert lines[0] in err.getvalue()


def test_the_check_says_nothing_before_the_tables_are_there() -> None:
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE gallery_descriptorspace RENAME TO elsewhere")
    assert checks.every_kind_answers(["default"]) == []
    assert not GalleryImage.objects.exists(), "the connection can still be used"


def test_a_model_that_cannot_be_loaded_is_not_tried_for_every_image(
    add_image: AddImage, settings: Any, tiny_models: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    missing = tmp_path / "weights.safetensors"
    use(settings, {**tiny_models[0], "MEANING_WEIGHTS": str(missing)})
    _, first = spaces.ensure_spaces()
    missing.write_bytes(Path(tiny_models[0]["MEANING_WEIGHTS"]).read_bytes())
    assert spaces.ensure_spaces()[1] == first
    monkeypatch.setattr("gallery.index.model_loading.SECONDS_UNTIL_RETRY", 0)
    assert [space.kind for space in spaces.ensure_spaces()[0]] == ["appearance", "meaning"]


def test_weights_in_a_file_need_no_fetching(settings: Any, tiny_models: Any) -> None:
    use(settings, tiny_models[0])
    out = StringIO()
    call_command("fetch_models", stdout=out)
    assert out.getvalue() == f"The weights are in {settings.MEANING_WEIGHTS}.\n"


def test_images_are_described_by_a_model_from_local_files(
    add_image: AddImage, settings: Any, tiny_models: Any, search_of: SearchOf
) -> None:
    image = add_image()
    use(settings, tiny_models[0])
    assert index_gallery() == ""
    space = DescriptorSpace.objects.get(kind="meaning")
    assert (space.dimensions, space.is_ready, len(space.weights)) == (32, True, 64)
    assert RegionVector.objects.filter(space=space).count() == image.regions.count()
    assert kinds(spaces.answering()) == ["appearance", "meaning"]

    alice = Person(visitor=image.photo.pk)
    answer = ask(search_of(store_photo(image_file(), "q.jpg", visitor=alice.visitor), alice), alice)
    assert [hit.image for hit in answer.hits] == [image]
    assert set(answer.hits[0].scores_by_space) == {"appearance", "meaning"}


def test_a_second_search_in_a_photo_costs_no_forward_pass(
    add_image: AddImage, settings: Any, tiny_models: Any, search_of: SearchOf, monkeypatch: pytest.MonkeyPatch
) -> None:
    image = add_image()
    use(settings, tiny_models[0])
    index_gallery()
    alice = Person(visitor=image.photo.pk)
    photo = store_photo(image_file(), "q.jpg", visitor=alice.visitor)
    first = ask(search_of(photo, alice), alice)
    assert PhotoFeatures.objects.count() == 2

    def refuse(*args: Any, **kwargs: Any) -> None:
        raise AssertionError("The model is not needed here.")

    monkeypatch.setattr("gallery.descriptors.open_clip.loading.load", refuse)
    monkeypatch.setattr(AppearanceDescriber, "extract_features", refuse)
    again = ask(search_of(photo, alice), alice)
    assert [(hit.image, hit.score) for hit in again.hits] == [(hit.image, hit.score) for hit in first.hits]
    assert ask(search_of(photo, alice, (130, 100, 200, 150)), alice).hits


def test_asking_the_same_again_costs_no_forward_pass_however_the_model_is_used(
    add_image: AddImage, settings: Any, tiny_models: Any, search_of: SearchOf, monkeypatch: pytest.MonkeyPatch
) -> None:
    image = add_image()
    use(settings, tiny_models[0])
    index_gallery()
    # As transformers are used: the map of the photo, and a padded crop of each selection.
    DescriptorSpace.objects.filter(kind="meaning").update(method="sum")
    alice = Person(visitor=image.photo.pk)
    photo = store_photo(image_file(), "q.jpg", visitor=alice.visitor)
    passes: list[int] = []
    run = Tower._run

    def counted(*args: Any) -> Any:
        passes.append(len(args[2]))
        return run(*args)

    monkeypatch.setattr(Tower, "_run", counted)
    search = search_of(photo, alice)
    first = ask(search, alice)
    assert sum(passes) == 3, "the photo at two resolutions, and the selection"
    search.refine({"balance": 20})
    search.toggle_feedback(image, [0], liked=True)
    assert [hit.image for hit in ask(search, alice).hits] == [hit.image for hit in first.hits]
    assert sum(passes) == 3
    ask(search_of(photo, alice, (130, 100, 200, 150)), alice)
    assert sum(passes) == 4, "another selection in the same photo: its crop"


@pytest.mark.django_db(transaction=True)
def test_a_web_process_loads_the_model_before_the_first_search(
    add_image: AddImage, settings: Any, tiny_models: Any
) -> None:
    add_image()
    use(settings, tiny_models[0])
    index_gallery()
    loading._load.cache_clear()
    assert preload_in_a_thread() is True
    assert loading._load.cache_info().currsize == 1


@pytest.mark.django_db(transaction=True)
def test_one_that_starts_before_the_first_image_looks_again(
    add_image: AddImage, settings: Any, tiny_models: Any
) -> None:
    use(settings, tiny_models[0])
    loading._load.cache_clear()
    assert preload_in_a_thread() is False
    assert loading._load.cache_info().currsize == 0
    add_image()
    index_gallery()
    assert preload_in_a_thread() is True
    settings.MEANING_ENABLED = False
    assert preload_in_a_thread() is True, "nothing will come"


def preload_in_a_thread() -> bool:
    """As web processes do: it closes the connection of its thread."""
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(spaces.preload).result()


def test_what_failed_is_forgotten_when_it_is_here(
    add_indexed: AddImage, settings: Any, tiny_models: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    add_indexed()
    file = tmp_path / "weights.safetensors"
    use(settings, {**tiny_models[0], "MEANING_WEIGHTS": str(file)})
    not_yet = ["No image is indexed by meaning yet: search again in a few minutes."]
    assert causes() == not_yet
    monkeypatch.setattr("gallery.index.model_loading.SECONDS_UNTIL_RETRY", 0)
    for bring in (lambda: call_command("fetch_models", stdout=StringIO()), spaces.ensure_spaces):
        failed = spaces.ensure_spaces()[1]
        assert causes() == failed and "weights.safetensors" in failed[0]
        assert [notice.told for notice in spaces.answering()[1]] == [NOT_HERE]
        file.write_bytes(Path(tiny_models[0]["MEANING_WEIGHTS"]).read_bytes())
        bring()
        assert causes() == not_yet
        file.unlink()
        loading._load.cache_clear()


def test_weights_that_have_gone_are_told_to_who_runs_the_site(
    add_image: AddImage, settings: Any, tiny_models: Any, search_of: SearchOf, tmp_path: Path
) -> None:
    file = tmp_path / "gone.safetensors"
    file.write_bytes(Path(tiny_models[0]["MEANING_WEIGHTS"]).read_bytes())
    use(settings, {**tiny_models[0], "MEANING_WEIGHTS": str(file)})
    image = add_image()
    index_gallery()
    file.unlink()
    loading._load.cache_clear()
    alice = Person(visitor=image.photo.pk)
    answer = ask(search_of(store_photo(image_file(), "q.jpg", visitor=alice.visitor), alice), alice)
    assert [hit.image for hit in answer.hits] == [image]
    assert answer.notices == [NOT_HERE]
    told = read_by_staff(search_of)
    assert len(told) == 1 and "gone.safetensors is not there" in told[0]


def test_words_are_asked_of_a_space_whose_model_was_trained_with_text(
    settings: Any, tiny_models: Any, tmp_path: Path
) -> None:
    from safetensors.torch import load_file, save_file

    state = load_file(tiny_models[0]["MEANING_WEIGHTS"])
    state["ln_final.weight"] *= 1.1
    trained = tmp_path / "trained.safetensors"
    save_file(state, trained)
    use(settings, {**tiny_models[0], "MEANING_WEIGHTS": str(trained)})
    describer = describer_of(spaces.ensure_spaces()[0][1])
    assert describer.knows_words
    vector = describer.words_vector("a red telephone box")
    assert vector.shape == (32,) and np.linalg.norm(vector) == pytest.approx(1, abs=1e-5)


def test_words_mean_nothing_to_an_untrained_text_tower_and_to_appearance(settings: Any, tiny_models: Any) -> None:
    use(settings, tiny_models[0])
    appearance, untrained = map(describer_of, spaces.ensure_spaces()[0])
    assert not appearance.knows_words and not untrained.knows_words
    with pytest.raises(SpaceUnavailable, match="colour and texture"):
        appearance.words_vector("a dog")
    with pytest.raises(SpaceUnavailable, match="tiny-tower knows no words"):
        untrained.words_vector("a dog")


def test_the_old_model_answers_until_all_images_are_described_by_the_new(
    add_image: AddImage, settings: Any, tiny_models: Any
) -> None:
    images = [add_image(), add_image(BLUE, YELLOW)]
    use(settings, tiny_models[0])
    index_gallery()
    old = DescriptorSpace.objects.get(kind="meaning")

    use(settings, tiny_models[1])
    targets, _ = spaces.ensure_spaces()
    new = targets[1]
    assert new != old and spaces.answering()[0][1] == old
    indexing.bring_up_to_date(images[0].pk, targets)
    spaces.mark_ready()
    assert spaces.answering()[0][1] == old

    index_gallery()
    assert spaces.answering()[0][1] == new
    assert RegionVector.objects.filter(space=old).count() == RegionVector.objects.filter(space=new).count()

    call_command("spaces", remove=old.pk, no_input=True, stdout=StringIO())
    assert spaces.answering()[0][1] == new
    assert set(RegionVector.objects.values_list("space", flat=True)) == {targets[0].pk, new.pk}


def test_what_is_added_or_indexed_anew_meanwhile_is_found_by_the_old_model_too(
    add_image: AddImage, settings: Any, tiny_models: Any
) -> None:
    first, _ = add_image(), add_image(BLUE, YELLOW)
    use(settings, tiny_models[0])
    index_gallery()
    old = DescriptorSpace.objects.get(kind="meaning")
    use(settings, tiny_models[1])
    added = add_image(YELLOW, BLUE)
    targets, _ = spaces.ensure_spaces()
    indexing.bring_up_to_date(added.pk, targets)
    indexing.bring_up_to_date(first.pk, targets, afresh=True)
    spaces.mark_ready()
    assert spaces.answering()[0][1] == old
    assert not GalleryImage.objects.lacking(old.pk).exists()


def test_an_old_model_that_fell_behind_answers_again_only_when_it_has_caught_up(
    add_image: AddImage, settings: Any, tiny_models: Any
) -> None:
    add_image()
    for model in tiny_models:
        use(settings, model)
        index_gallery()
    old, new = DescriptorSpace.objects.filter(kind="meaning").order_by("pk")
    add_image(BLUE, YELLOW)
    index_gallery()
    use(settings, tiny_models[0])
    assert spaces.answering()[0][1] == new
    index_gallery()
    assert spaces.answering()[0][1] == old


def test_an_image_that_a_new_space_does_not_hold_yet_keeps_its_score(
    add_image: AddImage, add_indexed: AddImage, search_of: SearchOf, settings: Any, tiny_models: Any
) -> None:
    images = [add_indexed(), add_indexed(BLUE, YELLOW), add_indexed(YELLOW, BLUE)]
    alice = Person(visitor=images[0].photo.pk)
    search = search_of(store_photo(image_file(), "q.jpg", visitor=alice.visitor), alice)
    before = {hit.image: hit.score for hit in ask(search, alice).hits}
    use(settings, tiny_models[0])
    targets, _ = spaces.ensure_spaces()
    assert {hit.image: hit.score for hit in ask(search, alice).hits} == before, "as if there were no such space"
    assert not ask(search, alice).controls.balance
    indexing.bring_up_to_date(images[2].pk, targets)
    after = {hit.image: hit for hit in ask(search, alice).hits}
    assert set(after[images[2]].scores_by_space) == {"appearance", "meaning"}
    for image in images[:2]:
        assert (list(after[image].scores_by_space), after[image].score) == (["appearance"], before[image])


def test_a_space_removed_while_images_are_described_does_not_fail_them(
    add_image: AddImage, settings: Any, tiny_models: Any
) -> None:
    images = [add_image(), add_image(BLUE, YELLOW)]
    use(settings, tiny_models[0])
    targets, _ = spaces.ensure_spaces()
    call_command("spaces", remove=targets[1].pk, no_input=True, stdout=StringIO())
    assert [indexing.failure_of(image.pk, targets) for image in images] == ["", ""]
    assert set(RegionVector.objects.values_list("space", flat=True)) == {targets[0].pk}


def test_removing_what_the_settings_name_says_that_it_comes_back(
    add_image: AddImage, settings: Any, tiny_models: Any
) -> None:
    add_image()
    use(settings, tiny_models[0])
    index_gallery()
    out = StringIO()
    call_command("spaces", remove=DescriptorSpace.objects.get(kind="meaning").pk, no_input=True, stdout=out)
    assert "As the settings name it" in out.getvalue()


def test_going_back_to_an_old_model_needs_no_indexing(add_image: AddImage, settings: Any, tiny_models: Any) -> None:
    add_image()
    for model in tiny_models:
        use(settings, model)
        index_gallery()
    use(settings, tiny_models[0])
    assert spaces.answering()[0][1].pretrained == tiny_models[0]["MEANING_WEIGHTS"]


def test_weights_that_were_replaced_do_not_answer_for_the_old_ones(
    add_image: AddImage, settings: Any, tiny_models: Any, search_of: SearchOf
) -> None:
    image = add_image()
    use(settings, tiny_models[0])
    index_gallery()
    DescriptorSpace.objects.filter(kind="meaning").update(weights="0" * 64)
    alice = Person(visitor=image.photo.pk)
    answer = ask(search_of(store_photo(image_file(), "q.jpg", visitor=alice.visitor), alice), alice)
    assert set(answer.hits[0].scores_by_space) == {"appearance"}
    assert answer.notices == [NOT_HERE]
    assert read_by_staff(search_of) == [
        "The weights of meaning by tiny-tower have changed since the images were indexed."
    ]


WITHOUT_TORCH = """
import os, sys, django
django.setup()
from django.conf import settings
settings.DATABASES["default"]["NAME"] = os.environ["DATABASE"]
settings.STORAGES["default"]["OPTIONS"]["location"] = os.environ["MEDIA"]
from django.core.handlers.wsgi import WSGIHandler
from django.contrib.auth.models import User
from django.test import Client
WSGIHandler()
from gallery.index import spaces
spaces.preload()
alice = Client()
alice.force_login(User.objects.get(username="alice"))
for address in sys.argv[1:]:
    response = alice.get(address)
    assert response.status_code == 200, response
    print(response.content.decode())
print("torch" in sys.modules, "open_clip" in sys.modules)
"""


@pytest.mark.django_db(transaction=True)
def test_a_web_process_knows_why_a_model_is_missing_and_never_imports_torch(
    add_image: AddImage, alice: Any, search_of: SearchOf, media: Path, tmp_path: Path, settings: Any
) -> None:
    image = add_image(title="The hit")
    missing = {"MEANING_MODEL": "ViT-B-32", "MEANING_WEIGHTS": "openai", "MODEL_CACHE_DIR": str(tmp_path)}
    use(settings, missing)
    sentence = index_gallery().strip()
    assert sentence.endswith("are not here yet: manage.py fetch_models fetches them.")
    photo = store_photo(image_file(), "q.jpg", owner=alice)
    search = search_of(photo, Person(user=alice))
    environment = {
        **os.environ,
        **missing,
        "DJANGO_SETTINGS_MODULE": "superpixel_site.settings",
        "DATABASE": connection.settings_dict["NAME"],
        "MEDIA": str(media),
        "DEBUG": "1",
        "ALLOWED_HOSTS": "testserver",
        "N_SUPERPIXELS": "60",
        "MEANING_ENABLED": "1",
    }
    addresses = ["/", "/gallery/", image.get_absolute_url(), photo.get_absolute_url(), search.get_absolute_url()]
    done = subprocess.run(
        [sys.executable, "-c", WITHOUT_TORCH, *addresses],
        cwd=django_settings.BASE_DIR, env=environment, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "The hit" in done.stdout
    assert NOT_HERE in done.stdout
    assert sentence not in done.stdout and "manage.py" not in done.stdout
    assert done.stdout.splitlines()[-1] == "False False"
