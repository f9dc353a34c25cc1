"""How a workflow goes through its stages."""
