"""The gateway service: log-in, sessions and tokens, job ownership, and the trail. Ships alone; imports no compiler."""
