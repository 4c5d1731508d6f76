"""What this app tells others, and what it does when events elsewhere ask for it."""

from __future__ import annotations

from django.dispatch import Signal

# Sent with `visitor` (UUID) and `user` inside the transaction in which a visitor's things become an account's.
adopted = Signal()
# Sent with `photo` inside the transaction that replaces its working copy: what was computed on the old one is gone.
working_copy_changed = Signal()
