"""Alerts: what somebody should look at, raised once for each cause and closed when it has passed."""
