"""The same convolutional tower in half the time: normalisations folded into the convolutions before them.

In a trained network a batch normalisation scales and shifts each channel by constants, which the weights of the
convolution before it can do as well (Jacob et al., "Quantization and training of neural networks for efficient
integer-arithmetic-only inference", CVPR 2018, section 3.2). Channels last is the order in which the kernels for
processors read memory forwards.
"""

from __future__ import annotations

import copy
from typing import Any

# Folding changes the order of roundings, and nothing else; a fault would change everything.
TOLERANCE = 1e-3


def folded(view: Any, forward: Any, images: Any) -> Any:
    """A copy of a tower that gives the same feature maps faster; the tower itself where that is not so.

    Parameters
    ----------
    view : torch.nn.Module
        An image tower, from `dense_features.at_scale`.
    forward : callable
        Takes a tower and images, and returns a tensor.
    images : torch.Tensor
        What `forward` is tried with.

    Returns
    -------
    torch.nn.Module
    """
    import torch

    faster = copy.deepcopy(view)
    for module in faster.modules():
        _fold_children(module)
    faster = faster.to(memory_format=torch.channels_last)
    with torch.inference_mode():
        expected, got = forward(view, images), forward(faster, images)
    # Which layer follows which is read off the order of their definition, which is a convention and no law.
    same = torch.allclose(got, expected, rtol=0.0, atol=TOLERANCE * float(expected.abs().max()))
    return faster if same else view


def _fold_children(module: Any) -> None:
    """Fold each normalisation among the children of a module into the convolution that comes right before it."""
    import torch
    from torch.nn.utils.fusion import fuse_conv_bn_eval

    before: tuple[str, Any] | None = None
    for name, child in list(module.named_children()):
        if isinstance(child, torch.nn.BatchNorm2d) and before and isinstance(before[1], torch.nn.Conv2d):
            setattr(module, before[0], fuse_conv_bn_eval(before[1], child))
            # timm's normalisation is one with the activation behind it.
            setattr(module, name, getattr(child, "act", torch.nn.Identity()))
        before = (name, child)
