"""What an image tower of open_clip sees where: its feature map, whatever its architecture.

A tower ends in a head that turns its features at all places into one vector. The same head, given one place at a
time, turns a feature map into one of vectors that can be compared with those of whole images and of words.

Convolutional towers keep places apart by themselves. A transformer's last attention mixes them; here each patch
attends to itself alone in that layer, which leaves the layer's value path (Zhou, Loy, Dai, "Extract free dense labels
from CLIP", ECCV 2022, called MaskCLIP).
"""

from __future__ import annotations

import copy
import inspect
from itertools import chain
from typing import Any


def is_transformer(visual: Any) -> bool:
    """Tell whether a tower works on patches rather than by convolutions."""
    trunk = getattr(visual, "trunk", None)
    return (
        hasattr(visual, "transformer") if trunk is None else hasattr(trunk, "blocks") and hasattr(trunk, "patch_embed")
    )


def image_size(visual: Any) -> tuple[int, int]:
    """Return the height and width of the images a tower takes."""
    size = visual.image_size
    return (size, size) if isinstance(size, int) else (int(size[0]), int(size[1]))


def at_scale(visual: Any, factor: int) -> Any:
    """Return a tower for feature maps of images `factor` times as large, over the same weights.

    Position embeddings are interpolated. Nothing of `visual` is changed and none of its weights is copied.
    """
    shared = {id(tensor): tensor for tensor in chain(visual.parameters(), visual.buffers())}
    scaled = copy.deepcopy(visual, shared)
    height, width = image_size(visual)
    size = (height * factor, width * factor)
    if hasattr(scaled, "positional_embedding"):
        _stretch_positions(scaled, factor)
    elif factor > 1 and hasattr(getattr(scaled, "trunk", None), "set_input_size"):
        scaled.trunk.set_input_size(size)
    scaled.image_size = size
    if (block := _last_mixing_block(scaled)) is not None:
        block.register_forward_pre_hook(_attend_to_itself, with_kwargs=True)
    return scaled


def feature_map(visual: Any, images: Any) -> Any:
    """Return the vectors at each place, (b, h, w, D), of a batch of prepared images, (b, 3, H, W).

    Raises
    ------
    Exception
        Any, for an architecture that has no such map.
    """
    if hasattr(visual, "trunk"):
        return _timm_map(visual, images)
    if hasattr(visual, "attnpool"):
        return _resnet_map(visual, images)
    return _patch_map(visual, images)


def _timm_map(visual: Any, images: Any) -> Any:
    features = visual.trunk.forward_features(images)
    if features.ndim == 3:
        return _timm_patch_map(visual, features, images.shape)
    if str(getattr(visual.trunk, "output_fmt", "NCHW")).endswith("NHWC"):
        features = features.permute(0, 3, 1, 2)
    b, depth, h, w = features.shape
    cells = features.permute(0, 2, 3, 1).reshape(-1, depth, 1, 1)
    if str(getattr(visual.trunk, "output_fmt", "NCHW")).endswith("NHWC"):
        cells = cells.permute(0, 2, 3, 1)
    return _timm_head(visual, cells).reshape(b, h, w, -1)


def _timm_patch_map(visual: Any, tokens: Any, shape: Any) -> Any:
    """Give the head one patch at a time, behind the class and register tokens if it passes over those."""
    import torch

    prefix = getattr(visual.trunk, "num_prefix_tokens", 0)
    b, length, depth = tokens.shape
    h, w = _grid(length - prefix, shape)
    cells = tokens[:, prefix:].reshape(-1, 1, depth)
    if getattr(visual.trunk, "global_pool", "token") != "token" and prefix:
        skipped = tokens[:, :prefix].repeat_interleave(length - prefix, dim=0)
        cells = torch.cat([skipped, cells], dim=1)
    return _timm_head(visual, cells).reshape(b, h, w, -1)


def _timm_head(visual: Any, cells: Any) -> Any:
    return visual.head(visual.trunk.forward_head(cells))


def _resnet_map(visual: Any, images: Any) -> Any:
    """CLIP's own ResNet: the value path of its attention pooling."""
    x = visual.stem(images)
    for layer in (visual.layer1, visual.layer2, visual.layer3, visual.layer4):
        x = layer(x)
    return visual.attnpool.c_proj(visual.attnpool.v_proj(x.permute(0, 2, 3, 1)))


def _patch_map(visual: Any, images: Any) -> Any:
    """CLIP's own vision transformer; the classes of CoCa that pool by attention have no such map."""
    if visual.attn_pool is not None:
        raise TypeError("the tower pools by attention")
    tokens = visual.ln_post(visual.transformer(visual._embeds(images))[:, 1:])
    b, length, _ = tokens.shape
    return (tokens if visual.proj is None else tokens @ visual.proj).reshape(b, *_grid(length, images.shape), -1)


def _grid(length: int, shape: Any) -> tuple[int, int]:
    """Return the rows and columns of `length` patches of an image (b, 3, H, W)."""
    rows = round((length * shape[2] / shape[3]) ** 0.5)
    return rows, length // rows


def _stretch_positions(visual: Any, factor: int) -> None:
    import torch
    from torch.nn.functional import interpolate

    rows, columns = visual.grid_size
    whole, places = visual.positional_embedding[:1], visual.positional_embedding[1:]
    plane = places.reshape(1, rows, columns, -1).permute(0, 3, 1, 2)
    plane = interpolate(plane, scale_factor=factor, mode="bicubic", align_corners=False)
    places = plane.permute(0, 2, 3, 1).reshape(rows * columns * factor * factor, -1)
    visual.positional_embedding = torch.nn.Parameter(torch.cat([whole, places]), requires_grad=False)
    visual.grid_size = (rows * factor, columns * factor)


def _last_mixing_block(visual: Any) -> Any:
    """Return the last attention before the features are read off; None where pooling has one of its own."""
    if not is_transformer(visual):
        return None
    if not hasattr(visual, "trunk"):
        return visual.transformer.resblocks[-1]
    if getattr(visual.trunk, "global_pool", "") != "token":
        return None
    block = visual.trunk.blocks[-1]
    return block if "attn_mask" in inspect.signature(block.forward).parameters else None


def _attend_to_itself(block: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> tuple[Any, dict[str, Any]]:
    """Before a block: a mask under which every patch attends to itself alone."""
    import torch

    tokens = args[0] if args else kwargs["x"]
    mask = torch.full((tokens.shape[1], tokens.shape[1]), -torch.inf, dtype=tokens.dtype, device=tokens.device)
    return args, {**kwargs, "attn_mask": mask.fill_diagonal_(0.0)}
