"""Addresses of what an account is beside allauth's: its data, its sessions, its end."""

from django.urls import path

from accounts.web import (
    account_views,
    export_views,
    invitation_views,
    leaving_views,
    session_views,
    token_views,
    whose_page,
)

app_name = "accounts"
urlpatterns = [
    path("", account_views.account, name="account"),
    path("still-here/", whose_page.still_here, name="still_here"),
    path("invitation/<str:token>/", invitation_views.invitation, name="invitation"),
    # Before allauth's page of sessions, which has this address as well.
    path("sessions/", session_views.listed, name="sessions"),
    path("export/", export_views.export, name="export"),
    path("export/ask/", export_views.ask, name="ask_for_export"),
    path("export/cancel/", export_views.cancel, name="cancel_export"),
    path("export/download/", export_views.download, name="download_export"),
    path("tokens/", token_views.tokens, name="tokens"),
    path("tokens/revoke/", token_views.revoke, name="revoke_token"),
    path("delete/", leaving_views.leave, name="leave"),
    path("sessions/end/", session_views.end, name="end_sessions"),
]
