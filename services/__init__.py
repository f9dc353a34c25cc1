"""The rules: jobs, builds, workflow stages, files, events, access."""
