"""Tests in a real browser. What a page shows is on its way for a while: they wait for what they assert."""

# Seconds that they wait for it. Waiting ends when it is there, so that patience with a busy machine costs nothing.
PATIENCE = 30
