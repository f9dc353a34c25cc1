"""Prometheus metrics: what there is to be measured, how it is recorded, and where it is read."""
