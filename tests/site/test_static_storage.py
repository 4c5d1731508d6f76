"""Static files as they are collected."""

from __future__ import annotations

import shutil
from pathlib import Path

from django.core.files.storage import FileSystemStorage, Storage

from superpixel_site.static_storage import HashedStaticFilesStorage


def test_a_sheet_that_imports_others_is_one_file_with_them(tmp_path: Path) -> None:
    source = tmp_path / "source"
    source.mkdir()
    (source / "all.css").write_text('/* All. */\n@import "first.css";\n@import "second.css";\n')
    (source / "first.css").write_text("p { color: red; }\n")
    (source / "second.css").write_text("b { background: url(dot.svg); }\n")
    (source / "dot.svg").write_text("<svg/>")
    collected = HashedStaticFilesStorage(location=tmp_path / "static", base_url="/static/")
    for second in ("b { background: url(dot.svg); }\n", "i { background: url(dot.svg); }\n"):
        (source / "second.css").write_text(second)
        paths: dict[str, tuple[Storage, str]] = {
            file.name: (FileSystemStorage(source), file.name) for file in source.iterdir()
        }
        shutil.copytree(source, tmp_path / "static", dirs_exist_ok=True)
        list(collected.post_process(paths))
        whole = (tmp_path / collected.url("all.css").lstrip("/")).read_text()
        assert whole.index("p {") < whole.index(second[:3])
        assert "@import" not in whole and collected.url("dot.svg").rpartition("/")[2] in whole
