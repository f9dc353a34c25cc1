"""A local server that speaks the Jimeng and Dreamina protocol, for trying and testing without an account."""
