"""A local server that speaks the Jimeng and Dreamina protocol, for demos and tests without an account."""
