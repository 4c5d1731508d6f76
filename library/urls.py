"""Addresses of the start page and of a person's own photos."""

from django.urls import path

from library import collection_views, detail_views, photo_views, sample_views, upload_views

app_name = "library"
urlpatterns = [
    path("", upload_views.start, name="start"),
    path("photos/", photo_views.photos, name="photos"),
    path("photos/delete/", photo_views.delete, name="delete"),
    path("photos/<uuid:photo_id>/name/", photo_views.rename, name="rename"),
    path("photos/<uuid:photo_id>/rotate/", photo_views.rotate, name="rotate"),
    path("photos/<uuid:photo_id>/detail/", detail_views.detail, name="detail"),
    path("details/<uuid:cut_id>/", detail_views.cut, name="cut"),
    path("details/<uuid:cut_id>/cancel/", detail_views.cancel, name="cancel_cut"),
    path("samples/<uuid:photo_id>/", sample_views.open_sample, name="sample"),
    path("samples/<uuid:photo_id>/lift/", sample_views.lift, name="lift"),
    path("samples/<uuid:photo_id>/<str:version>/highlight.png", sample_views.highlight, name="sample_highlight"),
    path("collection/add/", collection_views.add, name="collect"),
    path("collection/choice/", collection_views.choose, name="choose_finding"),
    path("collection/take-out/", collection_views.take_out, name="take_out"),
]
