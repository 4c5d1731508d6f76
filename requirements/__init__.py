"""The lock files, and what is said about them."""
