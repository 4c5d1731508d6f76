"""Folded towers give the maps that they gave before.

torch is imported where it is needed: every process of pytest-xdist reads this file, one runs it.
"""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any

import pytest

from gallery.descriptors.open_clip import dense_features
from gallery.descriptors.open_clip.folding import folded

if TYPE_CHECKING:
    from torch import Tensor, nn

TEXT = {"context_length": 8, "vocab_size": 49408, "width": 8, "heads": 1, "layers": 1}
VISION: dict[str, dict[str, Any]] = {
    "timm": {"timm_model_name": "test_efficientnet", "timm_proj": "linear", "image_size": 64},
    "own-resnet": {"layers": [1, 1, 1, 1], "width": 8, "head_width": 64, "image_size": 64},
}


def normalisations(module: nn.Module) -> list[nn.BatchNorm2d]:
    from torch import nn

    return [each for each in module.modules() if isinstance(each, nn.BatchNorm2d)]


def trained(module: Any) -> Any:
    """The module with normalisations that do something, as after training."""
    from torch import nn

    for norm in normalisations(module):
        for tensor in (norm.weight, norm.running_var):
            nn.init.uniform_(tensor, 0.5, 2.0)
        for tensor in (norm.bias, norm.running_mean):
            nn.init.uniform_(tensor, -1.0, 1.0)
    return module.eval().requires_grad_(False)


@pytest.mark.parametrize("kind", VISION)
def test_a_folded_tower_gives_the_same_map_without_normalisations(kind: str) -> None:
    import open_clip
    import torch

    torch.manual_seed(3)
    tower = trained(open_clip.model.CLIP(24, VISION[kind], TEXT).visual)
    images = torch.rand(1, 3, 64, 64)
    faster = folded(tower, dense_features.feature_map, images)
    assert normalisations(tower)
    assert not normalisations(faster)
    with torch.inference_mode():
        expected, got = (dense_features.feature_map(each, images) for each in (tower, faster))
    assert torch.allclose(got, expected, atol=1e-4 * float(expected.abs().max()))


def misleading() -> nn.Module:
    """Defines the normalisation after the convolution, and applies it before."""
    from torch import nn

    class Misleading(nn.Module):  # type: ignore[misc]  # torch is Any to mypy here
        def __init__(self) -> None:
            super().__init__()
            self.convolution, self.normalisation = nn.Conv2d(3, 3, 3), nn.BatchNorm2d(3)

        def forward(self, images: Tensor) -> Tensor:
            result: Tensor = self.convolution(self.normalisation(images))
            return result

    return Misleading()


def test_a_tower_that_folding_would_change_stays_as_it_is() -> None:
    import torch

    torch.manual_seed(3)
    tower = trained(misleading())
    before = copy.deepcopy(tower.state_dict())
    assert folded(tower, lambda net, images: net(images), torch.rand(1, 3, 8, 8)) is tower
    assert all(torch.equal(value, before[name]) for name, value in tower.state_dict().items())
