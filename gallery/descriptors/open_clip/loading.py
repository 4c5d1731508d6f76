"""Loads open_clip models, each once a process."""

from __future__ import annotations

import hashlib
import threading
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from gallery.descriptors.open_clip import dense_features, weights
from gallery.descriptors.open_clip.inference import View, fastest
from gallery.descriptors.open_clip.tower import Method, Tower
from gallery.descriptors.open_clip.weights import WeightsMissing, fetch

VERSION = "2"  # changes whenever the same weights give an image other vectors

PREPARED_BY = ("mean", "std", "interpolation")  # what a tag of weights says about the preparation of images

# Matrix products of few rows leave a processor waiting for memory; convolutions have rows enough, and a larger batch
# falls out of the caches.
BATCH_OF_TRANSFORMERS = 4
BATCH_ON_CUDA = 32

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
    """Load a model, once a process.

    Parameters
    ----------
    model : str
        Name of an open_clip model, or path of a `.json` file that describes one in open_clip's format.
    pretrained : str
        Path of a file with weights, or a tag that open_clip knows for this model.
    cache_dir : path, optional
        Where weights from the hub are kept; by default where the hub's own client keeps them.
    device : {"auto", "cpu", "cuda", ...}, optional
        Where the model runs; "auto" takes CUDA where there is one.
    threads : int, optional
        Threads of a forward pass; 0 leaves it to torch.
    method : {"feature-map", "summaries", "crops", "sum"}, optional
        How regions are described, see `Tower`; by default "sum" for transformers, "feature-map" for other towers, and
        "crops" for those without a feature map.
    batch : int, optional
        Images in a forward pass; 0 means 32 on CUDA, else 4 for transformers and 1 for other towers.
    download : bool, optional
        Whether weights may be fetched that are not there yet.

    Returns
    -------
    Tower
        The same object for the same arguments.

    Raises
    ------
    WeightsMissing
        If packages or weights are missing, damaged, or do not fit the model, or it cannot be used by that method.
    """
    with _loading:  # Of two threads that call at once, the second gets what the first has loaded.
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
    views = [] if method == "crops" else _views(net.visual, dimensions, device, alone=method != "summaries")
    if method and method != "crops" and not views:
        raise WeightsMissing(f"The model {name} has no feature map: leave the method open, or use crops.")
    is_transformer = dense_features.is_transformer(net.visual)
    usual: Method = "sum" if is_transformer else "feature-map"
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
        _batch=batch
        or (BATCH_ON_CUDA if device.startswith("cuda") else BATCH_OF_TRANSFORMERS if is_transformer else 1),
    )


def _set_up(device: str, threads: int) -> str:
    """Set torch up. Returns the device to use."""
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
    """The length of the vectors of a model."""
    import torch

    with torch.inference_mode():
        return int(net.encode_image(torch.zeros(1, 3, *dense_features.image_size(net.visual), device=device)).shape[-1])


def _views(visual: Any, dimensions: int, device: str, *, alone: bool) -> list[View]:
    """The tower at twice its resolution and at its own; of these two only those that give a feature map."""
    import torch

    views = []
    for factor in (2, 1):
        try:
            view = dense_features.at_scale(visual, factor, alone=alone)
            size = dense_features.image_size(view)
            noise = torch.rand(1, 3, *size, generator=torch.Generator().manual_seed(0)).to(device)
            with torch.inference_mode():
                cells = dense_features.feature_map(view, noise)
            if _is_map(cells, dimensions):
                views.append(View(size, fastest(view, noise, cells)))
        except Exception:  # nosec B112 # a tower that cannot be enlarged or has no map is simply none of the answers
            continue
    return views


def _is_map(cells: Any, dimensions: int) -> bool:
    """Whether these are more than one cell, with vectors as long as those of whole images."""
    import torch

    return cells.shape[1] * cells.shape[2] > 1 and cells.shape[3] == dimensions and bool(torch.isfinite(cells).all())


def _hash(net: Any) -> str:
    """SHA-256 of all weights and of `VERSION`, in hexadecimal."""
    digest = hashlib.sha256(VERSION.encode())
    for name, tensor in sorted(net.state_dict().items()):
        digest.update(f"{name} {tuple(tensor.shape)} {tensor.dtype}".encode())
        digest.update(np.ascontiguousarray(tensor.cpu().numpy()).data)
    return digest.hexdigest()


def _knows_words(net: Any) -> bool:
    """Whether the text tower was trained: in one that was not, all layer normalisations are ones and zeros."""
    import torch

    words = [module for name, module in net.named_modules() if not name.startswith("visual")]
    norms = [module for module in words if isinstance(module, torch.nn.LayerNorm)]
    return any(bool((norm.weight != 1).any() or (norm.bias != 0).any()) for norm in norms)


def _tokenizer(name: str) -> Any:
    """The function from words to tokens, or None where a package or file for it is missing."""
    import open_clip

    try:
        return open_clip.get_tokenizer(name)
    except Exception:
        return None
