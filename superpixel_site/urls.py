"""The site's addresses."""

from django.contrib import admin
from django.urls import include, path

from superpixel_site import views

urlpatterns = [
    path("", include("library.urls")),
    path("", include("gallery.urls")),
    path("", include("selector.urls")),
    path("accounts/", include("allauth.urls")),
    path("admin/", admin.site.urls),
    path("healthz", views.healthz, name="healthz"),
]
