"""Superpixels: a partition into connected cells that keep to edges, the same wherever they are computed."""

from __future__ import annotations

import multiprocessing
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from selector.segmentation.lab import lab_planes
from selector.segmentation.slic import MAX_SUPERPIXELS, segment
from tests.pure.scenes import Pixels, digest, scene

# Segmenting a small picture takes a millisecond, so a thousand examples cost little.
THOROUGHLY = settings(max_examples=max(300, settings().max_examples))


@st.composite
def pictures(draw: st.DrawFn, longest: int = 40) -> Pixels:
    """Noise, few colours, or one; of any small size."""
    height, width = draw(st.integers(1, longest)), draw(st.integers(1, longest))
    n_colours, block = draw(st.sampled_from([1, 2, 5, 1000])), draw(st.integers(1, 9))
    random = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    palette = random.integers(0, 256, (n_colours, 3), np.uint8)
    chosen = random.integers(0, n_colours, (-(-height // block), -(-width // block)))
    return palette[chosen].repeat(block, axis=0).repeat(block, axis=1)[:height, :width]


def n_pieces(labels: npt.NDArray[np.uint16]) -> int:
    """How many 4-connected pieces of equal labels there are."""
    from skimage.measure import label

    return int(label(labels.astype(np.int64), background=-1, connectivity=1).max())


def assert_superpixels(labels: npt.NDArray[np.uint16], rgb: Pixels) -> None:
    """The contract: a uint16 for every pixel, 0..n-1 without gaps by first pixel, each in one 4-connected piece."""
    assert labels.dtype == np.uint16
    assert labels.shape == rgb.shape[:2]
    present, first = np.unique(labels, return_index=True)
    assert np.array_equal(present, np.arange(len(present)))
    assert np.array_equal(first, np.sort(first))
    assert n_pieces(labels) == len(present) <= MAX_SUPERPIXELS


@THOROUGHLY
@given(pictures(), st.integers(1, 3000))
def test_every_picture_is_partitioned_into_connected_superpixels(rgb: Pixels, n_superpixels: int) -> None:
    assert_superpixels(segment(rgb, n_superpixels), rgb)


@THOROUGHLY
@given(pictures(longest=16), st.integers(1, 300))
def test_the_second_engine_keeps_the_same_contract(rgb: Pixels, n_superpixels: int) -> None:
    assert_superpixels(segment(rgb, n_superpixels, engine="skimage"), rgb)


@pytest.mark.parametrize("shape", [(1, 1), (1, 4096), (4096, 1), (2, 500), (500, 2), (3, 3), (1024, 1024)])
def test_any_size_and_shape_is_segmented(shape: tuple[int, int]) -> None:
    rgb = np.full((*shape, 3), 90, np.uint8)
    rgb[shape[0] // 2 :, shape[1] // 2 :] = (200, 90, 30)
    labels = segment(rgb)
    assert_superpixels(labels, rgb)
    assert min(2000, labels.size) * 0.9 <= int(labels.max()) + 1 <= 2200


def test_sixteen_megapixels_are_segmented() -> None:
    labels = segment(np.full((4096, 4096, 3), 90, np.uint8))
    sizes = np.bincount(labels.ravel())
    assert 1900 <= len(sizes) <= 2100
    assert sizes.min() > 0.8 * sizes.mean()


@pytest.mark.parametrize("wanted", [1, 20, 100, 400, 2000])
def test_about_as_many_are_obtained_as_are_asked_for(wanted: int) -> None:
    y, x = np.mgrid[:300, :400]
    hills = np.stack([128 + 60 * np.sin(x / 41 + k) * np.cos(y / 57 - k) for k in range(3)], axis=2)
    rgb = (hills + np.random.default_rng(0).normal(0, 4, hills.shape)).astype(np.uint8)
    assert int(segment(rgb, wanted).max()) + 1 == pytest.approx(wanted, rel=0.1, abs=1)


def test_noise_does_not_break_superpixels_into_pieces() -> None:
    noise = 128 + np.random.default_rng(0).normal(0, 20, (200, 300, 3))
    assert int(segment(noise.astype(np.uint8), 400).max()) + 1 == pytest.approx(400, rel=0.15)


def test_more_superpixels_than_pixels_gives_every_pixel_its_own() -> None:
    rgb = scene(5, 4)
    assert np.array_equal(segment(rgb, 1000), np.arange(20).reshape(5, 4))


def test_there_are_never_more_than_a_merge_tree_can_number() -> None:
    noise = np.random.default_rng(0).integers(0, 256, (400, 400, 3), np.uint8)
    labels = segment(noise, 100_000)
    assert_superpixels(labels, noise)
    assert int(labels.max()) > MAX_SUPERPIXELS // 4


def test_a_flat_picture_is_cut_into_even_cells() -> None:
    sizes = np.bincount(segment(np.full((90, 120, 3), 77, np.uint8), 48).ravel())
    assert len(sizes) == 48
    assert sizes.max() <= 1.5 * sizes.min()


def leak(labels: npt.NDArray[np.integer], inside: npt.NDArray[np.bool_]) -> int:
    """Pixels of superpixels that lie across the edge of an object, on the side where they have fewer."""
    sizes, shared = np.bincount(labels.ravel()), np.bincount(labels.ravel(), inside.ravel())
    return int(np.minimum(shared, sizes - shared).sum())


def test_cells_keep_to_the_edge_of_a_disc() -> None:
    y, x = np.mgrid[:200, :200]
    inside = (x - 90) ** 2 + (y - 105) ** 2 < 60**2
    rgb = np.where(inside[..., None], (180, 60, 50), (90, 120, 60)).astype(np.uint8)
    assert leak(segment(rgb, 150), inside) == 0


def test_cells_keep_to_a_wavy_edge_in_noise_better_than_those_of_scikit_image() -> None:
    from skimage.segmentation import slic as reference_slic

    y, x = np.mgrid[:160, :160]
    inside = np.hypot(x - 70, y - 80) + 6 * np.sin(np.arctan2(y - 80, x - 70) * 5) < 50
    noise = np.random.default_rng(0).integers(0, 40, (160, 160, 3))
    rgb = (np.where(inside[..., None], (150, 110, 80), (90, 120, 90)) + noise).astype(np.uint8)
    assert leak(segment(rgb, 200), inside) < leak(reference_slic(rgb, n_segments=200, start_label=0), inside)


def test_grey_differences_are_found() -> None:
    rgb = np.full((20, 30, 3), 100, np.uint8)
    rgb[:, 11:] = 140
    assert np.array_equal(segment(rgb, 2), np.broadcast_to(np.arange(30) >= 11, (20, 30)))


def test_lab_agrees_with_scikit_image() -> None:
    from skimage.color import rgb2lab

    rgb = np.random.default_rng(0).integers(0, 256, (100, 100, 3), np.uint8)
    rgb[:50] //= 16
    assert np.abs(lab_planes(rgb) - rgb2lab(rgb).transpose(2, 0, 1)).max() < 0.25


def test_the_input_may_be_read_only_or_a_view_and_stays_what_it_is() -> None:
    rgb = scene()
    before = rgb.copy()
    turned = np.rot90(rgb)
    rgb.flags.writeable = False
    assert np.array_equal(segment(turned, 100), segment(np.ascontiguousarray(turned), 100))
    assert np.array_equal(rgb, before)


@pytest.mark.parametrize(
    "rgb",
    [
        np.zeros((4, 4, 3), np.float32),
        np.zeros((4, 4, 3), np.int64),
        np.zeros((4, 4), np.uint8),
        np.zeros((4, 4, 4), np.uint8),
        np.zeros((1, 4, 4, 3), np.uint8),
        np.zeros((0, 4, 3), np.uint8),
        [[[0, 0, 0]]],
        None,
    ],
)
def test_what_is_no_rgb_picture_is_refused(rgb: object) -> None:
    with pytest.raises(ValueError, match="rgb must"):
        segment(rgb)  # type: ignore[arg-type]  # wrong on purpose


@pytest.mark.parametrize("n_superpixels", [0, -1, 2.5, "100", None])
def test_what_is_no_number_of_superpixels_is_refused(n_superpixels: object) -> None:
    with pytest.raises(ValueError, match="n_superpixels must"):
        segment(scene(4, 4), n_superpixels)  # type: ignore[arg-type]  # wrong on purpose


def test_an_unknown_engine_is_refused() -> None:
    with pytest.raises(ValueError, match="no engine 'watershed'"):
        segment(scene(4, 4), engine="watershed")


def test_importing_it_does_not_import_numba() -> None:
    code = "import sys, selector.segmentation.slic, selector.segmentation.hierarchy; sys.exit('numba' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


# The same wherever and whenever it is computed: label maps are cached by what they were computed from.


def test_separate_processes_agree() -> None:
    code = "import scenes; print(scenes.digest())"
    path = os.pathsep.join([str(Path(__file__).parent), *sys.path])
    others = [
        subprocess.Popen(
            [sys.executable, "-c", code],
            env={**os.environ, "PYTHONPATH": path, "PYTHONHASHSEED": hash_seed},
            stdout=subprocess.PIPE,
            text=True,
        )
        for hash_seed in ("1", "2")
    ]
    assert [other.communicate()[0].strip() for other in others] == [digest(), digest()]


def test_eight_threads_at_once_agree() -> None:
    alone = [digest(seed) for seed in range(8)]
    start = Barrier(8)

    def together(seed: int) -> str:
        start.wait()
        return digest(seed)

    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(together, range(8))) == alone
    assert len(set(alone)) == 8


def test_a_child_forked_after_segmenting_agrees() -> None:
    expected = digest()
    with multiprocessing.get_context("fork").Pool(2) as children:
        assert children.map_async(digest, [0, 0]).get(timeout=200) == [expected, expected]
