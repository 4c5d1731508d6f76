"""Backups: the database and all files that its rows name, in a folder or a bucket, and back.

From the ground up: `places` are folders and buckets, `programs` are PostgreSQL's own, `catalogue` compares millions of
names without having them in memory, `layout` says what a backup consists of, `checking` reads one through, `saving`
makes one, and `restoring` puts one in place of what there is.
"""
