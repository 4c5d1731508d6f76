"""Addresses of the collection and of searches."""

from django.urls import path

from gallery.web import gallery_views, history_views, own_collection_views, search_views, words_views

app_name = "gallery"
urlpatterns = [
    path("gallery/", gallery_views.gallery, name="gallery"),
    path("gallery/find/", words_views.find_by_words, name="find"),
    path("gallery/<int:image_id>/", gallery_views.details, name="details"),
    path("gallery/<int:image_id>/edit/", own_collection_views.edit, name="edit"),
    path("gallery/<int:image_id>/search/", search_views.search_like, name="search_like"),
    path("gallery/<int:image_id>/select/", search_views.select, name="select"),
    path("photos/<uuid:photo_id>/search/", search_views.new_search, name="new_search"),
    path("searches/", history_views.searches, name="searches"),
    path("searches/choices/", search_views.choices, name="choices"),
    path("searches/<uuid:search_id>/", search_views.show, name="search"),
    path("searches/<uuid:search_id>/options/", search_views.refine, name="refine"),
    path("searches/<uuid:search_id>/check/", search_views.check, name="check"),
    path("searches/<uuid:search_id>/feedback/", search_views.feedback, name="feedback"),
    path("searches/<uuid:search_id>/name/", history_views.rename, name="rename_search"),
    path("searches/<uuid:search_id>/pin/", history_views.pin, name="pin_search"),
    path("searches/<uuid:search_id>/delete/", history_views.delete, name="delete_search"),
    path("searches/<uuid:search_id>/bring-back/", history_views.bring_back, name="bring_back_search"),
    path("searches/<uuid:search_id>/selection.png", search_views.selection, name="selection"),
    path("regions/<int:region_id>/highlight.png", gallery_views.highlight, name="highlight"),
    path("regions/<int:region_id>/part.png", gallery_views.part, name="part"),
]
