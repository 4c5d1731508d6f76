"""Manifests as people write them: what is understood, and a sentence with its line for what is not."""

from __future__ import annotations

import json

import pytest

from curating.manifests import Row, UnreadableManifest, read_manifest


def rows(text: str | bytes, name: str = "m.csv") -> list[Row]:
    return list(read_manifest(text if isinstance(text, bytes) else text.encode(), name).rows)


def test_all_columns_are_understood() -> None:
    text = (
        "path,title,description,tags,creator,licence,source,date\n"
        'a.jpg,The box,"Two\nlines","red; caf\u00e9",Ada,CC BY 4.0,https://example.org/1,2024-05-31\n'
    )
    assert rows(text) == [
        Row(
            3,
            "a.jpg",
            {
                "title": "The box", "description": "Two\nlines", "tags": ["red", "caf\u00e9"], "creator": "Ada",
                "licence": "CC BY 4.0", "source_url": "https://example.org/1", "taken": "2024-05-31",
            },
        )
    ]  # fmt: skip


@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
@pytest.mark.parametrize("separator", [",", ";", "\t"])
def test_spreadsheets_write_it_in_many_ways(mark: bytes, separator: str) -> None:
    text = f"Filename{separator}Author\r\na.jpg{separator}Ad\u00e9\r\n\r\n"
    assert rows(mark + text.encode()) == [Row(2, "a.jpg", {"creator": "Ad\u00e9"})]
    assert rows(text.encode("utf-16")) == [Row(2, "a.jpg", {"creator": "Ad\u00e9"})]


def test_json_lines_are_understood() -> None:
    lines = [{"path": "a.jpg", "tags": ["x, y", "z"], "date": "2024-05-31T10:00"}, {"file": "b.jpg", "title": None}]
    text = "\n".join(map(json.dumps, lines))
    assert rows(text, "m.jsonl") == [
        Row(1, "a.jpg", {"tags": ["x, y", "z"], "taken": "2024-05-31"}),
        Row(2, "b.jpg", {}),
    ]


@pytest.mark.parametrize(("cell", "tags"), [("a, b", ["a", "b"]), ("a, b; c", ["a, b", "c"]), ("a|b|a", ["a", "b"])])
def test_tags_have_one_separator(cell: str, tags: list[str]) -> None:
    assert rows(f'path\ttags\na.jpg\t"{cell}"\n')[0].details == {"tags": tags}


def test_tags_are_in_one_form() -> None:
    assert rows("path,tags\na.jpg, cafe\u0301   noir \n")[0].details == {"tags": ["caf\u00e9 noir"]}


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        ("a.jpg,,,31.5.2024", "“31.5.2024” is not a date: write it as 2024-05-31."),
        ("a.jpg,,,2024-02-31", "“2024-02-31” is not a date: write it as 2024-05-31."),
        ("a.jpg," + "x" * 201 + ",,", "The title has 201 characters; at most 200 are allowed."),
        ("a.jpg,,harbour,", "The source “harbour” is not an address: write it with https://."),
        ("a.jpg,,javascript:alert(1),", "The source “javascript:alert(1)” is not an address: write it with https://."),
        (",Title,,", "It names no file."),
        ("a.jpg,one,,,two", "It has 5 values for 4 columns: is a text not in quotes?"),
    ],
)
def test_a_wrong_row_gets_a_sentence_and_the_others_count(line: str, problem: str) -> None:
    found = rows(f"path,title,source,date\nb.jpg,B,,\n{line}\nc.jpg,C,,\n")
    assert [(row.line, row.path, row.problem) for row in found] == [
        (2, "b.jpg", ""),
        (3, "", problem),
        (4, "c.jpg", ""),
    ]


def test_a_row_in_another_encoding_spoils_itself_alone() -> None:
    found = rows(b"path,title\na.jpg,caf\xe9\nb.jpg,B\n")
    assert [row.problem for row in found] == ["It is not UTF-8: save the manifest in that encoding.", ""]


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        ("{", "It is no JSON object."),
        ("[1]", "It is no JSON object."),
        ("[" * 100_000, "It is no JSON object."),
        ('{"path": {"a": 1}}', "The path is not a text."),
        ('{"path": "a.jpg", "title": "\\ud800"}', "It is not UTF-8: save the manifest in that encoding."),
        ('{"path": "a.jpg", "tags": ["' + "x" * 101 + '"]}',
         f"“{'x' * 20}…” is too long: a tag has at most 100 characters."),
    ],
)  # fmt: skip
def test_a_wrong_line_of_json_gets_a_sentence(line: str, problem: str) -> None:
    assert [row.problem for row in rows(f'{line}\n{{"path": "b.jpg"}}\n', "m.jsonl")] == [problem, ""]


def test_columns_that_nobody_knows_are_told() -> None:
    assert read_manifest(b"path,Camera,title,\na.jpg,X,T,\n", "m.csv").unknown == ["Camera"]
    assert read_manifest(b'{"path": "a.jpg", "camera": 1}', "m.jsonl").unknown == ["camera"]


@pytest.mark.parametrize("text", ["", "title,tags\nA,b\n", "path,file\na,b\n"])
def test_a_manifest_that_names_no_files_is_refused(text: str) -> None:
    with pytest.raises(UnreadableManifest):
        rows(text)
