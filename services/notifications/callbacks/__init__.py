"""Callbacks (webhooks): the outbox, its signing secrets and its delivery."""
