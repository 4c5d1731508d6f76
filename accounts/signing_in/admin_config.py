"""Django's admin with our way in; a module of its own, since it is loaded before any model."""

from django.contrib.admin.apps import AdminConfig


class AdministrationConfig(AdminConfig):
    default_site = "accounts.signing_in.admin_site.SecuredAdminSite"
