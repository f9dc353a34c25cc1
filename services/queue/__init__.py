"""The queue in the database: claims, leases, outcomes. It knows nothing of what the jobs make."""
