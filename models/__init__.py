"""Tables, their states with the transition tables, and the door to the database."""
