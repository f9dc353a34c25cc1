"""Stages and draws shots."""
