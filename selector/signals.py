"""What this app tells the apps above it; `selector.receivers` holds what it does itself at events elsewhere."""

from __future__ import annotations

from django.dispatch import Signal

# Sent with `visitor` (UUID) and `user` inside the transaction in which a visitor's things become an account's.
adopted = Signal()
# Sent with `visitor` (UUID) inside the transaction that deletes the last things of a visitor who does not come back.
forgotten = Signal()
# Sent with `request` once a day, when the session of a known person is renewed.
renewed = Signal()
# Sent with `label_map` (LabelMap) when the page of its workspace is opened.
photo_opened = Signal()
# Sent with `old` and `new` (LabelMap) inside the transaction that turns a photo, before the old one is deleted. Every
# superpixel and every node of the merge tree has the same number in both, so a row that refers to the old one can refer
# to the new one instead.
label_map_turned = Signal()
# Sent with `photo` (Photo) inside the transaction that replaces its working copy: what was computed on the old one no
# longer holds.
working_copy_changed = Signal()
