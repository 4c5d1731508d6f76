"""Addresses of photos and selections."""

from django.urls import path

from selector import views

app_name = "selector"
urlpatterns = [
    path("photos/", views.photo_list, name="photos"),
    path("photos/", views.photo_list, name="upload"),
    path("photos/<uuid:photo_id>/", views.workspace, name="workspace"),
    path("photos/<uuid:photo_id>/selection/", views.gesture, name="gesture"),
    path("photos/<uuid:photo_id>/selection/now/", views.selection_now, name="selection_now"),
    path("photos/<uuid:photo_id>/rotate/", views.rotate, name="rotate"),
    path("photos/<uuid:photo_id>/delete/", views.delete, name="delete"),
    path("photos/<uuid:photo_id>/preview.png", views.preview, name="preview"),
    path("photos/<uuid:photo_id>/working/<slug:version>.jpg", views.working_copy, name="working_copy"),
    path("photos/<uuid:photo_id>/thumbnail/<slug:version>.jpg", views.thumbnail, name="thumbnail"),
    path("photos/<uuid:photo_id>/label-maps/<int:label_map_id>/labels", views.labels, name="labels"),
    path("photos/<uuid:photo_id>/label-maps/<int:label_map_id>/tree", views.tree, name="tree"),
    path("photos/<uuid:photo_id>/label-maps/<int:label_map_id>/outline/<int:level>.png", views.outline, name="outline"),
]
