"""Addresses of photos and selections."""

from django.urls import path

from selector.web import picture_views, sharing_views, workspace_views

app_name = "selector"
urlpatterns = [
    path("photos/<uuid:photo_id>/", workspace_views.workspace, name="workspace"),
    path("photos/<uuid:photo_id>/selection/", workspace_views.gesture, name="gesture"),
    path("photos/<uuid:photo_id>/selection/now/", workspace_views.selection_now, name="selection_now"),
    path("photos/<uuid:photo_id>/object/", workspace_views.anticipated_object, name="anticipated_object"),
    path("photos/<uuid:photo_id>/links/", sharing_views.links, name="links"),
    path("photos/<uuid:photo_id>/original/", picture_views.original, name="original"),
    path("photos/<uuid:photo_id>/preview.png", picture_views.preview, name="preview"),
    path("photos/<uuid:photo_id>/working/<slug:version>.jpg", picture_views.working_copy, name="working_copy"),
    path("photos/<uuid:photo_id>/small/<slug:version>.webp", picture_views.small_copy, name="small_copy"),
    path("photos/<uuid:photo_id>/thumbnail/<slug:version>.webp", picture_views.thumbnail, name="thumbnail"),
    path("photos/<uuid:photo_id>/label-maps/<int:label_map_id>/labels", picture_views.labels, name="labels"),
    path("photos/<uuid:photo_id>/label-maps/<int:label_map_id>/tree", picture_views.tree, name="tree"),
    path("photos/<uuid:photo_id>/label-maps/<int:label_map_id>/colours", picture_views.colours, name="colours"),
    path(
        "photos/<uuid:photo_id>/label-maps/<int:label_map_id>/outline/<int:level>.png",
        picture_views.outline,
        name="outline",
    ),
    path(
        "selections/<int:selection_id>/<slug:version>.png",
        picture_views.selection_thumbnail,
        name="selection_thumbnail",
    ),
    path("links/<int:link_id>/revoke/", sharing_views.revoke, name="revoke"),
    path("shared/<slug:token>/", sharing_views.shared, name="shared"),
    path("shared/<slug:token>/open/", sharing_views.open_shared, name="open_shared"),
    path("shared/<slug:token>/photo.jpg", sharing_views.shared_photo, name="shared_photo"),
    path("shared/<slug:token>/selection.png", sharing_views.shared_highlight, name="shared_highlight"),
]
