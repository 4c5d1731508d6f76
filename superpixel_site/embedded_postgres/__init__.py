"""A Django database engine that brings its own PostgreSQL server.

Stock PostgreSQL backend in every respect but one: a connection starts the server over a data folder, or joins the one
that runs already, and when the last process that uses it has ended, the server stops.

From the ground up: `binaries` finds PostgreSQL's programs in an installed package, `locks` are the three files by which
all processes agree, `accounts` is about being started by root, `sockets` and `postmaster` know a server that runs,
`cluster` makes a data folder and says how a server is started over it, `keeper` is the process that starts and stops
the server, `server` is what others call, and `base` is the engine.
"""
