"""A selection of superpixels as bits, and the change between two of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias, get_args

import numpy as np

from selector.arrays import Members

Mode: TypeAlias = Literal["include", "exclude"]


@dataclass(frozen=True, eq=False)
class SuperpixelSelection:
    """The included and the excluded superpixels of one photo; no superpixel is both.

    Parameters
    ----------
    included, excluded : bool ndarray, shape (n,)

    Raises
    ------
    ValueError
        If the arrays are not boolean, differ in length or overlap.
    """

    included: Members
    excluded: Members

    def __post_init__(self) -> None:
        if self.included.dtype != np.bool_ or self.excluded.dtype != np.bool_:
            raise ValueError("A selection is made of boolean arrays.")
        if self.included.ndim != 1 or self.included.shape != self.excluded.shape:
            raise ValueError("Included and excluded must be flat arrays of one length.")
        if np.any(self.included & self.excluded):
            raise ValueError("A superpixel cannot be included and excluded at once.")

    @classmethod
    def empty(cls, n: int) -> SuperpixelSelection:
        """Nothing selected on a photo of `n` superpixels."""
        return cls(np.zeros(n, bool), np.zeros(n, bool))

    @classmethod
    def unpack(cls, data: bytes, n: int) -> SuperpixelSelection:
        """The selection of `n` superpixels that `pack` wrote; ValueError if `data` cannot be that."""
        row_length = packed_length(n) // 2
        if len(data) != 2 * row_length:
            raise ValueError(f"Expected {2 * row_length} bytes for {n} superpixels, got {len(data)}.")
        rows = np.frombuffer(data, np.uint8).reshape(2, row_length)
        bits = np.unpackbits(rows, axis=1).view(bool)
        if bits[:, n:].any():
            raise ValueError("Bits are set beyond the last superpixel.")
        return cls(bits[0, :n].copy(), bits[1, :n].copy())

    def pack(self) -> bytes:
        """Two rows of bits, included then excluded, each padded to whole bytes, first superpixel highest."""
        return np.packbits(np.stack([self.included, self.excluded]), axis=1).tobytes()

    def xor(self, delta: bytes) -> SuperpixelSelection:
        """The selection after a `change`; undo and redo are both this, with the same bytes."""
        return SuperpixelSelection.unpack(_xor(self.pack(), delta), self.n_superpixels)

    @property
    def n_superpixels(self) -> int:
        """The number of superpixels of the photo, selected or not."""
        return self.included.size

    @property
    def is_empty(self) -> bool:
        """Whether nothing is included or excluded."""
        return not (self.included.any() or self.excluded.any())

    def of(self, mode: Mode) -> Members:
        """The superpixels selected in one mode.

        Parameters
        ----------
        mode : {"include", "exclude"}

        Returns
        -------
        bool ndarray, shape (n,)

        Raises
        ------
        ValueError
            For a mode that does not exist.
        """
        if mode not in get_args(Mode):
            raise ValueError(f"Unknown mode {mode!r}.")
        return self.included if mode == "include" else self.excluded

    def plus(self, members: Members, mode: Mode) -> SuperpixelSelection:
        """Add superpixels in one mode; they leave the other.

        Parameters
        ----------
        members : bool ndarray, shape (n,)
        mode : {"include", "exclude"}

        Returns
        -------
        SuperpixelSelection
        """
        if mode == "include":
            return SuperpixelSelection(self.of(mode) | members, self.excluded & ~members)
        return SuperpixelSelection(self.included & ~members, self.of(mode) | members)

    def minus(self, members: Members, mode: Mode) -> SuperpixelSelection:
        """Take superpixels away in one mode; the other stays as it is.

        Parameters
        ----------
        members : bool ndarray, shape (n,)
        mode : {"include", "exclude"}

        Returns
        -------
        SuperpixelSelection
        """
        kept = self.of(mode) & ~members
        if mode == "include":
            return SuperpixelSelection(kept, self.excluded)
        return SuperpixelSelection(self.included, kept)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, SuperpixelSelection):
            return NotImplemented
        return np.array_equal(self.included, other.included) and np.array_equal(self.excluded, other.excluded)

    def __hash__(self) -> int:
        return hash(self.pack())


def packed_length(n: int) -> int:
    """The number of bytes of a packed selection of `n` superpixels."""
    return 2 * ((n + 7) // 8)


def change(before: SuperpixelSelection, after: SuperpixelSelection) -> bytes:
    """What turns `before` into `after` and `after` into `before`: the XOR of their packed bits.

    ValueError if they belong to different label maps.
    """
    if before.n_superpixels != after.n_superpixels:
        raise ValueError("The selections belong to different label maps.")
    return _xor(before.pack(), after.pack())


def _xor(a: bytes, b: bytes) -> bytes:
    """The XOR of two strings of bytes; ValueError if they differ in length."""
    if len(a) != len(b):
        raise ValueError("The change belongs to another label map.")
    return (int.from_bytes(a) ^ int.from_bytes(b)).to_bytes(len(a))
