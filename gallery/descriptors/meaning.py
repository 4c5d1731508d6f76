"""The `meaning` space: what a region shows, by the image tower of an open_clip model.

A feature map of the whole image, averaged over any set of superpixels, is that region's vector, when indexing and
when asking alike. It is the sum of two: the tower's at twice its own resolution, which tells small things apart, and
half as much of that at its own resolution, which knows more of what is around. Towers without a feature map look at a
padded crop of each region instead, or at both.

Only what touches the model imports torch, when it is called. A stored feature map is spread over superpixels and
regions without it.
"""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cache, partial
from pathlib import Path
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
from PIL import Image

from gallery.descriptors import towers, weights
from gallery.descriptors.pooling import Floats, Members, membership, region_sums, unit
from gallery.descriptors.weights import WeightsMissing, fetch

__all__ = ["Tower", "WeightsMissing", "fetch", "load", "padded_crops", "region_vectors", "superpixel_features"]

Method = Literal["feature-map", "crops", "sum"]
Rgb = npt.NDArray[np.uint8]
Labels = npt.NDArray[np.uint16]

VERSION = "2"  # changes whenever the same weights give an image other vectors
NATIVE_SHARE = 0.5  # of the map at the tower's own resolution, beside 1 of that at twice as much
CROP_SHARE = 0.5  # of the padded crop, beside 1 of the feature map, in the method "sum"
PADDING = 0.15  # of the sides of a region's box, on each side


def superpixel_features(feature_map: npt.NDArray[np.floating], labels: Labels) -> Floats:
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
        The average of the bilinearly enlarged map over each superpixel, times the superpixel's share of the image.
        So they are additive: a region's are the sum of its superpixels', and the whole image's their total.
    """
    from gallery.descriptors import kernels

    rows, columns, depth = feature_map.shape
    shares = kernels.cell_shares(np.ascontiguousarray(labels), int(labels.max()) + 1, rows, columns)
    return kernels.mix(shares, np.ascontiguousarray(feature_map, np.float32).reshape(-1, depth))


def region_vectors(features: Floats, members: Members) -> Floats:
    """Describe regions by the features of their superpixels. Needs no model.

    Parameters
    ----------
    features : float32 (n, D)
        From `superpixel_features`.
    members : bool (r, n), or a sequence of r integer arrays
        The superpixels of each region.

    Returns
    -------
    float32 (r, D)
        Unit vectors in the direction of the average over the region's area; zero for one without superpixels.
    """
    return unit(region_sums(features, members))


def padded_crops(rgb: Rgb, labels: Labels, members: Members, padding: float = PADDING) -> list[Rgb]:
    """Cut out the box of each region with some of what is around; the whole image for one without superpixels."""
    masks = membership(members, int(labels.max()) + 1)
    return [rgb[_padded_box(mask[labels], padding)] for mask in masks]


def _padded_box(mask: npt.NDArray[np.bool_], padding: float) -> tuple[slice, ...]:
    if not mask.any():
        return (slice(None),)
    box = []
    for axis in (0, 1):
        inside = np.flatnonzero(mask.any(axis=1 - axis))
        start, stop = int(inside[0]), int(inside[-1]) + 1
        margin = round(padding * (stop - start))
        box.append(slice(max(start - margin, 0), stop + margin))
    return tuple(box)


@dataclass(eq=False)
class Tower:
    """A model, loaded by `load`. May be used by several threads; they take turns.

    Attributes
    ----------
    model, pretrained : str
        What it was loaded by.
    method : {"feature-map", "crops", "sum"}
        How it describes regions.
    dimensions : int
        Length of its vectors.
    weights_hash : str
        SHA-256 of all its weights and of `VERSION`, in hexadecimal: vectors of two hashes are never compared.
    knows_words : bool
        Whether its text tower has been trained, so that `text_vector` means something.
    """

    model: str
    pretrained: str
    method: Method
    dimensions: int
    weights_hash: str
    knows_words: bool
    _net: Any = field(repr=False)
    _views: list[Any] = field(repr=False)
    _preprocess: dict[str, Any] = field(repr=False)
    _tokenizer: Any = field(repr=False)
    _device: str = field(repr=False)
    _batch: int = field(repr=False)
    _turn: threading.Lock = field(default_factory=threading.Lock, repr=False)

    def feature_map(self, rgb: Rgb) -> Floats:
        """Return what is where in an image, float32 (h, w, D): two forward passes. All zeros for "crops"."""
        maps = [self._run(partial(towers.feature_map, view), [rgb], towers.image_size(view))[0] for view in self._views]
        if not maps:
            return np.zeros((1, 1, self.dimensions), np.float32)
        total = _level(maps[0])
        for other in maps[1:]:
            total += NATIVE_SHARE * _enlarged(_level(other), total.shape[:2])
        return total

    def superpixel_features(self, rgb: Rgb, labels: Labels) -> Floats:
        """Return the additive features of each superpixel, float32 (n, D); see the function of this name."""
        return superpixel_features(self.feature_map(rgb), labels)

    def region_vectors(
        self, features: Floats, members: Members, *, rgb: Rgb | None = None, labels: Labels | None = None
    ) -> Floats:
        """Describe regions.

        Parameters
        ----------
        features : float32 (n, D)
            From `superpixel_features`.
        members : bool (r, n), or a sequence of r integer arrays
            The superpixels of each region.
        rgb, labels : uint8 (H, W, 3) and uint16 (H, W), optional
            The image and its superpixels; the methods "crops" and "sum" look at it again.

        Returns
        -------
        float32 (r, D)
            Unit vectors.

        Raises
        ------
        ValueError
            If the method needs the image.
        """
        if self.method == "feature-map":
            return region_vectors(features, members)
        if rgb is None or labels is None:
            raise ValueError(f"the method {self.method!r} needs the image and its labels")
        crops = self.image_vectors(padded_crops(rgb, labels, members))
        return crops if self.method == "crops" else unit(region_vectors(features, members) + CROP_SHARE * crops)

    def image_vectors(self, images: Sequence[Rgb]) -> Floats:
        """Describe k whole images, each uint8 (H, W, 3), as the model itself does: unit vectors, float32 (k, D)."""
        if not images:
            return np.zeros((0, self.dimensions), np.float32)
        return unit(self._run(self._net.encode_image, images, towers.image_size(self._net.visual)))

    def text_vector(self, words: str) -> Floats:
        """Describe words: a unit vector, float32 (D,).

        Raises
        ------
        WeightsMissing
            If the model has no trained text tower.
        """
        import torch

        if not self.knows_words:
            name = Path(self.model).stem
            raise WeightsMissing(f"The model {name} knows no words: choose one that was trained with text.")
        with self._turn, torch.inference_mode():
            vectors: Floats = self._net.encode_text(self._tokenizer([words]).to(self._device)).float().cpu().numpy()
        return unit(vectors[0])

    def _run(self, forward: Callable[[Any], Any], images: Sequence[Rgb], size: tuple[int, int]) -> Floats:
        import torch

        results = []
        for start in range(0, len(images), self._batch):
            batch = np.stack([self._prepared(image, size) for image in images[start : start + self._batch]])
            with self._turn, torch.inference_mode():
                results.append(forward(torch.from_numpy(batch).to(self._device)).float().cpu().numpy())
        return np.concatenate(results)

    def _prepared(self, rgb: Rgb, size: tuple[int, int]) -> Floats:
        """Squash an image to (height, width), so that nothing of it is cut off, and normalise: float32 (3, h, w)."""
        linear = self._preprocess.get("interpolation") == "bilinear"
        how = Image.Resampling.BILINEAR if linear else Image.Resampling.BICUBIC
        small = np.asarray(Image.fromarray(rgb).resize(size[::-1], how), np.float32) / 255
        mean, std = (np.array(self._preprocess[key], np.float32) for key in ("mean", "std"))
        return np.ascontiguousarray(((small - mean) / std).transpose(2, 0, 1))


def _level(feature_map: Floats) -> Floats:
    """Scale a map so that its mean has length 1: maps of two resolutions can then be added."""
    length = float(np.linalg.norm(feature_map.mean(axis=(0, 1))))
    return feature_map / length if length > 0 else feature_map.copy()


def _enlarged(feature_map: Floats, size: tuple[int, ...]) -> Floats:
    """Enlarge a map to (h, w) places bilinearly, edges repeated."""
    for axis in (0, 1):
        length = feature_map.shape[axis]
        places = np.clip((np.arange(size[axis]) + 0.5) * length / size[axis] - 0.5, 0, length - 1)
        low = places.astype(np.intp)
        high = np.minimum(low + 1, length - 1)
        share = (places - low).astype(np.float32).reshape((-1, 1, 1) if axis == 0 else (1, -1, 1))
        feature_map = feature_map.take(low, axis) * (1 - share) + feature_map.take(high, axis) * share
    return feature_map


# Loading -----------------------------------------------------------------------------------------------------------

PREPARED_BY = ("mean", "std", "interpolation")  # what a tag says of how its images were prepared

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
    """Load a model, once a process: the same arguments give the same tower.

    Parameters
    ----------
    model : str
        Name of an open_clip model, or path of a `.json` file that describes one in open_clip's format.
    pretrained : str
        Path of a file with weights, or a tag that open_clip knows for this model.
    cache_dir : path, optional
        Where weights from the hub are kept; by default where the hub's own client keeps them.
    device : {"auto", "cpu", "cuda", ...}, optional
        Where the model runs; "auto" takes CUDA when it is there.
    threads : int, optional
        Threads of a forward pass; 0 leaves it to torch.
    method : {"feature-map", "crops", "sum"}, optional
        How regions are described; by default "sum" for transformers, "feature-map" for other towers, and "crops" for
        those without a feature map.
    batch : int, optional
        Images in a forward pass; 0 means 1, as more are slower on few cores, and 32 on CUDA.
    download : bool, optional
        Whether weights may be fetched that are not there yet.

    Raises
    ------
    WeightsMissing
        If packages or weights are missing, damaged, or do not fit the model.
    """
    with _loading:  # Of two threads that ask at once, the second gets what the first has loaded.
        return _load(model, pretrained, str(cache_dir or ""), device, threads, method, batch, download)


@cache
def _load(
    model: str,
    pretrained: str,
    cache_dir: str,
    device: str,
    threads: int,
    method: Method | None,
    batch: int,
    download: bool,
) -> Tower:
    device = _set_up(device, threads)
    path = fetch(model, pretrained, cache_dir=cache_dir or None, download=download)
    name = weights.register(model)
    tag = weights.tag_of(name, pretrained)
    net = _build(name, path, device, quick_gelu=bool(tag.get("quick_gelu")))
    dimensions = _dimensions(net, device)
    views = [] if method == "crops" else _views(net.visual, dimensions, device)
    usual: Method = "sum" if towers.is_transformer(net.visual) else "feature-map"
    tokenizer = _tokenizer(name)
    return Tower(
        model=model,
        pretrained=pretrained,
        method=(method or usual) if views else "crops",
        dimensions=dimensions,
        weights_hash=_hash(net),
        knows_words=tokenizer is not None and _knows_words(net),
        _net=net,
        _views=views,
        _preprocess=net.visual.preprocess_cfg | {key: tag[key] for key in PREPARED_BY if key in tag},
        _tokenizer=tokenizer,
        _device=device,
        _batch=batch or (32 if device.startswith("cuda") else 1),
    )


def _set_up(device: str, threads: int) -> str:
    """Set torch up and return the device to use."""
    try:
        import open_clip  # noqa: F401
        import torch
    except ImportError as error:
        raise WeightsMissing("Search by meaning needs torch and open_clip: install these packages.") from error
    if threads:
        torch.set_num_threads(threads)
    if device == "auto":
        return "cuda" if torch.cuda.is_available() else "cpu"
    return device


def _build(name: str, path: Path, device: str, *, quick_gelu: bool) -> Any:
    import open_clip

    try:
        net = open_clip.create_model(name, pretrained=str(path), device=device, force_quick_gelu=quick_gelu)
    except Exception as error:  # Each file format has errors of its own for what is not its own.
        if "loading state_dict" in str(error):
            problem = f"belongs to another model than {name}: name the model it is of, or other weights"
        else:
            problem = "is damaged: delete it and fetch it again, or name another"
        raise WeightsMissing(f"The weights file {path.name} {problem}.") from error
    return net.eval().requires_grad_(False)


def _dimensions(net: Any, device: str) -> int:
    import torch

    with torch.inference_mode():
        return int(net.encode_image(torch.zeros(1, 3, *towers.image_size(net.visual), device=device)).shape[-1])


def _views(visual: Any, dimensions: int, device: str) -> list[Any]:
    """Return the tower at twice its resolution and at its own, those of the two that give a feature map."""
    views = []
    for factor in (2, 1):
        try:
            view = towers.at_scale(visual, factor)
            if _has_map(view, dimensions, device):
                views.append(view)
        except Exception:
            continue
    return views


def _has_map(view: Any, dimensions: int, device: str) -> bool:
    import torch

    with torch.inference_mode():
        seen = towers.feature_map(view, torch.zeros(1, 3, *towers.image_size(view), device=device))
    return seen.shape[1] * seen.shape[2] > 1 and seen.shape[3] == dimensions and bool(torch.isfinite(seen).all())


def _hash(net: Any) -> str:
    digest = hashlib.sha256(VERSION.encode())
    for name, tensor in sorted(net.state_dict().items()):
        digest.update(f"{name} {tuple(tensor.shape)} {tensor.dtype}".encode())
        digest.update(np.ascontiguousarray(tensor.cpu().numpy()).data)
    return digest.hexdigest()


def _knows_words(net: Any) -> bool:
    """Tell a trained text tower from a fresh one, whose layer normalisations are all ones and zeros."""
    import torch

    words = [module for name, module in net.named_modules() if not name.startswith("visual")]
    norms = [module for module in words if isinstance(module, torch.nn.LayerNorm)]
    return any(bool((norm.weight != 1).any() or (norm.bias != 0).any()) for norm in norms)


def _tokenizer(name: str) -> Any:
    """Return what turns words into tokens, or None where that needs a package or file that is not here."""
    import open_clip

    try:
        return open_clip.get_tokenizer(name)
    except Exception:
        return None
