"""Dense features of open_clip's image towers: a vector for each place of an image, for every architecture.

A tower ends in a head that turns its features at all places into one vector. Applied to one place at a time, the same
head makes a map of vectors that can be compared with those of whole images and of words.

Convolutional towers keep places apart. The last attention layer of a transformer mixes them; here each patch attends
to itself alone in that layer, so that only the value path of the layer is left (MaskCLIP).

References
----------
Zhou, Loy, Dai, "Extract free dense labels from CLIP", ECCV 2022.
"""

from __future__ import annotations

import copy
import inspect
from itertools import chain
from typing import Any


def is_transformer(visual: Any) -> bool:
    """Whether a tower works on patches rather than by convolutions."""
    trunk = getattr(visual, "trunk", None)
    return (
        hasattr(visual, "transformer") if trunk is None else hasattr(trunk, "blocks") and hasattr(trunk, "patch_embed")
    )


def image_size(visual: Any) -> tuple[int, int]:
    """The height and width in pixels of the images that a tower takes."""
    size = visual.image_size
    return (size, size) if isinstance(size, int) else (int(size[0]), int(size[1]))


def at_scale(visual: Any, factor: int, *, alone: bool = True) -> Any:
    """Make a tower for feature maps of images that are `factor` times as large.

    Parameters
    ----------
    visual : torch.nn.Module
        An image tower; it stays as it is.
    factor : int
        1 or 2.
    alone : bool, optional
        Whether a patch of a transformer attends to itself alone in the last layer.

    Returns
    -------
    torch.nn.Module
        It shares all weights with `visual`, except for position embeddings, which are interpolated.
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
    if alone and (block := _last_mixing_block(scaled)) is not None:
        block.register_forward_pre_hook(_attend_to_itself, with_kwargs=True)
    return scaled


def feature_map(visual: Any, images: Any) -> Any:
    """Describe each place of some images.

    Parameters
    ----------
    visual : torch.nn.Module
        An image tower, from `at_scale`.
    images : torch.Tensor, shape (b, 3, H, W)
        Images as the tower takes them: of its size, and normalised.

    Returns
    -------
    torch.Tensor, shape (b, h, w, D)
        A vector for each cell.

    Raises
    ------
    Exception
        Of any kind, for an architecture without such a map.
    """
    if hasattr(visual, "trunk"):
        return _timm_map(visual, images)
    if hasattr(visual, "attnpool"):
        return _resnet_map(visual, images)
    return _patch_map(visual, images)


def _timm_map(visual: Any, images: Any) -> Any:
    """Towers built on timm: convolutions or patches, in either order of axes."""
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
    """Apply the head to one patch at a time, behind the class and register tokens where it skips those."""
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
    """CLIP's own vision transformer. Towers that pool by attention, as in CoCa, have no such map."""
    if visual.attn_pool is not None:
        raise TypeError("the tower pools by attention")
    tokens = visual.ln_post(visual.transformer(visual._embeds(images))[:, 1:])
    b, length, _ = tokens.shape
    return (tokens if visual.proj is None else tokens @ visual.proj).reshape(b, *_grid(length, images.shape), -1)


def _grid(length: int, shape: Any) -> tuple[int, int]:
    """The rows and columns of `length` patches of images of a shape (b, 3, H, W)."""
    rows = round((length * shape[2] / shape[3]) ** 0.5)
    return rows, length // rows


def _stretch_positions(visual: Any, factor: int) -> None:
    """Interpolate the position embeddings of CLIP's own transformer to a grid `factor` times as large, in place."""
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
    """The last attention block before the features are read off; None where pooling has an attention of its own."""
    if not is_transformer(visual):
        return None
    if not hasattr(visual, "trunk"):
        return visual.transformer.resblocks[-1]
    if getattr(visual.trunk, "global_pool", "") != "token":
        return None
    block = visual.trunk.blocks[-1]
    return block if "attn_mask" in inspect.signature(block.forward).parameters else None


def _attend_to_itself(block: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> tuple[Any, dict[str, Any]]:
    """A hook that runs before a block: adds a mask under which each patch attends to itself alone."""
    import torch

    tokens = args[0] if args else kwargs["x"]
    mask = torch.full((tokens.shape[1], tokens.shape[1]), -torch.inf, dtype=tokens.dtype, device=tokens.device)
    return args, {**kwargs, "attn_mask": mask.fill_diagonal_(0.0)}
