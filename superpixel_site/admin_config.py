"""Django's admin with our site; a module of its own, since it is loaded before any model."""

from django.contrib.admin.apps import AdminConfig


class DiscreetAdminConfig(AdminConfig):
    default_site = "superpixel_site.discreet_admin.DiscreetAdminSite"
