"""A person's things as one ZIP file: names, contents, and how it is written without being in memory."""
