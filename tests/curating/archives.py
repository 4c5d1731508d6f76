"""ZIP archives in memory, as people and strangers make them."""

from __future__ import annotations

import io
import zipfile

MANIFEST = "path,title,tags,creator,date\nbox/a.jpg,The box,red; caf\u00e9,Ada,1931-07-14\nb.png,,,,\n"


def archive(files: dict[str, bytes | str], **changes: int) -> bytes:
    """An archive of files by their names; `changes` are attributes of every entry."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as made:
        for name, data in files.items():
            info = zipfile.ZipInfo(name)
            info.compress_type = zipfile.ZIP_DEFLATED
            for attribute, value in changes.items():
                setattr(info, attribute, value)
            made.writestr(info, data)
    return out.getvalue()
