"""How the site is watched: readiness, figures, and a log without personal data. Nothing here knows an app."""
