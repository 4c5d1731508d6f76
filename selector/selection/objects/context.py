"""A belief seen as a picture: what a small network makes of it, with what is around each place.

A linear model weighs the cues of each superpixel by itself. Whether a place belongs to an object depends as well on the
shapes around it: on edges that go on, on what encloses what, on where beliefs end. So what was drawn and some way
around it becomes a small picture with a plane for each of a few cues, in which all things that are meant lie at the
same place and have the same size. A network of convolutions (`network`, fitted by `benchmarks.object_network`) says for
each of its cells how likely it is to belong to the object.

Ronneberger, Fischer and Brox, "U-Net: convolutional networks for biomedical image segmentation", MICCAI 2015.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
import numpy.typing as npt

from selector.arrays import Floats, Labels
from selector.selection.objects.cues import SURE
from selector.selection.objects.look import Look, Numbers
from selector.selection.objects.network import Network
from selector.selection.objects.shown import Drawn, Shown

FITTED = Path(__file__).with_name("context.npz")
# Cells of the picture along a side, and along each side of a cell the places where the photo is looked at.
SIDE = 48
PLACES = 2
# How far around a box or a loop, in its sides, and around a stroke, in its length, the picture goes; pixels at least.
AROUND_A_BOX, AROUND_A_STROKE, AROUND_AT_LEAST = 0.25, 0.45, 6.0
# How much what the network says counts beside what the linear model says.
SHARE = 0.5
# Planes are about as large as one.
LIGHT, COLOUR, ROUGH, SAYS, BELIEVES, STEP = 50.0, 25.0, 10.0, 4.0, 3.0, 20.0
# What is beyond the photo: outside, and surely so.
BEYOND = (0.0, 0.0, 0.0, 0.0, 0.0, 0.0, -2.0, 0.0, 1.0, 0.0)


@dataclass(frozen=True, eq=False)
class Window:
    """What was drawn and some way around it, looked at in a grid of places.

    Attributes
    ----------
    rows, columns : intp ndarray, shape (SIDE * PLACES,)
        Of the pixels there; some may be beyond the photo.
    superpixels : intp ndarray, shape (SIDE * PLACES, SIDE * PLACES)
        Which one is at each place, n beyond the photo.
    """

    rows: npt.NDArray[np.intp]
    columns: npt.NDArray[np.intp]
    superpixels: npt.NDArray[np.intp]


def window_of(labels: Labels, look: Look, drawn: Drawn, enclosed: bool) -> Window:
    """The window around what was drawn.

    Parameters
    ----------
    labels : uint16 ndarray, shape (H, W)
    look : Look
    drawn : Drawn
    enclosed : bool
        Whether it is a box or a loop; otherwise, a stroke.

    Returns
    -------
    Window
    """
    around = AROUND_A_BOX * (drawn.high - drawn.low) if enclosed else AROUND_A_STROKE * drawn.scale
    around = np.maximum(around, AROUND_AT_LEAST)
    low, size = drawn.low - around, drawn.high - drawn.low + 2 * around
    places = (np.arange(SIDE * PLACES) + 0.5) / (SIDE * PLACES)
    columns, rows = np.floor(low[:, None] + size[:, None] * places).astype(np.intp)
    return Window(rows, columns, sampled(labels, rows, columns, look.n_superpixels).astype(np.intp))


def sampled(
    plane: npt.NDArray[np.generic], rows: npt.NDArray[np.intp], columns: npt.NDArray[np.intp], beyond: int
) -> npt.NDArray[np.int32]:
    """Values of a photo at the crossings of rows and columns, and what is to stand beyond its edges.

    Parameters
    ----------
    plane : ndarray of whole numbers, shape (H, W)
    rows, columns : intp ndarray, shape (k,)
    beyond : int

    Returns
    -------
    int32 ndarray, shape (k, k)
    """
    height, width = plane.shape
    down, across = (rows >= 0) & (rows < height), (columns >= 0) & (columns < width)
    values = np.full((len(rows), len(columns)), beyond, np.int32)
    values[np.ix_(down, across)] = plane[np.ix_(rows[down], columns[across])]
    return values


def picture_of(window: Window, look: Look, shown: Shown, guess: Numbers, unlike: Numbers, belief: Numbers) -> Floats:
    """The planes of a window.

    Parameters
    ----------
    window : Window
    look : Look
    shown : Shown
    guess, unlike, belief : float64 ndarray, shape (n,)

    Returns
    -------
    float32 ndarray, shape (12, SIDE, SIDE)
        Mean L, a and b, and the deviation of L; the guess; what looks say; the belief; whether it is in the photo,
        surely outside of the object, and surely inside; the contrast at borders that one crosses going across, and
        down.
    """
    columns = [
        look.colours[:, 0] / LIGHT - 1,
        look.colours[:, 1] / COLOUR,
        look.colours[:, 2] / COLOUR,
        look.deviations / ROUGH,
        guess,
        unlike / SAYS,
        np.clip(belief, -SURE, SURE) / BELIEVES,
        np.ones(look.n_superpixels),
        shown.outside,
        shown.inside,
    ]
    values = np.append(np.column_stack(columns), [BEYOND], axis=0).astype(np.float32)
    there = window.superpixels
    across, down = np.zeros(there.shape, np.float32), np.zeros(there.shape, np.float32)
    across[:, 1:] = _contrasts(look, there[:, :-1], there[:, 1:])
    down[1:] = _contrasts(look, there[:-1], there[1:])
    planes = np.concatenate([np.moveaxis(values[there], 2, 0), across[None], down[None]])
    return by_cells(planes)


def mixed(window: Window, said: Floats, belief: Numbers) -> Numbers:
    """A belief, mixed with what is said of the cells of a window.

    Parameters
    ----------
    window : Window
    said : float32 ndarray, shape (SIDE, SIDE)
        Logarithms of odds.
    belief : float64 ndarray, shape (n,)

    Returns
    -------
    float64 ndarray, shape (n,)
        Of superpixels that are not in the window, the belief.
    """
    of_places = np.repeat(np.repeat(said, PLACES, axis=0), PLACES, axis=1)
    n, there = len(belief), window.superpixels.ravel()
    count = np.bincount(there, minlength=n + 1)[:n]
    mean = np.bincount(there, of_places.ravel(), n + 1)[:n] / np.maximum(count, 1)
    return np.where(count > 0, belief + SHARE * (mean - belief), belief)


@cache
def network() -> Network:
    """The network that was fitted, read once a process."""
    return Network.read(FITTED)


def _contrasts(look: Look, ones: npt.NDArray[np.intp], others: npt.NDArray[np.intp]) -> Floats:
    """Contrast where one comes from one superpixel to another; 0 within one and where they do not touch."""
    times = look.n_superpixels + 1
    # One more, which nothing is looked for by: where none touch there would be nowhere to look.
    keys = np.append(look.pairs @ (times, 1), times**2)
    contrasts = np.append(look.contrasts / STEP, 0)
    wanted = np.minimum(ones, others) * times + np.maximum(ones, others)
    at = np.searchsorted(keys, wanted)
    found: Floats = np.where(keys[at] == wanted, contrasts[at], 0).astype(np.float32)
    return found


def by_cells(planes: Floats) -> Floats:
    """Means over the places of each cell.

    Parameters
    ----------
    planes : float32 ndarray, shape (k, SIDE * PLACES, SIDE * PLACES)

    Returns
    -------
    float32 ndarray, shape (k, SIDE, SIDE)
    """
    cells: Floats = planes.reshape(len(planes), SIDE, PLACES, SIDE, PLACES).mean(axis=(2, 4), dtype=np.float32)
    return cells
