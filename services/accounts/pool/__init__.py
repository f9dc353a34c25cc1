"""The account pool: placing jobs on accounts, reacting to upstream's faults, and cooldowns."""
