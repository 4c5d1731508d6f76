"""XMP: RDF in XML, in a packet that may be found in a file of any kind without knowing the kind."""

from __future__ import annotations

from contextlib import suppress
from xml.parsers import expat  # nosec B407 # it gets no declarations of entities, and at most a megabyte

from curating.metadata.texts import LONGEST, cleaned

_BEGIN, _END = b"<x:xmpmeta", b"</x:xmpmeta>"
_LONGEST_PACKET = 2**20
_MOST_TEXTS = 500
_DEEPEST = 40
_RDF = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
_LANGUAGE = "http://www.w3.org/XML/1998/namespace lang"
_NAMES = {
    "http://purl.org/dc/elements/1.1/ title": "title",
    "http://purl.org/dc/elements/1.1/ description": "description",
    "http://purl.org/dc/elements/1.1/ creator": "creator",
    "http://purl.org/dc/elements/1.1/ subject": "keywords",
    "http://purl.org/dc/elements/1.1/ rights": "copyright",
    "http://ns.adobe.com/xap/1.0/rights/ UsageTerms": "terms",
    "http://ns.adobe.com/xap/1.0/rights/ WebStatement": "licence",
    "http://creativecommons.org/ns# license": "licence",
    "http://ns.adobe.com/photoshop/1.0/ DateCreated": "made",
    "http://ns.adobe.com/photoshop/1.0/ Headline": "headline",
    "http://ns.adobe.com/exif/1.0/ DateTimeOriginal": "made",
}


class _Declared(Exception):
    """The packet declares a document type: none of XMP does, and entities can grow without end."""


def xmp_texts(data: bytes) -> dict[str, list[str]]:
    """The texts of a file by names of ours, each a list. Data that is broken counts as missing.

    Of texts in several languages the one for everybody comes first.
    """
    start = data.find(_BEGIN)
    end = data.find(_END, start, start + _LONGEST_PACKET) if start >= 0 else -1
    return _Reader().read(data[start : end + len(_END)]) if end >= 0 else {}


class _Reader:
    """Takes the few properties that are wanted out of a packet."""

    def __init__(self) -> None:
        self.found: dict[str, list[str]] = {}
        self.path: list[str] = []
        self.wanted = ""
        self.text: list[str] = []
        self.is_for_all = False
        self.n_texts = 0

    def read(self, packet: bytes) -> dict[str, list[str]]:
        parser = expat.ParserCreate(namespace_separator=" ")
        parser.StartElementHandler, parser.EndElementHandler = self.start, self.end
        parser.CharacterDataHandler = self.text.append
        parser.StartDoctypeDeclHandler = self.refuse
        # What came before it broke counts.
        with suppress(expat.ExpatError, _Declared):
            parser.Parse(packet, True)
        return self.found

    def start(self, name: str, attributes: dict[str, str]) -> None:
        self.path.append(name)
        if len(self.path) > _DEEPEST:
            raise _Declared
        self.text.clear()
        self.is_for_all = attributes.get(_LANGUAGE) == "x-default"
        for property_name, value in attributes.items():
            if property_name in _NAMES:
                self.take(_NAMES[property_name], value)
        if name in _NAMES:
            self.wanted = _NAMES[name]
            self.take(self.wanted, attributes.get(f"{_RDF} resource", ""))

    def end(self, name: str) -> None:
        self.path.pop()
        if self.wanted:
            self.take(self.wanted, "".join(self.text))
        self.text.clear()
        if _NAMES.get(name) == self.wanted:
            self.wanted = ""

    def take(self, name: str, value: str) -> None:
        text = cleaned(value[:LONGEST])
        self.n_texts += 1
        if text and self.n_texts <= _MOST_TEXTS:
            texts = self.found.setdefault(name, [])
            texts.insert(0 if self.is_for_all else len(texts), text)

    def refuse(self, *declaration: object) -> None:
        raise _Declared
