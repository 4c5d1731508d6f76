"""What this app tells others, and what it does when events elsewhere ask for it."""

from __future__ import annotations

from django.dispatch import Signal

# Sent with `visitor` (UUID) and `user` inside the transaction in which a visitor's things become an account's.
adopted = Signal()
# Sent with `label_map` (LabelMap) when a workspace is opened on it.
photo_opened = Signal()
# Sent with `old` and `new` (LabelMap) inside the transaction that turns a photo, before the old one is deleted. Every
# superpixel and node of the merge tree has the same number in both: whoever refers to the old one may keep the new one.
label_map_turned = Signal()
# Sent with `photo` inside the transaction that replaces its working copy: what was computed on the old one is gone.
working_copy_changed = Signal()
