"""Parts of the proof of flows: which flows are needed, which rules hold, and what those do to these."""
