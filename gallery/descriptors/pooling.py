"""Sums over superpixels, and unit vectors: what all descriptors share."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from selector.arrays import Floats

RegionMembers = npt.NDArray[np.bool_] | Sequence[npt.NDArray[np.integer]]
"""The superpixels of each of r regions: a boolean array (r, n), or r arrays of superpixel ids."""


# So few regions, as a query has, are summed up in less time than a matrix product needs to start its threads.
FEW = 6


def region_sums(features: Floats, members: RegionMembers) -> Floats:
    """Add up the additive features of the superpixels of each region.

    Parameters
    ----------
    features : float32 ndarray, shape (n, F)
        Additive features of each superpixel.
    members : bool ndarray, shape (r, n), or a sequence of r integer arrays
        The superpixels of each region.

    Returns
    -------
    float32 ndarray, shape (r, F)

    Raises
    ------
    ValueError
        If a mask is as long as another number of superpixels.

    Examples
    --------
    >>> region_sums(np.array([[1.0], [2.0], [4.0]], np.float32), [np.array([0, 2])])
    array([[5.]], dtype=float32)
    """
    masks = membership(members, len(features))
    if 0 < len(masks) <= FEW:
        return np.stack([features[mask].sum(axis=0) for mask in masks])
    return masks.astype(np.float32) @ features


def membership(members: RegionMembers, n_superpixels: int) -> npt.NDArray[np.bool_]:
    """Bring regions that are given in either form into that of masks.

    Parameters
    ----------
    members : bool ndarray, shape (r, n), or a sequence of r integer arrays
        The superpixels of each region.
    n_superpixels : int
        The number n of superpixels of the image.

    Returns
    -------
    bool ndarray, shape (r, n)

    Raises
    ------
    ValueError
        If a mask is as long as another number of superpixels.

    Examples
    --------
    >>> membership([np.array([0, 2])], 3)
    array([[ True, False,  True]])
    """
    if isinstance(members, np.ndarray) and members.dtype == bool:
        if members.ndim != 2 or members.shape[1] != n_superpixels:
            raise ValueError(f"masks of shape {members.shape} do not select among {n_superpixels} superpixels")
        return members
    masks = np.zeros((len(members), n_superpixels), dtype=bool)
    for mask, superpixels in zip(masks, members, strict=True):
        mask[superpixels] = True
    return masks


def unit(vectors: npt.NDArray[np.floating]) -> Floats:
    """Scale vectors to length 1.

    Parameters
    ----------
    vectors : floating ndarray, shape (..., D)
        Vectors along the last axis.

    Returns
    -------
    float32 ndarray, shape (..., D)
        A zero vector stays zero.

    Examples
    --------
    >>> unit(np.array([[3.0, 4.0], [0.0, 0.0]]))
    array([[0.6, 0.8],
           [0. , 0. ]], dtype=float32)
    """
    lengths = np.linalg.norm(vectors, axis=-1, keepdims=True)
    scaled: npt.NDArray[np.floating] = np.divide(vectors, lengths, out=np.zeros_like(vectors), where=lengths > 0)
    return scaled.astype(np.float32)
