"""Addresses of what an account is beside allauth's: its data, its sessions, its end."""

from django.urls import path

from accounts.web import whose_page

app_name = "accounts"
urlpatterns = [
    path("still-here/", whose_page.still_here, name="still_here"),
]
