"""Alerts: conditions that need attention; each is raised once per cause and closed when the cause is gone."""
