"""From the words for a character to its look, one rule for each thing that words or chance decide."""
