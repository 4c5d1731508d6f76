"""Tags are typed with commas between, in whatever form."""

from __future__ import annotations

import pytest
from taggit.models import Tag
from taggit.utils import edit_string_for_tags, parse_tags

from curating.web.forms import AddForm
from gallery.web.forms import MetadataForm


@pytest.mark.parametrize(
    ("text", "tags"),
    [
        ("gift of 2026", ["gift of 2026"]),
        ("sea, gift of 2026,", ["gift of 2026", "sea"]),
        ('"Lyon, France", sea', ["Lyon, France", "sea"]),
        (" , ", []),
        ("", []),
    ],
)
def test_a_tag_may_have_several_words(text: str, tags: list[str]) -> None:
    assert parse_tags(text) == tags
    for form in (AddForm({"tags": text}), MetadataForm({"title": "A boat", "tags": text})):
        form.is_valid()
        assert form.cleaned_data["tags"] == tags
    assert parse_tags(edit_string_for_tags([Tag(name=name) for name in tags])) == tags
