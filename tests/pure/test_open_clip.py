"""The `meaning` space on real open_clip models, so small that the tests make them.

torch is imported where it is needed: every process of pytest-xdist reads this file, one runs it.
"""

from __future__ import annotations

import hashlib
import json
import multiprocessing
import resource
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from gallery.descriptors.open_clip import dense_features, weights
from gallery.descriptors.open_clip.feature_maps import (
    padded_crops,
    region_vectors,
    superpixel_features,
    varying_features,
)
from gallery.descriptors.open_clip.loading import load
from gallery.descriptors.open_clip.tower import CROP_SHARE, Tower
from gallery.descriptors.open_clip.weights import WeightsMissing

ROOT = Path(__file__).parents[2]
TEXT = {"context_length": 8, "vocab_size": 49408, "width": 8, "heads": 1, "layers": 1}
PATCHES = {"image_size": 32, "patch_size": 8, "width": 16, "head_width": 8}

VISION: dict[str, dict[str, Any]] = {
    "convolutions": {"timm_model_name": "test_efficientnet", "timm_proj": "linear", "image_size": 64},
    "no-projection": {"timm_model_name": "test_efficientnet", "timm_proj": "none", "image_size": 64},
    "channels-last": {"timm_model_name": "test_mambaout", "timm_proj": "none", "image_size": 64},
    "own-resnet": {"layers": [1, 1, 1, 1], "width": 8, "head_width": 64, "image_size": 64},
    "transformer": {**PATCHES, "layers": 2},
    "one-block": {**PATCHES, "layers": 1},
    "one-custom-block": {**PATCHES, "layers": 1, "qk_norm": True},
    "mean-of-patches": {**PATCHES, "layers": 2, "pool_type": "avg"},
    "timm-transformer": {"timm_model_name": "test_vit", "timm_pool": "token", "timm_proj": "linear", "image_size": 160},
    "timm-mean": {"timm_model_name": "test_vit", "timm_pool": "avg", "timm_proj": "linear", "image_size": 160},
    "pooled-by-attention": {**PATCHES, "layers": 1, "attentional_pool": True, "attn_pooler_heads": 2},
}
DIMENSIONS = {"no-projection": 256, "channels-last": 256}


class Models:
    """Makes models in a folder, each once: a description and random weights, the same every time."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def __call__(self, kind: str, copy: str = "") -> tuple[str, str]:
        import open_clip
        import torch
        from safetensors.torch import save_file

        name = f"tiny-{kind}{copy}"
        description, weights = self.folder / f"{name}.json", self.folder / f"{name}.safetensors"
        if not weights.exists():
            config = {"embed_dim": DIMENSIONS.get(kind, 24), "vision_cfg": VISION[kind], "text_cfg": TEXT}
            description.write_text(json.dumps(config))
            open_clip.add_model_config(description)
            torch.manual_seed(7)
            save_file(open_clip.create_model(name).state_dict(), weights)
        return str(description), str(weights)

    def tower(self, kind: str, **options: Any) -> Tower:
        return load(*self(kind), device="cpu", **options)


@pytest.fixture(scope="session")
def models(tmp_path_factory: pytest.TempPathFactory) -> Models:
    return Models(tmp_path_factory.mktemp("models"))


@pytest.fixture(autouse=True, scope="module")
def one_thread() -> None:
    """Tiny models gain nothing from more, and other tests run beside these."""
    import torch

    torch.set_num_threads(1)


def noise(height: int = 60, width: int = 90, seed: int = 0) -> npt.NDArray[np.uint8]:
    return np.random.default_rng(seed).integers(0, 256, (height, width, 3), np.uint8)


def columns(height: int = 60, width: int = 90, n: int = 3) -> npt.NDArray[np.uint16]:
    """Superpixels side by side."""
    return np.broadcast_to(np.arange(width) * n // width, (height, width)).astype(np.uint16)


# From a feature map to regions, without a model


def test_the_superpixels_share_the_feature_map_out_among_them() -> None:
    feature_map = np.random.default_rng(0).random((5, 7, 4), np.float32)
    labels = np.random.default_rng(1).integers(0, 9, (50, 70)).astype(np.uint16)
    features = superpixel_features(feature_map, labels).sums(np.eye(9, dtype=bool))
    assert features.shape == (9, 4)
    assert np.allclose(features.sum(axis=0), feature_map.mean(axis=(0, 1)), atol=1e-5)


def test_what_varies_keeps_how_far_superpixels_are_apart() -> None:
    labels = np.arange(16, dtype=np.uint16).reshape(4, 4)
    feature_map = np.random.default_rng(0).normal(3, 1, (4, 4, 50)).astype(np.float32)
    features = varying_features(superpixel_features(feature_map, labels))
    rows = feature_map.reshape(16, 50)
    assert np.allclose(features.mean(axis=0), 0, atol=1e-4)
    apart = np.linalg.norm(rows[:, None] - rows, axis=2)
    assert np.allclose(np.linalg.norm(features[:, None] - features, axis=2), apart, atol=1e-3)


def test_a_region_has_the_features_of_the_place_where_it_is() -> None:
    feature_map = np.zeros((4, 4, 16), np.float32)
    feature_map.reshape(16, 16)[:] = np.eye(16)
    labels = np.zeros((64, 64), np.uint16)
    labels[36:44, 4:12] = 1
    assert region_vectors(superpixel_features(feature_map, labels), np.array([[False, True]]))[0].argmax() == 2 * 4


def test_a_map_is_enlarged_bilinearly() -> None:
    ramp = np.array([[[0.0], [1.0]]], np.float32)
    labels = np.arange(8, dtype=np.uint16)[None]
    features = superpixel_features(ramp, labels).sums(np.eye(8, dtype=bool))
    assert np.allclose(8 * features[:, 0], [0, 0, 0.125, 0.375, 0.625, 0.875, 1, 1])


def test_the_average_of_a_region_weighs_its_superpixels_by_their_area() -> None:
    feature_map = np.array([[[1, 0], [0, 1]]], np.float32)
    labels = (np.arange(1000) >= 900).astype(np.uint16)[None]
    vector = region_vectors(superpixel_features(feature_map, labels), np.ones((1, 2), bool))[0]
    assert np.allclose(vector, np.sqrt([0.5, 0.5]), atol=1e-3)


def test_half_precision_is_enough_to_keep_a_map() -> None:
    feature_map = np.random.default_rng(0).normal(size=(14, 14, 32)).astype(np.float32)
    exact = region_vectors(superpixel_features(feature_map, columns()), np.eye(3, dtype=bool))
    kept = region_vectors(superpixel_features(feature_map.astype(np.float16), columns()), np.eye(3, dtype=bool))
    assert (exact * kept).sum(axis=1).min() > 0.99999


def test_a_region_without_superpixels_has_a_zero_vector() -> None:
    features = superpixel_features(np.ones((2, 2, 4), np.float32), columns())
    assert region_vectors(features, np.eye(3, dtype=bool)).all()
    assert not region_vectors(features, [np.array([], np.intp)]).any()


def test_crops_keep_some_of_what_is_around_and_stay_in_the_image() -> None:
    rgb, labels = noise(100, 100), np.zeros((100, 100), np.uint16)
    labels[40:60, 0:40] = 1
    thing, nothing = padded_crops(rgb, labels, np.array([[False, True], [False, False]]))
    assert np.array_equal(thing, rgb[37:63, 0:46])
    assert np.array_equal(nothing, rgb)


# Towers


@pytest.mark.parametrize("kind", [kind for kind in VISION if kind != "pooled-by-attention"])
def test_every_architecture_has_a_map_of_vectors_like_those_of_images(models: Models, kind: str) -> None:
    tower = models.tower(kind, method="feature-map")
    feature_map = tower.feature_map(noise())
    assert tower.method == "feature-map"
    assert feature_map.shape[0] == feature_map.shape[1] >= 4
    assert feature_map.shape[2] == tower.dimensions == DIMENSIONS.get(kind, 24)
    assert np.isfinite(feature_map).all()
    regions = tower.region_vectors(tower.superpixel_features(noise(), columns()), np.eye(3, dtype=bool))
    assert np.allclose(np.linalg.norm(regions, axis=1), 1, atol=1e-5)
    assert np.allclose(np.linalg.norm(tower.image_vectors([noise(), noise(33, 20)]), axis=1), 1, atol=1e-5)


@pytest.mark.parametrize(
    ("kind", "method"),
    [
        ("convolutions", "feature-map"),
        ("own-resnet", "feature-map"),
        ("transformer", "sum"),
        ("timm-transformer", "sum"),
        ("pooled-by-attention", "crops"),
    ],
)
def test_each_architecture_has_its_usual_way_to_describe_regions(models: Models, kind: str, method: str) -> None:
    assert models.tower(kind).method == method


def test_the_map_of_a_tower_that_averages_has_the_image_s_vector_as_its_average(models: Models) -> None:
    import torch

    net = models.tower("convolutions")._net
    images = torch.randn(2, 3, 64, 64)
    with torch.inference_mode():
        places = dense_features.feature_map(dense_features.at_scale(net.visual, 1), images)
        assert torch.allclose(places.mean(dim=(1, 2)), net.encode_image(images), atol=1e-5)


@pytest.mark.parametrize("kind", ["one-block", "one-custom-block", "own-resnet"])
def test_a_place_is_described_by_what_is_there(models: Models, kind: str) -> None:
    import torch

    visual = models.tower(kind)._net.visual
    with torch.inference_mode():
        for factor in (1, 2):
            view = dense_features.at_scale(visual, factor)
            plain = torch.randn(1, 3, *view.image_size)
            marked = plain.clone()
            marked[..., :8, -8:] += 1
            change = (
                (dense_features.feature_map(view, marked) - dense_features.feature_map(view, plain))[0].abs().sum(dim=2)
            )
            assert change[0, -1] > 0
            assert change[-1, 0] == 0
            if kind.endswith("block"):
                assert (change > 0).sum() == 1


@pytest.mark.parametrize("kind", ["transformer", "timm-transformer"])
def test_a_larger_view_shares_the_weights_and_leaves_the_tower_as_it_was(models: Models, kind: str) -> None:
    import torch

    visual = models.tower(kind)._net.visual
    images = torch.randn(1, 3, *visual.image_size)
    with torch.inference_mode():
        before = visual(images)
        view = dense_features.at_scale(visual, 2)
        assert tuple(view.image_size) == tuple(2 * side for side in visual.image_size)
        assert torch.equal(visual(images), before)
    of_tower = {parameter.data_ptr() for parameter in visual.parameters()}
    own = [name for name, parameter in view.named_parameters() if parameter.data_ptr() not in of_tower]
    assert len(own) == 1
    assert "pos" in own[0]


def test_nothing_of_a_long_image_is_cut_off(models: Models) -> None:
    plain = noise(40, 400)
    marked = plain.copy()
    marked[:, -20:] = 255
    tower = models.tower("convolutions")
    one, other = tower.image_vectors([plain, marked])
    assert not np.allclose(one, other, atol=1e-4)
    assert not np.allclose(tower.feature_map(plain), tower.feature_map(marked), atol=1e-4)


def test_images_in_one_batch_are_described_as_alone(models: Models) -> None:
    images = [noise(seed=seed) for seed in range(3)]
    together = models.tower("convolutions", batch=8).image_vectors(images)
    assert np.allclose(together, models.tower("convolutions").image_vectors(images), atol=1e-5)
    assert models.tower("convolutions").image_vectors([]).shape == (0, 24)


def test_crops_are_described_as_images_and_the_sum_adds_half_of_them(models: Models) -> None:
    rgb, labels, members = noise(), columns(), np.eye(3, dtype=bool)
    crops = models.tower("transformer", method="crops")
    expected = crops.image_vectors(padded_crops(rgb, labels, members))
    seen = crops.superpixel_features(rgb, labels)
    assert not seen.sums(np.ones((1, 3), bool)).any()
    assert np.allclose(crops.region_vectors(seen, members, rgb=rgb, labels=labels), expected)
    both = models.tower("transformer", method="sum")
    seen = both.superpixel_features(rgb, labels)
    sums = region_vectors(seen, members) + CROP_SHARE * expected
    assert np.allclose(
        both.region_vectors(seen, members, rgb=rgb, labels=labels),
        sums / np.linalg.norm(sums, axis=1, keepdims=True),
        atol=1e-5,
    )


def test_methods_that_look_at_the_image_ask_for_it(models: Models) -> None:
    with pytest.raises(ValueError, match="needs the image"):
        tower = models.tower("transformer")
        tower.region_vectors(tower.superpixel_features(noise(), columns()), np.eye(3, dtype=bool))


# Words


def test_a_text_tower_that_was_never_trained_is_not_asked(models: Models) -> None:
    tower = models.tower("convolutions")
    assert not tower.knows_words
    with pytest.raises(WeightsMissing, match="knows no words"):
        tower.text_vector("a red telephone box")


def test_words_have_vectors_when_the_text_tower_is_trained(models: Models) -> None:
    from safetensors.torch import load_file, save_file

    description, weights = models("convolutions", "-with-words")
    state = load_file(weights)
    state["ln_final.weight"] *= 1.1
    save_file(state, weights)
    tower = load(description, weights, device="cpu")
    assert tower.knows_words
    one, other = tower.text_vector("a dog"), tower.text_vector("a red telephone box")
    assert one.shape == (24,)
    assert np.isclose(np.linalg.norm(one), 1)
    assert not np.allclose(one, other)


# Loading


def test_a_model_is_loaded_once_though_many_ask_at_once(models: Models) -> None:
    wait = threading.Barrier(4)

    def ask(_: int) -> Tower:
        wait.wait()
        return load(*models("convolutions", "-asked-at-once"), device="cpu")

    models("convolutions", "-asked-at-once")
    with ThreadPoolExecutor(4) as pool:
        assert len({id(tower) for tower in pool.map(ask, range(4))}) == 1


def test_other_weights_have_another_hash(models: Models) -> None:
    from safetensors.torch import load_file, save_file

    description, weights = models("convolutions")
    state = load_file(weights)
    save_file(state, Path(weights).with_name("copy.safetensors"))
    state["visual.trunk.conv_stem.weight"][0, 0, 0, 0] += 1e-3
    save_file(state, Path(weights).with_name("changed.safetensors"))
    original = load(description, weights, device="cpu").weights_hash
    assert len(original) == 64
    assert load(description, str(Path(weights).with_name("copy.safetensors")), device="cpu").weights_hash == original
    assert load(description, str(Path(weights).with_name("changed.safetensors")), device="cpu").weights_hash != original


def assert_one_sentence(text: str) -> None:
    assert text[0].isupper()
    assert text.endswith(".")
    assert ". " not in text
    assert "\n" not in text
    assert "/" not in text  # Nor where on the server things are.


def test_a_damaged_file_says_so_and_a_good_one_in_its_place_is_loaded(models: Models) -> None:
    description, weights = models("convolutions", "-damaged")
    content = Path(weights).read_bytes()
    for damaged in (content[: len(content) // 2], b"", b"PK\x03\x04 not a checkpoint", b"<html>404</html>"):
        for path in (Path(weights), Path(weights).with_suffix(".pt")):
            path.write_bytes(damaged)
            with pytest.raises(WeightsMissing, match="is damaged") as problem:
                load(description, str(path), device="cpu")
            assert_one_sentence(str(problem.value))
    Path(weights).write_bytes(content)
    assert load(description, weights, device="cpu").dimensions == 24


def test_weights_of_another_model_say_so(models: Models) -> None:
    with pytest.raises(WeightsMissing, match="belongs to another model") as problem:
        load(models("convolutions")[0], models("transformer")[1], device="cpu")
    assert_one_sentence(str(problem.value))


@pytest.mark.parametrize(
    ("model", "pretrained", "what"),
    [
        ("ViT-B-33", "openai", "no open_clip model named ViT-B-33"),
        ("ViT-B-32", "nobody_s9b", "ViT-B-32 has no weights nobody_s9b"),
        ("ViT-B-32", "missing.safetensors", "missing.safetensors is not there"),
        ("ViT-B-32", "folder/missing", "missing is not there"),
        ("missing.json", "openai", "missing.json is missing or damaged"),
        ("cut-off.json", "openai", "cut-off.json is missing or damaged"),
        ("shopping.json", "openai", "shopping.json does not describe"),
    ],
)
def test_what_is_wrong_with_the_settings_is_said_in_one_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, model: str, pretrained: str, what: str
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("cut-off.json").write_text('{"embed_dim": 2')
    Path("shopping.json").write_text('["milk"]')
    with pytest.raises(WeightsMissing, match=what) as problem:
        load(model, pretrained, cache_dir=tmp_path, device="cpu")
    assert_one_sentence(str(problem.value))


COMMIT = "0123456789" * 4


class Hub(BaseHTTPRequestHandler):
    """Holds one file of weights, in the older format's name only, at one commit: `main` is not asked for."""

    content = b""

    def do_HEAD(self, body: bytes = b"") -> None:
        found = self.path.endswith(f"/someone/tiny/resolve/{COMMIT}/open_clip_pytorch_model.bin")
        self.send_response(200 if found else 404)
        headers = {"ETag": '"1234"', "X-Repo-Commit": COMMIT, "Content-Length": len(self.content)}
        for name, value in (headers if found else {"X-Error-Code": "EntryNotFound", "Content-Length": 0}).items():
            self.send_header(name, str(value))
        self.end_headers()
        self.wfile.write(body if found else b"")

    def do_GET(self) -> None:
        self.do_HEAD(self.content)

    def log_message(self, *_: object) -> None:
        pass


def fetch_from_hub(models: Path, cache: Path, answers: Connection) -> None:
    """In a process of its own, which keeps what it changes: send the answers of a hub on this machine, by case."""
    import open_clip.pretrained
    from huggingface_hub import constants

    Hub.content = (models / "tiny-convolutions.safetensors").read_bytes()
    hub = ThreadingHTTPServer(("127.0.0.1", 0), Hub)
    threading.Thread(target=hub.serve_forever, daemon=True).start()
    # What HF_ENDPOINT sets when the hub's client is imported.
    constants.ENDPOINT = f"http://127.0.0.1:{hub.server_address[1]}"
    constants.HUGGINGFACE_CO_URL_TEMPLATE = constants.ENDPOINT + "/{repo_id}/resolve/{revision}/{filename}"
    constants.HF_HUB_DISABLE_TELEMETRY = True
    open_clip.pretrained._PRETRAINED["tiny-convolutions"] = {"shared": {"hf_hub": "someone/tiny/"}}
    file = "open_clip_pytorch_model.bin"
    weights.PINNED["someone/tiny"] = weights.Pin(COMMIT, {file: hashlib.sha256(Hub.content).hexdigest()})

    def fetch(folder: Path = cache, **options: Any) -> str:
        try:
            model = str(models / "tiny-convolutions.json")
            return str(weights.fetch(model, "shared", cache_dir=folder, **options).read_bytes() == Hub.content)
        except WeightsMissing as problem:
            return str(problem)

    said: dict[str, Any] = {"not yet": fetch(download=False)}
    told: list[tuple[int, int]] = []
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, resource.RLIM_INFINITY))  # no file may become larger
    said["full"] = fetch()
    resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    (cache / "file").write_text("where a folder should be")
    said["no folder"] = fetch(cache / "file")
    right, weights.PINNED["someone/tiny"] = weights.PINNED["someone/tiny"], weights.Pin(COMMIT, {file: "0" * 64})
    said["other content"] = fetch()
    weights.PINNED["someone/tiny"] = right
    said["nothing kept"] = fetch(download=False)
    said["fetched"] = fetch(progress=lambda there, total: told.append((there, total)))
    said["told"], said["size"] = told[-1], len(Hub.content)
    hub.shutdown()
    hub.server_close()
    time.sleep = lambda seconds: None  # the hub's client waits between its attempts
    said["kept"] = fetch(download=False)
    said["kept and may"] = fetch()
    said["down"] = fetch(cache / "other")
    answers.send(said)


def test_weights_are_fetched_from_a_hub_once_and_failures_are_told(models: Models, tmp_path: Path) -> None:
    """Against a hub on this machine: what it lacks, a full disk, no folder, progress, no network."""
    models("convolutions")
    # Forked: importing open_clip takes longer than all else here.
    forked = multiprocessing.get_context("fork")
    ours, theirs = forked.Pipe(duplex=False)
    process = forked.Process(target=fetch_from_hub, args=(models.folder, tmp_path, theirs))
    process.start()
    theirs.close()
    answers = ours.recv()
    process.join()
    assert answers["fetched"] == answers["kept"] == answers["kept and may"] == "True"
    assert answers["told"] == (answers["size"], answers["size"])
    for case, what in {
        "not yet": "are not here yet",
        "full": "do not fit on the disk",
        "no folder": "cannot be stored",
        "other content": "are not those that are pinned",
        "nothing kept": "are not here yet",
        "down": "the hub does not answer",
    }.items():
        assert what in answers[case]
        assert_one_sentence(answers[case])


def test_without_torch_the_space_says_what_it_needs(models: Models) -> None:
    without = (
        "import sys; sys.modules['torch'] = None\n"
        "from gallery.descriptors.open_clip import loading, weights\n"
        "try: loading.load(*sys.argv[1:])\n"
        "except weights.WeightsMissing as problem: print(problem)"
    )
    done = subprocess.run(
        [sys.executable, "-c", without, *models("convolutions")], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert "needs torch and open_clip" in done.stdout
    assert_one_sentence(done.stdout.strip())
