"""Tags that look the same become one: they differ only in Unicode's form or in white space."""

import unicodedata
from collections import defaultdict

from django.db import migrations

LONGEST = 100


def normalised(name):
    return " ".join(unicodedata.normalize("NFC", name).split())[:LONGEST]


def merge(apps, schema_editor):
    Tag = apps.get_model("taggit", "Tag")
    groups = defaultdict(list)
    for key, name in Tag.objects.order_by("pk").values_list("pk", "name").iterator():
        groups[normalised(name).lower()].append((key, name))
    for tags in groups.values():
        # Tags that differ in upper and lower case alone were let be so far.
        if any(name != normalised(name) for _, name in tags):
            _make_one(apps, tags)


def _make_one(apps, tags):
    """Keep the first that is in that form already, else the first; the images of the others go to it."""
    Tag, TaggedItem = apps.get_model("taggit", "Tag"), apps.get_model("taggit", "TaggedItem")
    kept, name = next(((key, name) for key, name in tags if name == normalised(name)), tags[0])
    for key, _ in tags:
        if key != kept:
            has = TaggedItem.objects.filter(tag_id=kept)
            for item in TaggedItem.objects.filter(tag_id=key):
                if not has.filter(content_type_id=item.content_type_id, object_id=item.object_id).exists():
                    TaggedItem.objects.filter(pk=item.pk).update(tag_id=kept)
            Tag.objects.filter(pk=key).delete()
    if normalised(name):
        Tag.objects.filter(pk=kept).update(name=normalised(name))
    else:
        Tag.objects.filter(pk=kept).delete()


class Migration(migrations.Migration):
    dependencies = [
        ("gallery", "0011_no_names_in_the_history_of_the_admin"),
        ("taggit", "0006_rename_taggeditem_content_type_object_id_taggit_tagg_content_8fc721_idx"),
    ]

    operations = [migrations.RunPython(merge, migrations.RunPython.noop)]
