"""Tests of the HTTP interface for programs."""
