import django.db.models.deletion
from django.db import migrations, models

# Joined in the database: there may be millions.
FILL = """
UPDATE gallery_regionvector SET image_id = gallery_indexedregion.image_id
FROM gallery_indexedregion WHERE gallery_indexedregion.id = gallery_regionvector.region_id
"""


class Migration(migrations.Migration):

    dependencies = [
        ('gallery', '0002_refined_searches'),
    ]

    operations = [
        migrations.AddField(
            model_name='regionvector',
            name='image',
            field=models.ForeignKey(db_index=False, null=True, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='gallery.galleryimage'),
        ),
        migrations.RunSQL(FILL, migrations.RunSQL.noop),
        # The checks of foreign keys wait for the end of a transaction, and a table with such checks cannot be altered.
        migrations.RunSQL('SET CONSTRAINTS ALL IMMEDIATE', migrations.RunSQL.noop),
        migrations.AlterField(
            model_name='regionvector',
            name='image',
            field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='gallery.galleryimage'),
        ),
        migrations.AddIndex(
            model_name='regionvector',
            index=models.Index(fields=['image', 'space'], name='vectors_by_image'),
        ),
    ]
