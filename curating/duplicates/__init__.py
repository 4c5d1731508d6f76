"""Copies in the public collection: found by the worker, decided on by curators."""
