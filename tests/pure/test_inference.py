"""Towers that are made faster give the maps that they gave before.

torch is imported where it is needed: every process of pytest-xdist reads this file, one runs it.
"""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any

import pytest

from gallery.descriptors.open_clip import dense_features
from gallery.descriptors.open_clip.folding import folded
from gallery.descriptors.open_clip.inference import TOLERANCE, Traced, fastest

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


def tower_of(kind: str) -> Any:
    import open_clip
    import torch

    torch.manual_seed(3)
    return trained(open_clip.model.CLIP(24, VISION[kind], TEXT).visual)


def way_of(tower: Any, images: Tensor, forward: Any = dense_features.feature_map) -> Any:
    import torch

    with torch.inference_mode():
        expected = forward(tower, images)
    return fastest(tower, images, expected, forward)


@pytest.mark.parametrize("kind", VISION)
def test_a_tower_is_folded_and_traced_and_gives_the_same_maps_of_all_sizes_and_batches(kind: str) -> None:
    import torch

    tower = tower_of(kind)
    faster = way_of(tower, torch.rand(1, 3, 64, 64))
    assert normalisations(tower)
    assert not normalisations(folded(tower))
    assert isinstance(faster, Traced)
    for shape in ((1, 64, 64), (1, 64, 96), (1, 128, 64), (3, 64, 64)):
        images = torch.rand(shape[0], 3, *shape[1:])
        with torch.inference_mode():
            expected, got = dense_features.feature_map(tower, images), faster(images)
        assert torch.allclose(got, expected, atol=TOLERANCE * float(expected.abs().max()))


def test_branches_that_only_training_needs_become_one_convolution() -> None:
    import torch
    from timm.models.fastvit import MobileOneBlock

    torch.manual_seed(3)
    tower = trained(torch.nn.Sequential(MobileOneBlock(8, 8, 3, num_conv_branches=2)))
    images = torch.rand(1, 8, 16, 16)
    fewer = folded(tower)
    assert sum(isinstance(each, torch.nn.Conv2d) for each in fewer.modules()) == 1
    with torch.inference_mode():
        assert torch.allclose(fewer(images), tower(images), atol=1e-4)


def test_a_tower_that_cannot_be_traced_is_folded_alone_and_the_log_says_so(caplog: pytest.LogCaptureFixture) -> None:
    import torch

    def forward(net: Any, images: Tensor) -> Tensor:
        if torch.jit.is_tracing():
            raise NotImplementedError
        return dense_features.feature_map(net, images)

    caplog.set_level("INFO")
    tower = tower_of("timm")
    faster = way_of(tower, torch.rand(1, 3, 64, 64), forward)
    assert "cannot be traced (NotImplementedError)" in caplog.text
    assert not isinstance(faster, Traced)
    assert not normalisations(faster.args[0])


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


def test_a_tower_that_folding_would_change_stays_as_it_is(caplog: pytest.LogCaptureFixture) -> None:
    import torch

    caplog.set_level("INFO")
    torch.manual_seed(3)
    tower = trained(misleading())
    before = copy.deepcopy(tower.state_dict())
    assert way_of(tower, torch.rand(1, 3, 8, 8), lambda net, images: net(images)).args[0] is tower
    assert "gives other numbers" in caplog.text
    assert all(torch.equal(value, before[name]) for name, value in tower.state_dict().items())
