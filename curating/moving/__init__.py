"""The public collection in a layout that others can read, too: out of one site and into another."""
