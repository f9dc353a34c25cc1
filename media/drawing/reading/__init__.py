"""What the words of an order ask to be drawn."""
