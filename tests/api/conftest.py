"""Images of a small collection, as the tests of the gallery make them."""

from __future__ import annotations

import pytest

from tests.gallery.conftest import add_image, add_indexed, two_kinds

__all__ = ["add_image", "add_indexed", "two_kinds"]


@pytest.fixture(autouse=True)
def _small(few_superpixels: None) -> None:
    """Small pictures, small label maps."""
