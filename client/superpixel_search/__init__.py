"""Select a part of a picture and find images that contain something like it, on a site for region search.

    from superpixel_search import Site

    site = Site("https://images.example.org", token="...")
    hits = site.photo("street.jpg").select(box=(120, 80, 260, 300)).search()
    hits[0].mask      # bool (H, W): what is like the selection

Tokens are made on the page of one's account. Coordinates are x and y in pixels of a photo's working copy, to which the
site reduces larger pictures: `Photo.size`; those of a picture of another size go with `size=`.
"""

from superpixel_search.errors import CannotReach, Problem
from superpixel_search.hits import Hit
from superpixel_search.masks import Rle, decode, encode
from superpixel_search.photos import Photo
from superpixel_search.searches import Search
from superpixel_search.segments import Segments
from superpixel_search.selections import Selection
from superpixel_search.site import Site

__all__ = [
    "CannotReach",
    "Hit",
    "Photo",
    "Problem",
    "Rle",
    "Search",
    "Segments",
    "Selection",
    "Site",
    "decode",
    "encode",
]
