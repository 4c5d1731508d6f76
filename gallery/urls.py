"""Addresses of the start page, the collection and searches."""

from django.urls import path

from gallery import collection_views, views

app_name = "gallery"
urlpatterns = [
    path("", views.start, name="start"),
    path("gallery/", views.gallery, name="gallery"),
    path("gallery/<int:image_id>/", views.details, name="details"),
    path("gallery/<int:image_id>/edit/", collection_views.edit, name="edit"),
    path("collection/add/", collection_views.add, name="collect"),
    path("collection/take-out/", collection_views.take_out, name="take_out"),
    path("photos/<uuid:photo_id>/search/", views.new_search, name="new_search"),
    path("searches/<uuid:search_id>/", views.search, name="search"),
    path("searches/<uuid:search_id>/selection.png", views.selection, name="selection"),
    path("regions/<int:region_id>/highlight.png", views.highlight, name="highlight"),
]
