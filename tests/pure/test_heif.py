"""AVIF and HEIC: the picture of a file, right way up and in its colours, and what is refused before it is decoded."""

from __future__ import annotations

import datetime
import io
import struct
import sys
from collections.abc import Callable

import numpy as np
import pillow_heif
import pytest
from PIL import Image

from selector.imaging.containers import read_container
from selector.imaging.containers.boxes import MAX_BOXES, box, full_box
from selector.imaging.containers.heif import SEQUENCE
from selector.imaging.containers.heif_picture import MAX_TILES, TOO_MANY_TILES
from selector.imaging.containers.items import MAX_ENTRIES, MAX_ITEMS, Item, Property
from selector.imaging.containers.sequence_headers import av1_sequence, hevc_sequence
from selector.imaging.imagefile import date_taken, decode
from tests.pure.heif_files import avif, close, half_orange, heic, items_of, rewritten, size_of, turned, with_brands
from tests.pure.images import DISPLAY_P3, encoded, exif, rgb_profile
from tests.pure.uploads import ORANGE, assert_colour, flat, photo, sentence, upright, working_copy

BOTH = pytest.mark.parametrize("write", [avif, heic])


@BOTH
def test_a_picture_is_taken_in_its_colours(write: Callable[[Image.Image], bytes]) -> None:
    assert_colour(upright(write(flat())), ORANGE, within=3)


@pytest.mark.parametrize(("write", "mime"), [(avif, "image/avif"), (heic, "image/heic")])
def test_the_media_type_is_that_of_the_file(write: Callable[[Image.Image], bytes], mime: str) -> None:
    assert working_copy(write(flat())).mime == mime


@BOTH
def test_grey_and_transparency_are_taken(write: Callable[[Image.Image], bytes]) -> None:
    assert_colour(upright(write(Image.new("L", (16, 16), 90))), (90, 90, 90), within=3)
    half = Image.new("RGBA", (16, 16), (*ORANGE, 128))
    assert_colour(upright(write(half)), tuple(255 - (255 - value) * 128 / 255 for value in ORANGE), within=4)


@BOTH
def test_a_large_picture_is_reduced_in_bands(write: Callable[[Image.Image], bytes]) -> None:
    """Several bands, the last of them shorter, and a size that no factor divides."""
    shown = decode(working_copy(write(half_orange((1203, 1501))), long_side=150).jpeg)
    assert shown.shape == (150, 120, 3)
    assert_colour(shown[5:70, 5:55], ORANGE, within=4)
    assert_colour(shown[80:145, 5:115], (20, 60, 200), within=4)


@pytest.mark.parametrize("bit_depth", [10, 12])
def test_more_bits_are_read_and_known(bit_depth: int) -> None:
    out = io.BytesIO()
    samples = np.full((16, 16, 3), np.array(ORANGE) * 257, np.uint16)
    pillow_heif.options.SAVE_HDR_TO_12_BIT = bit_depth == 12
    pillow_heif.encode("RGB;16", (16, 16), samples.tobytes(), out, quality=95, chroma=444)
    pillow_heif.options.SAVE_HDR_TO_12_BIT = False
    assert read_container(out.getvalue()).bit_depth == bit_depth
    assert_colour(upright(out.getvalue()), ORANGE, within=3)


def test_numbers_and_profile_of_colours_are_known() -> None:
    profile = rgb_profile(DISPLAY_P3)
    written = heic(flat(), icc_profile=profile, color_primaries=12, transfer_characteristics=16)
    assert read_container(written).profile == profile
    numbers = heic(flat(), color_primaries=9, transfer_characteristics=16, matrix_coefficients=9, full_range_flag=0)
    assert read_container(numbers).cicp == (9, 16, 9, 0)
    assert read_container(avif(flat(), icc_profile=profile)).profile == profile


def test_colours_that_only_the_picture_itself_names_are_known() -> None:
    data = avif(flat())
    items = items_of(data)
    item = items.by_number[items.primary or 0]
    named = read_container(data).cicp
    item.properties = [found for found in item.properties if found.name != b"colr"]
    assert named is not None and named[:2] == (1, 13)
    assert read_container(rewritten(data, items)).cicp == named


# Right way up, once

TURNS: list[tuple[list[Property], int]] = [
    ([], 1),
    ([Property(b"irot", b"\1")], 8),
    ([Property(b"irot", b"\2")], 3),
    ([Property(b"irot", b"\3")], 6),
    ([Property(b"imir", b"\0")], 4),
    ([Property(b"imir", b"\1")], 2),
    ([Property(b"irot", b"\1"), Property(b"imir", b"\0")], 5),
    ([Property(b"irot", b"\1"), Property(b"imir", b"\1")], 7),
]


@BOTH
@pytest.mark.parametrize(("turns", "orientation"), TURNS)
def test_what_a_file_says_of_turning_is_done_once(
    write: Callable[[Image.Image], bytes], turns: list[Property], orientation: int
) -> None:
    data = turned(write(half_orange()), turns)
    assert read_container(data).orientation == orientation
    as_jpeg = encoded(half_orange(), "JPEG", quality=95, subsampling=0, exif=b"Exif\0\0" + exif(orientation))
    assert close(upright(data), upright(as_jpeg))


@BOTH
def test_exif_has_no_say_in_turning(write: Callable[..., bytes]) -> None:
    """Phones write both, for the same turn."""
    data = turned(write(half_orange()), [Property(b"irot", b"\3")])
    items = items_of(data)
    items.by_number[900] = Item(b"Exif", [(len(data), 4 + len(exif(6)))], [], {b"cdsc": [items.primary or 0]})
    both = rewritten(data + bytes(4) + exif(6), items)
    assert read_container(both).exif == exif(6)
    assert close(upright(both), upright(data))


def test_the_day_is_read_from_exif() -> None:
    made = Image.Exif()
    made[0x0132] = "2024:05:01 12:30:00"
    for data in (avif(flat(), exif=made.tobytes()), heic(flat(), exif=made.tobytes())):
        assert date_taken(data) == datetime.date(2024, 5, 1)


# A part of what is stored


def clap(width: int, height: int, left: int, top: int, size: tuple[int, int]) -> Property:
    """The clean aperture that begins there."""
    across, down = 2 * left + width - size[0], 2 * top + height - size[1]
    return Property(b"clap", struct.pack(">IIIIiIiI", width, 1, height, 1, across, 2, down, 2))


@BOTH
def test_a_picture_is_cropped_as_its_file_says(write: Callable[[Image.Image], bytes]) -> None:
    data = turned(write(half_orange((200, 150))), [clap(90, 70, 0, 0, (200, 150))])
    assert working_copy(data).width == 90
    assert_colour(upright(data)[2:-2, 2:-2], ORANGE, within=5)


def test_only_heic_is_cropped_from_elsewhere() -> None:
    """Browsers show an AVIF picture as a whole then."""
    crop = clap(90, 70, 105, 77, (200, 150))
    assert_colour(upright(turned(heic(half_orange((200, 150))), [crop])), (20, 60, 200), within=5)
    assert read_container(turned(avif(half_orange((200, 150))), [crop])).size == (200, 150)


def test_a_crop_hides_no_large_picture(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("selector.imaging.decoders._DECODERS", {})
    for write in (avif, heic):
        data = turned(write(flat()), [size_of(10_000, 6_000), clap(64, 64, 0, 0, (10_000, 6_000))])
        assert read_container(data).size == (64, 64)
        assert "60.0 megapixels" in sentence(data)


# What is around the picture


def test_a_picture_of_tiles_is_put_together() -> None:
    data = heic(half_orange((200, 150)), tile_size=64)
    assert b"grid" in data
    assert read_container(data).size == (200, 150)
    assert close(upright(data), np.asarray(half_orange((200, 150))))


@pytest.mark.parametrize("brands", [(b"mif1", b"avif"), (b"mif1", b"miaf"), (b"avis", b"avif", b"msf1")])
def test_what_is_in_the_file_decides_not_its_first_letters(brands: tuple[bytes, ...]) -> None:
    data = rewritten(avif(flat()), items_of(avif(flat())))
    again = with_brands(data, *brands)
    items = items_of(data)
    moved = len(again) - len(data)
    for item in items.by_number.values():
        item.places = [(start + moved, length) for start, length in item.places]
    assert read_container(rewritten(again, items)).format == "AVIF"


def test_the_picture_of_an_animation_is_taken_without_its_film() -> None:
    frames = [flat((0, 0, 255)), flat((0, 255, 0))]
    data = avif(flat(), save_all=True, append_images=frames)
    assert b"moov" in data
    assert b"moov" not in read_container(data).stream
    assert_colour(upright(data), ORANGE, within=3)


def test_gain_maps_thumbnails_and_metadata_do_not_reach_the_decoder() -> None:
    data = heic(photo(), thumbnails=[32], exif=b"Exif\0\0" + exif(1), xmp=b"<x:xmpmeta/>")
    items = items_of(data)
    gain = Item(b"hvc1", items.by_number[items.primary or 0].places, [], {b"auxl": [items.primary or 0]})
    gain.properties = [Property(b"auxC", bytes(4) + b"urn:com:apple:photo:2020:aux:hdrgainmap\0")]
    items.by_number[900] = gain
    stream = read_container(rewritten(data, items)).stream
    assert len(items_of(stream).by_number) == 1
    assert b"gainmap" not in stream and b"xmpmeta" not in stream and b"II*" not in stream


def test_the_picture_under_a_tone_map_is_shown() -> None:
    data = heic(flat())
    items = items_of(data)
    items.by_number[900] = Item(b"tmap", [(0, 8)], [], {b"dimg": [items.primary or 0]})
    items.primary = 900
    assert_colour(upright(rewritten(data, items)), ORANGE, within=3)


# What is refused


@pytest.mark.parametrize(
    ("codec", "said"),
    [
        *((b"avc1", "H.264"), (b"jpeg", "JPEG"), (b"j2k1", "JPEG 2000"), (b"vvc1", "H.266"), (b"unci", "uncompressed")),
        *((b"iovl", "laid over"), (b"zzzz", "rare")),
    ],
)
def test_other_codecs_are_named(codec: bytes, said: str) -> None:
    data = heic(flat())
    items = items_of(data)
    items.by_number[items.primary or 0].kind = codec
    refused = sentence(rewritten(data, items))
    assert refused.startswith("This is a HEIF picture ") and said in refused
    assert refused.endswith("which cannot be read here: export it as JPEG and upload that.")


def test_the_short_form_is_named() -> None:
    data = box(b"ftyp", b"mif3", b"avif", b"mif3") + box(b"mini", bytes(40))
    assert "in the short form mif3" in sentence(data)


@pytest.mark.parametrize("brand", [b"msf1", b"hevc", b"avis"])
def test_a_sequence_without_a_picture_is_named(brand: bytes) -> None:
    assert sentence(box(b"ftyp", brand, bytes(4), brand) + box(b"moov", bytes(20))) == SEQUENCE


def test_a_film_is_still_a_film() -> None:
    assert "video" in sentence(box(b"ftyp", b"mp42", bytes(4), b"mp42isom") + box(b"moov", bytes(20)))


@BOTH
def test_a_file_cut_short_says_how_much_is_there(write: Callable[[Image.Image], bytes]) -> None:
    data = write(photo((200, 150)))
    place = max(items_of(data).by_number.values(), key=lambda item: item.n_bytes).places[0]
    cut = data[: place[0] + place[1] * 3 // 5]
    assert sentence(cut) in ("The file ends after 59% of the picture.", "The file ends after 60% of the picture.")
    assert sentence(data[:100]) == "The file is incomplete: it ends before the picture does."


@BOTH
def test_the_size_is_checked_before_anything_is_decoded(
    write: Callable[[Image.Image], bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    data = turned(write(flat()), [size_of(10_000, 6_000)])
    monkeypatch.setattr("selector.imaging.decoders._DECODERS", {})
    assert sentence(data) == "The picture has 60.0 megapixels; at most 40.0 are allowed."


@BOTH
def test_a_small_size_hides_no_large_picture(write: Callable[[Image.Image], bytes]) -> None:
    """Decoders go by what is coded."""
    assert "damaged" in sentence(turned(write(flat(size=(400, 300))), [size_of(64, 64)]))


@pytest.mark.parametrize("size", [(64, 64), (200, 150), (1203, 700)])
def test_the_coded_size_is_read(size: tuple[int, int]) -> None:
    for write in (avif, heic):
        data = write(flat(size=size))
        item = items_of(data).by_number[items_of(data).primary or 0]
        found = av1_sequence(item.read(data, 1024)) if write is avif else hevc_sequence(item.property(b"hvcC"))
        assert found is not None
        assert all(0 <= coded - side < 64 for coded, side in zip(found.size, size, strict=True)), found


def test_what_takes_too_much_memory_for_its_decoder_has_a_limit_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    data = turned(avif(flat(), subsampling="4:4:4"), [size_of(7_600, 5_000)])
    monkeypatch.setattr("selector.imaging.decoders._DECODERS", {})
    said = "This AVIF picture has 38.0 megapixels; at most 32.4 are allowed in this format."
    assert sentence(data) == said


def grid(data: bytes, n_tiles: int, rows: int, columns: int, size: tuple[int, int]) -> bytes:
    """A grid of so many uses of the picture in a file."""
    items = items_of(data)
    tile = items.primary or 0
    header = bytes((0, 0, rows - 1, columns - 1)) + struct.pack(">HH", *size)
    items.by_number[900] = Item(b"grid", [(len(data), len(header))], [size_of(*size)], {b"dimg": [tile] * n_tiles})
    items.primary = 900
    return rewritten(data + header, items)


def test_tiles_have_to_cover_the_picture_and_no_more() -> None:
    tile = heic(flat(size=(64, 64)))
    assert read_container(grid(tile, 4, 2, 2, (128, 100))).size == (128, 100)
    assert_colour(upright(grid(tile, 4, 2, 2, (128, 100))), ORANGE, within=3)
    for n_tiles, rows, columns, size in [
        (3, 2, 2, (128, 100)),
        (4, 2, 2, (64, 100)),
        (4, 2, 2, (129, 100)),
        (4, 2, 2, (6400, 6400)),
        (200, 1, 200, (64, 64)),
    ]:
        assert "damaged" in sentence(grid(tile, n_tiles, rows, columns, size))
    assert sentence(grid(tile, MAX_TILES + 1, 90, 90, (5760, 5760))) == TOO_MANY_TILES


def test_files_that_claim_more_than_any_picture_has_are_refused_at_once() -> None:
    meta = full_box(b"hdlr", bytes(4), b"pict", bytes(13)), full_box(b"pitm", b"\0\1")
    start = box(b"ftyp", b"avif", bytes(4), b"avif")
    entry = full_box(b"infe", b"\0\1\0\0av01\0", version=2)
    item = full_box(b"iinf", b"\0\1", entry)
    # Places of no length, in no bytes: 65,535 of each of 4,000 items.
    endless = full_box(b"iloc", b"\0\0" + struct.pack(">H", MAX_ITEMS) + b"\0\1\0\0\xff\xff" * MAX_ITEMS)
    for trap in (
        full_box(b"meta", *meta, item, endless),
        full_box(b"meta", *meta, full_box(b"iinf", b"\xff\xff", entry * (MAX_ITEMS + 1))),
        full_box(b"meta", *meta, item, full_box(b"iref", box(b"dimg", b"\0\1\xff\xff" + bytes(2 * 65_535)))),
        full_box(b"meta", *meta, box(b"free") * (MAX_BOXES + 1)),
        full_box(b"meta", *meta, struct.pack(">I4s", 4, b"iinf")),
    ):
        assert "damaged" in sentence(start + trap)
    assert MAX_ENTRIES < 65_535


# Without the extra more-formats


def test_without_its_package_a_heic_photo_is_explained_and_avif_is_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    data = heic(flat())
    monkeypatch.setitem(sys.modules, "pillow_heif", None)
    said = sentence(data)
    assert said.startswith("This is a HEIC photo, which cannot be read here: export it as JPEG")
    assert "Settings > Camera > Formats > Most Compatible" in said
    assert said.endswith("Whoever runs this site can let it read them, by the extra more-formats.")
    assert sentence(with_brands(data, b"mif1", b"heic")) == said == sentence(data[:200])
    assert_colour(upright(avif(flat())), ORANGE, within=3)


# A person on an iPhone


def test_a_phones_photo_is_right_way_up_and_in_its_colours() -> None:
    """In tiles, turned, with EXIF that says so again, in Display P3."""
    stored = half_orange((400, 300))
    data = turned(heic(stored, tile_size=128, icc_profile=rgb_profile(DISPLAY_P3)), [Property(b"irot", b"\3")])
    copy = working_copy(data)
    assert (copy.width, copy.height) == (300, 400)
    as_jpeg = encoded(
        stored, "JPEG", quality=98, subsampling=0, icc_profile=rgb_profile(DISPLAY_P3), exif=b"Exif\0\0" + exif(6)
    )
    shown = decode(copy.jpeg)
    assert close(shown, decode(working_copy(as_jpeg).jpeg))
    # P3's orange is a stronger one than sRGB's.
    assert_colour(shown[10:190, 160:290], (212, 95, 33), within=6)
