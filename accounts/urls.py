"""Addresses of what an account is beside allauth's: its data, its sessions, its end."""

from django.urls import path

from accounts.web import invitation_views

app_name = "accounts"
urlpatterns = [
    path("invitation/<str:token>/", invitation_views.invitation, name="invitation"),
]
