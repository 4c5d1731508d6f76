"""Static files as they are collected."""

from __future__ import annotations

import shutil
from pathlib import Path

from django.contrib.staticfiles.finders import find
from django.core.files.storage import FileSystemStorage, Storage
from django.template import Context, Template

from superpixel_site.static_storage import HashedStaticFilesStorage


def test_sheets_that_are_not_collected_are_read_one_by_one() -> None:
    page = Template("{% load sheets %}{% sheets 'css/every-page.css' %}").render(Context())
    assert page.startswith('<link rel="stylesheet" href="/static/css/tokens.css">')
    assert page.count("<link") == Path(str(find("css/every-page.css"))).read_text().count("@import") > 5


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
