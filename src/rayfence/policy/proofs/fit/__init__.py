"""Parts of the proof of capacity: what pods ask for, what nodes have, how they fill, addresses and quotas."""
