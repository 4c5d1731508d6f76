"""The metadata of images as CSV or JSON: taken out, corrected elsewhere, and brought back after a look at what changes.

No image is made or deleted by that, and a column that a file lacks stays as it is.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Iterable, Iterator
from difflib import SequenceMatcher
from typing import Any, cast

from django.contrib.admin.models import CHANGE, LogEntry
from django.core.exceptions import ValidationError
from django.http import HttpRequest, StreamingHttpResponse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from import_export import fields, resources, widgets
from import_export.admin import ImportExportMixin
from import_export.formats.base_formats import CSV, JSON
from import_export.forms import ExportForm
from import_export.results import RowResult
from import_export.tmp_storages import CacheStorage
from taggit.utils import edit_string_for_tags, parse_tags

from curating.importing.reports import Line
from gallery.models import GalleryImage, GalleryImageQuerySet
from gallery.web.forms import METADATA, MetadataForm

# Declared as any text: django-stubs looks literal names up, and does not know the fields of taggit.
TAGS: str = "tags"
# What a request can compare; a manifest is for more.
MOST_ROWS_IN = 2_000
ROWS_AT_ONCE = 1_000
LABELS = {name: getattr(GalleryImage._meta.get_field(name), "verbose_name", name) for name in METADATA}


class Difference(resources.Diff):  # type: ignore[misc]
    """What a row changes, without the colours that the library writes into its elements: the site allows no such."""

    def as_html(self) -> list[SafeString]:
        return [
            marked(str(before or ""), str(after or "")) for before, after in zip(self.left, self.right, strict=True)
        ]


def marked(before: str, after: str) -> SafeString:
    """Two texts as one, with what was taken away and what came in marked.

    Examples
    --------
    >>> marked("a red disc", "a blue disc")
    'a <del>red</del><ins>blue</ins> disc'
    """
    if before == after:
        return format_html("{}", before)
    old, new = before.split(" "), after.split(" ")
    parts: list[SafeString] = []
    for kind, a, b, c, d in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        gone, come = " ".join(old[a:b]), " ".join(new[c:d])
        if kind == "equal":
            parts.append(format_html("{}", gone))
            continue
        taken = format_html("<del>{}</del>", gone) if gone else ""
        parts.append(format_html("{}{}", taken, format_html("<ins>{}</ins>", come) if come else ""))
    return format_html_join(" ", "{}", ((part,) for part in parts))


class TagsWidget(widgets.Widget):  # type: ignore[misc]
    """Tags as one text, separated by commas."""

    def clean(self, value: Any, row: Any = None, **kwargs: Any) -> list[str]:
        names: list[str] = parse_tags(str(value or ""))
        return names

    def render(self, value: Any, obj: Any = None, **kwargs: Any) -> str:
        return ", ".join(sorted(value)) if isinstance(value, list) else edit_string_for_tags(value.all())


class TagsField(fields.Field):  # type: ignore[misc]
    """The tags of an image; those that a row names are on the object until it is saved."""

    def get_value(self, instance: GalleryImage) -> Any:
        return getattr(instance, "named_tags", None) or sorted(tag.name for tag in instance.tags.all())

    def save(self, instance: GalleryImage, row: Any, is_m2m: bool = False, **kwargs: Any) -> None:
        instance.named_tags = self.clean(row, **kwargs)  # type: ignore[attr-defined]


class ImageResource(resources.ModelResource):  # type: ignore[misc]
    """Rows of metadata, by the keys of images."""

    tags = TagsField(column_name="tags", attribute="tags", widget=TagsWidget())

    class Meta:
        model = GalleryImage
        fields = ("id", *METADATA)
        export_order = ("id", *METADATA)
        import_id_fields = ("id",)
        skip_unchanged = True
        report_skipped = False
        use_transactions = True
        store_instance = True

    def get_queryset(self) -> GalleryImageQuerySet:
        return GalleryImage.objects.curated().select_related("photo").prefetch_related(TAGS)

    def get_diff_class(self) -> type[Difference]:
        return Difference

    def before_import(self, dataset: Any, **kwargs: Any) -> None:
        if len(dataset) > MOST_ROWS_IN:
            raise ValidationError(f"The file has {len(dataset):,} rows; at most {MOST_ROWS_IN:,} are taken at once.")

    def init_instance(self, row: Any = None) -> GalleryImage:
        raise ValidationError(f"There is no image {str((row or {}).get('id', ''))[:40]} in the collection.")

    def import_instance(self, instance: GalleryImage, row: Any, **kwargs: Any) -> None:
        """Take what the row says, as the form of an image would."""
        super().import_instance(instance, row, **kwargs)
        given = {name: row[name] for name in METADATA if name in row}
        form = MetadataForm(given, instance=GalleryImage(photo=instance.photo))
        form.full_clean()
        if wrong := {name: form.errors[name] for name in given if name in form.errors}:
            raise ValidationError({name: list(errors) for name, errors in wrong.items()})

    def validate_instance(
        self, instance: GalleryImage, import_validation_errors: Any = None, validate_unique: bool = True
    ) -> None:
        if import_validation_errors:
            raise ValidationError(import_validation_errors)

    def skip_row(
        self, instance: GalleryImage, original: GalleryImage, row: Any, import_validation_errors: Any = None
    ) -> bool:
        instance.changed = self._changed(instance, original)  # type: ignore[attr-defined]
        return not import_validation_errors and not instance.changed  # type: ignore[attr-defined]

    @staticmethod
    def _changed(instance: GalleryImage, original: GalleryImage) -> list[str]:
        names = [name for name in METADATA if name != "tags" and getattr(instance, name) != getattr(original, name)]
        named: list[str] | None = getattr(instance, "named_tags", None)
        had = sorted(tag.name for tag in original.tags.all())
        return [*names, "tags"] if named is not None and sorted(named) != had else names

    def do_instance_save(self, instance: GalleryImage, is_create: bool) -> None:
        """Save what has changed, and no other column: the worker may be setting the status right now."""
        changed: list[str] = instance.changed  # type: ignore[attr-defined]
        instance.save(update_fields=[name for name in changed if name != "tags"])
        if "tags" in changed:
            instance.tags.set(instance.named_tags)  # type: ignore[attr-defined]


def as_csv(resource: ImageResource, images: Iterable[GalleryImage]) -> Iterator[str]:
    """The lines of a CSV file: a header, and a line for each image."""
    fields = resource.get_export_fields()
    writer = csv.writer(Line())
    yield writer.writerow([field.column_name for field in fields])
    for image in images:
        yield writer.writerow([resource.export_field(field, image) for field in fields])


def as_json(resource: ImageResource, images: Iterable[GalleryImage]) -> Iterator[str]:
    """A JSON list, with an object for each image."""
    fields = resource.get_export_fields()
    before = "["
    for image in images:
        row = {field.column_name: resource.export_field(field, image) for field in fields}
        yield f"{before}\n{json.dumps(row, ensure_ascii=False)}"
        before = ","
    yield "[]\n" if before == "[" else "\n]\n"


class TablesMixin(ImportExportMixin):  # type: ignore[misc]
    """Export and import of the images of the list."""

    resource_classes = [ImageResource]
    formats = [CSV, JSON]
    # Without the choice of columns, which needs scripts written into the page.
    export_form_class = ExportForm
    # Any web process goes on with what another has begun.
    tmp_storage_class = CacheStorage
    import_template_name = "curating/admin/import.html"

    def has_import_permission(self, request: HttpRequest) -> bool:
        return bool(self.has_change_permission(request))

    def has_export_permission(self, request: HttpRequest) -> bool:
        return bool(self.has_view_permission(request))

    def get_import_form_initial(self, request: HttpRequest) -> dict[str, Any]:
        return {"format": "0"}

    def get_export_queryset(self, request: HttpRequest) -> Any:
        """Those that the filters of the list leave, and never people's own."""
        return super().get_export_queryset(request).curated()

    def _do_file_export(
        self, file_format: Any, request: HttpRequest, queryset: Any, export_form: Any = None
    ) -> StreamingHttpResponse:
        """All of them, sent as they are read: the library would first hold a million rows in memory."""
        write = as_csv if isinstance(file_format, CSV) else as_json
        lines = write(ImageResource(), queryset.iterator(chunk_size=ROWS_AT_ONCE))
        answer = StreamingHttpResponse(lines, content_type=f"{file_format.get_content_type()}; charset=utf-8")
        name = self.get_export_filename(request, queryset, file_format)
        answer.headers["Content-Disposition"] = f'attachment; filename="{name}"'
        return answer

    def _log_actions(self, result: Any, request: HttpRequest) -> None:
        for row in result:
            if row.import_type == RowResult.IMPORT_TYPE_UPDATE:
                names = [str(LABELS[name]) for name in row.instance.changed]
                note = [{"changed": {"fields": names}}]
                LogEntry.objects.log_actions(cast(int, request.user.pk), [row.instance], CHANGE, change_message=note)
