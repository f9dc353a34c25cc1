"""Former results of prompts that are alike: how alike two prompts are, and finding the most alike among many."""
