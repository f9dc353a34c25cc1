"""The job queue in the database: claims, leases and outcomes. It does not depend on what the jobs make."""
