"""A remote cache for a team: nginx, its configuration, and the proof that builds with it are right."""
