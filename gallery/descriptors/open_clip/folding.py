"""Fewer layers that give the same numbers: what is constant after training is folded into the convolutions.

In a trained network a batch normalisation scales and shifts each channel by constants, which the weights of the
convolution before it can do as well (Jacob et al., "Quantization and training of neural networks for efficient
integer-arithmetic-only inference", CVPR 2018, section 3.2). Branches that only training needs can be added up into
one convolution (Ding et al., "RepVGG: Making VGG-style ConvNets great again", CVPR 2021); timm's layers know how.
"""

from __future__ import annotations

import copy
from typing import Any


def n_normalisations(module: Any) -> int:
    """How many layers of a module could be folded."""
    import torch

    return sum(isinstance(layer, torch.nn.BatchNorm2d) for layer in module.modules())


def folded(view: Any) -> Any:
    """A copy of a tower with fewer layers, in the order of memory in which processors read forwards.

    Which layer follows which is read off the order of their definition, which is a convention and no law: compare.

    Parameters
    ----------
    view : torch.nn.Module
        An image tower, from `dense_features.at_scale`. It stays as it is.

    Returns
    -------
    torch.nn.Module
    """
    import torch
    from timm.utils import reparameterize_model

    fewer = reparameterize_model(copy.deepcopy(view), inplace=True)
    for module in fewer.modules():
        _fold_children(module)
    return fewer.to(memory_format=torch.channels_last)


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
