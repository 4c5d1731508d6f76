"""Superpixels of an image that nobody stores."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np
from ninja import Field, Schema

from api.label_formats import Encoding, centroids, encoded, mean_rgb
from selector.arrays import Labels, Rgb
from selector.imaging.imagefile import Pixels
from selector.segmentation import hierarchy, slic
from selector.segmentation.superpixels import neighbours, superpixel_areas

MOST_SIDE = 2048


class Settings(Schema):
    """How an image is to be cut into superpixels, and what is to be told of them."""

    n_segments: int = Field(100, ge=1, le=slic.MAX_SUPERPIXELS, description="How many superpixels to aim at.")
    compactness: float | None = Field(
        None, gt=0, le=slic.MAX_COMPACTNESS, description="The more, the squarer; 7 by default, 10 for skimage."
    )
    sigma: float | None = Field(
        None, ge=0, le=slic.MAX_SIGMA, description="Blur before, in pixels; 0 by default, 1 for skimage."
    )
    engine: Literal["slic", "skimage"] = Field("slic", description="The site's own SLIC, or scikit-image's.")
    labels: Encoding = Field("png", description="How labels are written in JSON.")
    long_side: int = Field(
        MOST_SIDE, ge=1, le=MOST_SIDE, description="A larger image is reduced to this before it is cut."
    )


class Superpixel(Schema):
    """One superpixel."""

    label: int
    area: int = Field(description="Pixels.")
    centroid: tuple[float, float] = Field(description="x and y; the middle of the first pixel is 0, 0.")
    mean_colour: tuple[float, float, float] = Field(description="sRGB, 0 to 255.")


class LabelMapOut(Schema):
    """The label of each pixel, written as `encoding` says."""

    encoding: Encoding
    data: str | None = Field(None, description="png: the file in base64, 16-bit greys.")
    values: list[int] | None = Field(None, description="rle: the label of each run, row after row.")
    counts: list[int] | None = Field(None, description="rle: the pixels of each run.")
    rows: list[list[int]] | None = Field(None, description="lists: the labels of each row.")


class Segmentation(Schema):
    """An image cut into superpixels."""

    width: int = Field(description="Of what was cut, in pixels, upright by EXIF.")
    height: int
    original_width: int
    original_height: int
    engine: str
    version: int = Field(description="Of the engine: the same version makes the same of the same image.")
    n_segments: int
    labels: LabelMapOut
    segments: list[Superpixel]
    neighbours: list[tuple[int, int]] = Field(description="Pairs of labels that share a border.")
    merge_tree: list[int] = Field(
        description="The parent of each node: first the superpixels, then one node for each merge; the last is the "
        "whole image and its own parent."
    )


def labels_of(pixels: Pixels, settings: Settings) -> Labels:
    """Cut an image: uint16 (H, W)."""
    return slic.segment(
        pixels.rgb,
        settings.n_segments,
        engine=settings.engine,
        compactness=settings.compactness,
        sigma=settings.sigma,
    )


def described(pixels: Pixels, labels: Labels, settings: Settings) -> dict[str, Any]:
    """A cut image as `Segmentation` has it."""
    height, width = labels.shape
    return {
        "width": width,
        "height": height,
        "original_width": pixels.original_size[0],
        "original_height": pixels.original_size[1],
        "engine": settings.engine,
        "version": slic.VERSION,
        "labels": encoded(labels, settings.labels),
        **segments_of(pixels.rgb, labels),
        "merge_tree": hierarchy.build(pixels.rgb, labels).parents.tolist(),
    }


def segments_of(rgb: Rgb, labels: Labels) -> dict[str, Any]:
    """What is known of the labels of an image, and which share a border."""
    n = int(labels.max()) + 1
    areas = superpixel_areas(labels, n)
    rows = zip(
        areas.tolist(),
        centroids(labels, areas).round(2).tolist(),
        mean_rgb(rgb, labels, areas).round(1).tolist(),
        strict=True,
    )
    return {
        "n_segments": n,
        "segments": [
            {"label": label, "area": area, "centroid": centroid, "mean_colour": colour}
            for label, (area, centroid, colour) in enumerate(rows)
        ],
        "neighbours": neighbours(labels, np.arange(n, dtype=np.uint16)).tolist(),
    }
