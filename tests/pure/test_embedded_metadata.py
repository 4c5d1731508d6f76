"""What files say of their pictures, as different programs write it, and what must not come of hostile files."""

from __future__ import annotations

import datetime
import struct
import tracemalloc

import pytest
from PIL import Image

from curating.metadata import Embedded, read_embedded
from tests.pictures import image_file

XMP = """<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
<rdf:Description xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:cc="http://creativecommons.org/ns#"
 xmlns:photoshop="http://ns.adobe.com/photoshop/1.0/" xmlns:exif="http://ns.adobe.com/exif/1.0/"
 photoshop:DateCreated="1931-07-14" exif:GPSLatitude="48,12.5N">
<dc:title><rdf:Alt><rdf:li xml:lang="de">Der Hafen</rdf:li>
<rdf:li xml:lang="x-default">The harbour</rdf:li></rdf:Alt></dc:title>
<dc:creator><rdf:Seq><rdf:li>Ada</rdf:li><rdf:li>Bo</rdf:li></rdf:Seq></dc:creator>
<dc:subject><rdf:Bag><rdf:li>boat</rdf:li><rdf:li>cafe\u0301  noir</rdf:li></rdf:Bag></dc:subject>
<cc:license rdf:resource="https://creativecommons.org/licenses/by-sa/4.0/"/>
</rdf:Description></rdf:RDF></x:xmpmeta>"""


def with_segment(marker: int, content: bytes) -> bytes:
    """A JPEG with one more segment at its beginning."""
    picture = image_file()
    return picture[:2] + b"\xff" + bytes([marker]) + struct.pack(">H", len(content) + 2) + content + picture[2:]


def with_xmp(packet: str) -> bytes:
    return with_segment(0xE1, b"http://ns.adobe.com/xap/1.0/\0" + packet.encode())


def with_iptc(*sets: tuple[int, int, bytes]) -> bytes:
    data = b"".join(struct.pack(">BBBH", 0x1C, record, number, len(value)) + value for record, number, value in sets)
    return with_segment(0xED, b"Photoshop 3.0\0" + b"8BIM\x04\x04\0\0" + struct.pack(">I", len(data)) + data)


def with_exif(texts: dict[int, str | bytes], original: str = "") -> bytes:
    exif = Image.Exif()
    for tag, text in texts.items():
        exif[tag] = text
    if original:
        exif.get_ifd(0x8769)[0x9003] = original
        exif.get_ifd(0x8825)[2] = (48.0, 12.0, 30.0)
    return image_file(exif=exif.tobytes())


def test_xmp_is_taken_over() -> None:
    assert read_embedded(with_xmp(XMP)) == Embedded(
        title="The harbour",
        creator="Ada, Bo",
        licence="CC BY-SA 4.0",
        keywords=("boat", "caf\u00e9 noir"),
        made=datetime.date(1931, 7, 14),
    )


@pytest.mark.parametrize(("charset", "encoding"), [(b"\x1b%G", "utf-8"), (b"", "latin-1"), (b"", "utf-8")])
def test_iptc_is_taken_over_in_its_encoding(charset: bytes, encoding: str) -> None:
    sets = [(1, 90, charset)] if charset else []
    sets += [
        (2, 5, "Caf\u00e9".encode(encoding)),
        (2, 25, b"boat"),
        (2, 25, b"sea"),
        (2, 80, b"Ada"),
        (2, 55, b"19310714"),
    ]
    assert read_embedded(with_iptc(*sets)) == Embedded(
        title="Caf\u00e9", creator="Ada", keywords=("boat", "sea"), made=datetime.date(1931, 7, 14)
    )


def test_exif_is_taken_over_and_no_place() -> None:
    found = read_embedded(
        with_exif({0x010E: "Boats at noon", 0x013B: "Ada", 0x8298: "CC BY 4.0, Ada"}, "2019:07:14 09:30:00")
    )
    day = datetime.date(2019, 7, 14)
    assert found == Embedded(description="Boats at noon", creator="Ada", licence="CC BY 4.0", made=day)
    assert "48" not in repr(found)


def test_what_windows_writes_is_taken_over() -> None:
    found = read_embedded(with_exif({0x9C9B: "Hafen".encode("utf-16-le"), 0x9C9E: "boat;sea".encode("utf-16-le")}))
    assert (found.title, found.keywords) == ("Hafen", ("boat", "sea"))


@pytest.mark.parametrize("text", ["OLYMPUS DIGITAL CAMERA", "SONY DSC", "Default", "   ", "..."])
def test_what_a_machine_writes_is_no_description(text: str) -> None:
    assert read_embedded(with_exif({0x010E: text})) == Embedded()


@pytest.mark.parametrize("text", ["\u00a9 2020 Ada", "All rights reserved"])
def test_who_has_the_rights_is_no_licence(text: str) -> None:
    assert read_embedded(with_exif({0x8298: text})).licence == ""


def test_a_packet_with_entities_is_not_read() -> None:
    # The packet begins at its element: what is declared before it is no part of it.
    before = f'<!DOCTYPE x [<!ENTITY a "{"x" * 1000}"><!ENTITY b "{"&a;" * 1000}">]>'
    assert read_embedded(with_xmp(before + XMP.replace("The harbour", "&b;"))).title == "Der Hafen"
    inside = XMP.replace("<rdf:RDF", '<!DOCTYPE x [<!ENTITY b "c">]><rdf:RDF', 1)
    assert read_embedded(with_xmp(inside)) == Embedded()


@pytest.mark.parametrize(
    "packet",
    [
        "<x:xmpmeta>" + "<a>" * 15_000 + "</x:xmpmeta>",
        XMP.replace("<rdf:li>boat</rdf:li>", "<rdf:li>boat</rdf:li>" * 2000),
        XMP[:700] + "</x:xmpmeta>",
        XMP.replace("The harbour", "x" * 60_000),
    ],
)
def test_much_metadata_takes_little_memory(packet: str) -> None:
    data = with_xmp(packet[:65_000])
    tracemalloc.start()
    found = read_embedded(data)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert len(found.title) <= 200 and len(found.keywords) <= 50
    assert peak < 8 * 2**20


@pytest.mark.parametrize("cut", range(40, 400, 23))
def test_broken_metadata_counts_as_missing(cut: int) -> None:
    for data in (with_xmp(XMP), with_iptc((2, 5, b"A title")), with_exif({0x010E: "Boats"}, "2019:07:14 09:30:00")):
        read_embedded(data[:cut])
        read_embedded(data[:cut] + b"\xff" * 300)
        read_embedded(bytes(data[:cut]) + bytes(200) + data[cut + 3 :])


def test_thousands_of_entries_that_share_megabytes_are_not_all_read() -> None:
    entries = struct.pack("<HHII", 0x010E, 2, 2**24, 8) * 60_000
    exif = b"II*\0\x08\0\0\0" + struct.pack("<H", 60_000) + entries
    png = image_file(fmt="PNG")
    chunk = struct.pack(">I", len(exif)) + b"eXIf" + exif + bytes(4)
    assert len(read_embedded(png[:33] + chunk + png[33:]).description) <= 10_000
