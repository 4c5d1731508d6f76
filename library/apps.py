from django.apps import AppConfig

from superpixel_site import slots


class LibraryConfig(AppConfig):
    name = "library"
    verbose_name = "My photos"

    def ready(self) -> None:
        from gallery import clearing
        from library import receivers  # noqa: F401  what it connects
        from selector.services import details

        slots.fill("workspace-photo", "library/_rotate_button.html")
        slots.fill("workspace-photo", "library/_detail_button.html")
        slots.fill("own-image-actions", "library/_take_out.html")
        slots.fill("photos-to-add", "library/_photos_to_add.html")
        slots.fill("own-collection-empty", "library/_fill_own_collection.html")
        clearing.add(details.delete_outdated)
