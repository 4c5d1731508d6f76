"""Files that are no pictures this site can use: what they are, by their first bytes, and what to do with them."""

from __future__ import annotations

import re

_USE_INSTEAD = "upload a JPEG, PNG or WebP picture instead"
_EXPORT = "export it as JPEG and upload that"
_SAVE = "which cannot be read here: save it as JPEG or PNG and upload that"
# Where the packages that read them are not installed.
NO_HEIC = (
    "This is a HEIC photo, which cannot be read here: export it as JPEG (on an iPhone: Settings > Camera > Formats > "
    "Most Compatible) and upload that. Whoever runs this site can let it read them, by the extra more-formats."
)
NO_JPEG_XL = (
    f"This is a JPEG XL picture, {_SAVE}. Whoever runs this site can let it read them, by the extra more-formats."
)
_OTHERS = {
    rb".{4}ftypcrx": f"This is a camera's raw file: {_EXPORT}.",
    rb".{4}ftyp|\x1a\x45\xdf\xa3|RIFF.{4}AVI |\0\0\x01[\xba\xb3]": (
        "This is a video, not a picture: save one of its frames as JPEG or PNG and upload that."
    ),
    rb"\0\0\x01\0": f"This is an icon file, {_SAVE}.",
    rb"\0{3}\x0cjP |\xff\x4f\xff\x51": f"This is a JPEG 2000 picture, {_SAVE}.",
    rb"8BPS": f"This is a Photoshop document: {_EXPORT}.",
    rb"%PDF": "This is a PDF, not a picture: save the page or the picture in it as JPEG or PNG.",
    rb"PK\x03\x04": f"This is an archive or a document, not a picture: {_USE_INSTEAD}.",
}
_OTHER_KINDS = {re.compile(start, re.DOTALL): sentence for start, sentence in _OTHERS.items()}


def advice(data: bytes) -> str:
    """One sentence about a file that is none of the pictures read here: what it is, and what to do."""
    for start, sentence in _OTHER_KINDS.items():
        if start.match(data):
            return sentence
    head = data[:1024].removeprefix(b"\xef\xbb\xbf").lstrip().lower()
    if b"<svg" in head and head.startswith(b"<"):
        return "This is an SVG drawing, not a photo: export it as PNG and upload that."
    if head.startswith((b"<!doctype html", b"<html")):
        return f"This is a web page, not a picture: save the picture itself, or {_USE_INSTEAD}."
    if _is_text(data[:1024]):
        return f"This is a text file, whatever its name says: {_USE_INSTEAD}."
    return f"This is no picture that can be read here: {_USE_INSTEAD}."


def _is_text(head: bytes) -> bool:
    try:
        # The cut may go through a character of up to four bytes.
        text = head.decode() if len(head) < 1024 else head.decode(errors="ignore")
    except UnicodeDecodeError:
        return False
    return all(character.isprintable() or character.isspace() for character in text)
