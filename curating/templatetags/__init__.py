"""Tags for templates that show offers."""
