"""How much a collection takes for each image: its files, and the tables of the database with their indexes.

    DATA_DIR=FOLDER python -m benchmarks.sizes

Looks at the site with these settings, which should hold nothing but images, all indexed: those of an import, say.
"""

from __future__ import annotations

import os

LARGEST = 8
TABLES = """
SELECT relname, pg_total_relation_size(oid) FROM pg_class
WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace
ORDER BY 2 DESC
"""


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "superpixel_site.settings")
    import django

    django.setup()
    from django.db import connection
    from django.db.models import Sum

    from gallery.models import GalleryImage, IndexedRegion
    from selector.models import LabelMap, Photo

    n = GalleryImage.objects.count()
    print(f"{n} images, {IndexedRegion.objects.count() / n:.1f} regions each; kB an image:")
    files = Photo.objects.aggregate(originals=Sum("original_bytes"), working_copies=Sum("working_bytes"))
    files |= LabelMap.objects.aggregate(label_maps=Sum("labels_bytes"))
    for name, n_bytes in files.items():
        print(f"  {name.replace('_', ' '):30}{n_bytes / n / 1e3:9.1f}")
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")
        cursor.execute(TABLES)
        tables: list[tuple[str, int]] = cursor.fetchall()
    print(f"  {'database, all tables':30}{sum(n_bytes for _, n_bytes in tables) / n / 1e3:9.1f}")
    for name, n_bytes in tables[:LARGEST]:
        print(f"    {name:28}{n_bytes / n / 1e3:9.1f}")


if __name__ == "__main__":
    main()
