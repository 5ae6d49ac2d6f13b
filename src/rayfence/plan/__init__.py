"""Plans: what is desired against what is observed; what a cluster will consist of, and why."""
