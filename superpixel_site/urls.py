"""The site's addresses."""

from django.contrib import admin
from django.urls import include, path

from api import site as api
from curating.urls import offer_urls
from superpixel_site import views
from superpixel_site.watching import views as watching_views

urlpatterns = [
    path("", include("library.urls")),
    path("", include("gallery.urls")),
    path("", include("selector.urls")),
    path("curating/", include("curating.urls")),
    path("photos/<uuid:photo_id>/offer/", include(offer_urls)),
    path("accounts/", include("accounts.urls")),
    path("accounts/", include("allauth.urls")),
    path("api/", api.urls),
    path("admin/", admin.site.urls),
    path("healthz", views.healthz, name="healthz"),
    path("readyz", watching_views.readyz, name="readyz"),
    path("metrics", watching_views.metrics, name="metrics"),
]
# Not one of Django's: allauth looks for it here.
handler429 = "accounts.web.limits.too_many_requests"
handler500 = "superpixel_site.unavailable.server_error"
