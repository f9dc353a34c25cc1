"""Prometheus metrics: their definitions, their recording, and the measuring of providers."""
