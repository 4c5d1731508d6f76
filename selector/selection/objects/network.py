"""A small network of convolutions, computed with numpy alone: what the site runs without torch."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np

from selector.arrays import Floats

# Two layers each at the full size, a half, a quarter and an eighth of it; then one on the way back up at each size.
DOWN = ("full", "half", "quarter", "eighth")
UP = ("to_quarter", "to_half", "to_full")


class Network:
    """A U-shaped network: it looks at ever coarser pictures of its input, and comes back to its size.

    Parameters
    ----------
    layers : mapping of str to (float32 ndarray (outputs, inputs * 9), float32 ndarray (outputs,))
        Weights, the 9 places of a 3 x 3 neighbourhood within each input, and biases, by `LAYERS`; and of "last", which
        has one place instead of 9.
    belief : int
        The plane of the input that the output is added to, `times` as much.
    """

    LAYERS = (*(f"{size}_{i}" for size in DOWN for i in range(2)), *UP)

    def __init__(self, layers: Mapping[str, tuple[Floats, Floats]], belief: int, times: float) -> None:
        self.layers, self._belief, self._times = layers, belief, times
        # By the place in the neighbourhood: (9, outputs, inputs).
        self._by_place = {
            name: np.ascontiguousarray(layers[name][0].reshape(len(layers[name][1]), -1, 9).transpose(2, 0, 1))
            for name in self.LAYERS
        }

    @classmethod
    def read(cls, file: Path) -> Network:
        """The network that a file keeps, as `benchmarks.object_network` writes it.

        Parameters
        ----------
        file : Path

        Returns
        -------
        Network
        """
        with np.load(file) as kept:
            arrays = {name: kept[name].astype(np.float32) for name in kept.files}
        layers = {name: (arrays[f"{name}.weights"], arrays[f"{name}.biases"]) for name in (*cls.LAYERS, "last")}
        return cls(layers, int(arrays["belief"]), float(arrays["times"]))

    def __call__(self, picture: Floats) -> Floats:
        """What the network says of each cell.

        Parameters
        ----------
        picture : float32 ndarray, shape (k, H, W)
            H and W are multiples of 8.

        Returns
        -------
        float32 ndarray, shape (H, W)
        """
        seen, values = [], picture
        for size in DOWN:
            values = values if size == DOWN[0] else _half_as_large(values)
            values = self._convolved(f"{size}_1", self._convolved(f"{size}_0", values))
            seen.append(values)
        for name, beside in zip(UP, reversed(seen[:-1]), strict=True):
            values = self._convolved(name, np.concatenate([_twice_as_large(values), beside]))
        weights, biases = self.layers["last"]
        said: Floats = np.tensordot(weights[0], values, 1) + biases[0] + self._times * picture[self._belief]
        return said

    def _convolved(self, name: str, values: Floats) -> Floats:
        biases = self.layers[name][1]
        planes, height, width = values.shape
        # Framed by zeros and row behind row, a neighbour is as many numbers away everywhere. So what is around each
        # place need not be copied, which would take more time than to multiply.
        row = width + 2
        framed = np.zeros((planes, (height + 2) * row + 2), np.float32)
        framed[:, : (height + 2) * row].reshape(planes, height + 2, row)[:, 1:-1, 1:-1] = values
        summed = np.repeat(biases[:, None], height * row, axis=1)
        for place, of_place in enumerate(self._by_place[name]):
            y, x = divmod(place, 3)
            summed += of_place @ framed[:, y * row + x :][:, : height * row]
        convolved: Floats = np.maximum(summed.reshape(len(biases), height, row)[:, :, :width], 0)
        return convolved


def _half_as_large(values: Floats) -> Floats:
    planes, height, width = values.shape
    halved: Floats = values.reshape(planes, height // 2, 2, width // 2, 2).max(axis=(2, 4))
    return halved


def _twice_as_large(values: Floats) -> Floats:
    doubled: Floats = values.repeat(2, axis=1).repeat(2, axis=2)
    return doubled
