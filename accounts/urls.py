"""Addresses of what an account is beside allauth's: its data, its sessions, its end."""

from django.urls import URLPattern

app_name = "accounts"
urlpatterns: list[URLPattern] = []
