"""Shots: who and what is before the camera, where everything stands, and the picture of it."""
