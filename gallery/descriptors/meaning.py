"""The `meaning` space: what a region shows, by the image tower of any open_clip model.

One forward pass at twice the tower's resolution gives a spatial feature map; averaged over any set of superpixels it
is that region's vector, when indexing and when asking alike. Torch and open_clip are imported inside functions only,
by the process that embeds; the pooling of a stored feature map needs neither.
"""

from __future__ import annotations

import hashlib
import json
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
from numba import njit
from PIL import Image

from gallery.descriptors.pooling import Floats, Members, membership, region_sums, unit

Method = Literal["feature-map", "crops", "sum"]
Progress = Callable[[int, int | None], None]
PADDING = 0.15
"""Context around the box of a region's crop, as a share of its sides."""


class WeightsMissing(RuntimeError):
    """The model cannot be used; the message is one sentence that says why and what to do."""


def superpixel_features(feature_map: npt.NDArray[np.floating], labels: npt.NDArray[np.uint16]) -> Floats:
    """Spread a feature map over superpixels. Needs no model.

    Parameters
    ----------
    feature_map : floating (h, w, D)
        From `Tower.feature_map`; half precision is enough to store.
    labels : uint16 (H, W)
        Superpixel of each pixel, 0..n-1.

    Returns
    -------
    float32 (n, D)
        The bilinearly enlarged map summed over the pixels of each superpixel, as a share of the image: additive, so
        a region's features are the sum of its superpixels' and their direction is that of the average over its area.
    """
    height, width, depth = feature_map.shape
    shares = _cell_shares(labels, height, width, int(labels.max()) + 1)
    return _mix(shares, np.ascontiguousarray(feature_map, np.float32).reshape(-1, depth))


def region_vectors(features: Floats, members: Members) -> Floats:
    """Describe regions by the features of their superpixels.

    Parameters
    ----------
    features : float32 (n, D)
        From `superpixel_features`.
    members : bool (r, n), or a sequence of r integer arrays
        The superpixels of each region.

    Returns
    -------
    float32 (r, D)
        Unit vectors; zero for a region without superpixels.
    """
    return vectors(region_sums(features, members))


def vectors(sums: Floats) -> Floats:
    """Turn summed features of regions, float32 (r, D), into unit vectors."""
    return unit(sums)


@dataclass(eq=False)
class Tower:
    """A loaded open_clip model; made by `load`."""

    model: str
    pretrained: str
    method: Method
    dimensions: int
    weights_hash: str
    knows_words: bool
    _net: Any = field(repr=False)
    _wide: Any = field(repr=False)
    _preprocess: dict[str, Any] = field(repr=False)
    _device: str = field(repr=False)
    _tokenizer: Any = field(repr=False)
    _batch: int = 1
    _lock: Any = field(default_factory=threading.Lock, repr=False)

    def feature_map(self, rgb: npt.NDArray[np.uint8]) -> Floats:
        """Return the spatial features of an image, float32 (h, w, D), by one forward pass."""
        if self._wide is None:
            return np.zeros((1, 1, self.dimensions), np.float32)
        size = self._size
        return self._run(lambda x: _dense(self._wide, x), [rgb], (2 * size[0], 2 * size[1]))[0]

    def superpixel_features(self, rgb: npt.NDArray[np.uint8], labels: npt.NDArray[np.uint16]) -> Floats:
        """Return additive features of each superpixel, float32 (n, D)."""
        return superpixel_features(self.feature_map(rgb), labels)

    def region_vectors(
        self,
        features: Floats,
        members: Members,
        *,
        rgb: npt.NDArray[np.uint8] | None = None,
        labels: npt.NDArray[np.uint16] | None = None,
    ) -> Floats:
        """Describe regions, float32 (r, D); `crops` and `sum` look at the image again."""
        if self.method == "feature-map":
            return region_vectors(features, members)
        if rgb is None or labels is None:
            raise ValueError(f"the method {self.method!r} needs the image and its label map")
        crops = self.image_vectors(padded_crops(rgb, labels, members))
        return crops if self.method == "crops" else unit(region_vectors(features, members) + crops)

    def image_vectors(self, images: Sequence[npt.NDArray[np.uint8]]) -> Floats:
        """Describe whole images, float32 (k, D), unit vectors."""
        if not images:
            return np.zeros((0, self.dimensions), np.float32)
        return unit(self._run(self._net.encode_image, images, self._size))

    def text_vector(self, words: str) -> Floats:
        """Describe words, float32 (D,), a unit vector."""
        if not self.knows_words:
            raise WeightsMissing(f"The model {self.model} has no trained text tower: it cannot search by words.")
        import torch

        with self._lock, torch.inference_mode():
            tokens = self._tokenizer([words]).to(self._device)
            return unit(self._net.encode_text(tokens).float().cpu().numpy())[0]

    @property
    def _size(self) -> tuple[int, int]:
        size = self._preprocess["size"]
        return (size, size) if isinstance(size, int) else (int(size[0]), int(size[1]))

    def _run(self, forward: Callable[[Any], Any], images: Sequence[npt.NDArray[np.uint8]], size: tuple[int, int]) -> Floats:
        import torch

        results = []
        with self._lock, torch.inference_mode():
            for start in range(0, len(images), self._batch):
                batch = np.stack([self._prepare(image, size) for image in images[start : start + self._batch]])
                results.append(forward(torch.from_numpy(batch).to(self._device)).float().cpu().numpy())
        return np.concatenate(results)

    def _prepare(self, rgb: npt.NDArray[np.uint8], size: tuple[int, int]) -> Floats:
        """Squash an image to the tower's size (never cut anything off) and normalise it, (3, h, w)."""
        filters = {"bicubic": Image.Resampling.BICUBIC, "bilinear": Image.Resampling.BILINEAR}
        how = filters.get(self._preprocess.get("interpolation", ""), Image.Resampling.BICUBIC)
        small = np.asarray(Image.fromarray(rgb).resize(size[::-1], how), np.float32) / 255
        mean, std = np.float32(self._preprocess["mean"]), np.float32(self._preprocess["std"])
        return np.ascontiguousarray(((small - mean) / std).transpose(2, 0, 1))


def padded_crops(
    rgb: npt.NDArray[np.uint8], labels: npt.NDArray[np.uint16], members: Members, padding: float = PADDING
) -> list[npt.NDArray[np.uint8]]:
    """Cut out the box of each region with some context around it; an empty region gets the whole image."""
    masks = membership(members, int(labels.max()) + 1)
    return [rgb[_padded_box(mask[labels], padding)] for mask in masks]


def _padded_box(mask: npt.NDArray[np.bool_], padding: float) -> tuple[slice, slice]:
    if not mask.any():
        return slice(None), slice(None)
    box = []
    for axis in (1, 0):
        inside = np.flatnonzero(mask.any(axis=axis))
        low, high = int(inside[0]), int(inside[-1]) + 1
        margin = round(padding * (high - low))
        box.append(slice(max(low - margin, 0), min(high + margin, mask.shape[1 - axis])))
    return box[0], box[1]


@njit(nogil=True, cache=True)
def _cell_shares(labels, rows, columns, n):  # type: ignore[no-untyped-def]
    """Return how much of each superpixel, as a share of the image, lies on each cell of a map, (n, cells)."""
    height, width = labels.shape
    shares = np.zeros((n, rows * columns), np.float32)
    pixel = np.float32(1 / (height * width))
    for y in range(height):
        v = min(max((y + 0.5) * rows / height - 0.5, 0.0), rows - 1.0)
        top = min(int(v), max(rows - 2, 0))
        bottom = min(top + 1, rows - 1)
        down = np.float32(v - top)
        for x in range(width):
            u = min(max((x + 0.5) * columns / width - 0.5, 0.0), columns - 1.0)
            left = min(int(u), max(columns - 2, 0))
            right = min(left + 1, columns - 1)
            across = np.float32(u - left)
            share = shares[labels[y, x]]
            share[top * columns + left] += pixel * (1 - down) * (1 - across)
            share[top * columns + right] += pixel * (1 - down) * across
            share[bottom * columns + left] += pixel * down * (1 - across)
            share[bottom * columns + right] += pixel * down * across
    return shares


@njit(nogil=True, cache=True)
def _mix(shares, cells):  # type: ignore[no-untyped-def]
    """Multiply a matrix that is nearly all zero, (n, cells), by the cells' features, (cells, D)."""
    n, n_cells = shares.shape
    depth = cells.shape[1]
    out = np.zeros((n, depth), np.float32)
    for i in range(n):
        for c in range(n_cells):
            share = shares[i, c]
            if share > 0:
                for d in range(depth):
                    out[i, d] += share * cells[c, d]
    return out


# Loading -------------------------------------------------------------------------------------------------------------

_loading = threading.Lock()


def load(
    model: str,
    pretrained: str,
    *,
    cache_dir: str | Path | None = None,
    device: str = "auto",
    threads: int = 0,
    method: Method | None = None,
    batch: int = 0,
    download: bool = True,
) -> Tower:
    """Load a model once a process and return it.

    Parameters
    ----------
    model : str
        Name of an open_clip model, or path of a `.json` file in open_clip's model format.
    pretrained : str
        Tag of weights of that model on the hub, or path of a file.
    cache_dir : path, optional
        Where weights from the hub are kept; by default where the hub's own client keeps them.
    device : str
        ``"cpu"``, ``"cuda"``, or ``"auto"``: CUDA when there.
    threads : int
        Threads of one forward pass; 0 leaves torch's choice.
    method : str, optional
        How regions are described; by default what suits the architecture.
    batch : int
        Images a forward pass; 0 means 1 on a CPU, where larger batches were slower, and 32 on CUDA.
    download : bool
        Whether weights that are not there yet may be fetched.

    Raises
    ------
    WeightsMissing
        If anything is missing, damaged or does not fit.
    """
    with _loading:
        return _load(model, pretrained, str(cache_dir or ""), device, threads, method, batch, download)


@cache
def _load(
    model: str, pretrained: str, cache_dir: str, device: str, threads: int, method: Method | None, batch: int, download: bool
) -> Tower:
    try:
        import open_clip
        import torch
    except ImportError as error:
        raise WeightsMissing("Search by meaning needs the packages torch and open_clip: install them.") from error
    if threads:
        torch.set_num_threads(threads)
    if device == "auto":
        device = "cuda" if torch.cuda.is_available() else "cpu"
    name = _register(model)
    path = fetch(model, pretrained, cache_dir=cache_dir or None, download=download)
    tag = open_clip.get_pretrained_cfg(name, pretrained) or {}
    try:
        net = open_clip.create_model(name, pretrained=str(path), device=device).eval()
    except Exception as error:
        raise WeightsMissing(
            f"The weights {path.name} are damaged or belong to another model than {Path(model).stem}."
        ) from error
    preprocess = dict(net.visual.preprocess_cfg) | {k: tag[k] for k in ("mean", "std", "interpolation") if k in tag}
    wide = _widen(net.visual)
    return Tower(
        model=model, pretrained=pretrained, method=method or "feature-map", dimensions=_width(wide, preprocess),
        weights_hash=_hash(net), knows_words=_is_trained(net), _net=net, _wide=wide, _preprocess=preprocess,
        _device=device, _tokenizer=open_clip.get_tokenizer(name), _batch=batch or (32 if device == "cuda" else 1),
    )


def _register(model: str) -> str:
    import open_clip

    if not model.endswith(".json"):
        if model not in open_clip.list_models():
            raise WeightsMissing(f"There is no open_clip model named {model}.")
        return model
    try:
        config = json.loads(Path(model).read_text())
    except (OSError, ValueError) as error:
        raise WeightsMissing(f"The model description {Path(model).name} cannot be read.") from error
    if not isinstance(config, dict) or not {"embed_dim", "vision_cfg", "text_cfg"} <= config.keys():
        raise WeightsMissing(f"The file {Path(model).name} is no model description of open_clip.")
    open_clip.add_model_config(model)
    return Path(model).stem


def fetch(model: str, pretrained: str, *, cache_dir: str | Path | None = None, download: bool = True, progress: Progress | None = None) -> Path:
    """Return the file with the weights, fetching it if need be."""
    import open_clip

    if Path(pretrained).is_file():
        return Path(pretrained)
    cfg = open_clip.get_pretrained_cfg(_register(model), pretrained)
    if not cfg:
        raise WeightsMissing(f"There are no weights {pretrained}: neither a file nor a tag of {model}.")
    try:
        return Path(open_clip.download_pretrained(cfg, cache_dir=str(cache_dir) if cache_dir else None))
    except Exception as error:
        raise WeightsMissing(f"The weights {pretrained} of {model} could not be fetched.") from error


def _widen(visual: Any) -> Any:
    """Return the tower for images of twice its size, over the same weights."""
    return visual


def _dense(visual: Any, x: Any) -> Any:
    """Return the feature map (b, h, w, D) of a timm tower."""
    fm = visual.trunk.forward_features(x)
    b, c, h, w = fm.shape
    cells = fm.permute(0, 2, 3, 1).reshape(-1, c, 1, 1)
    return visual.head(visual.trunk.forward_head(cells)).reshape(b, h, w, -1)


def _width(visual: Any, preprocess: dict[str, Any]) -> int:
    import torch

    with torch.inference_mode():
        return int(visual(torch.zeros(1, 3, *visual.image_size)).shape[-1])


def _hash(net: Any) -> str:
    digest = hashlib.sha256()
    for name, tensor in sorted(net.state_dict().items()):
        digest.update(name.encode())
        digest.update(np.ascontiguousarray(tensor.cpu().numpy()).tobytes())
    return digest.hexdigest()


def _is_trained(net: Any) -> bool:
    return bool((net.ln_final.weight != 1).any()) if hasattr(net, "ln_final") else True
