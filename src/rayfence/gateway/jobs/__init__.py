"""Jobs, packages and Ray's state, as far as ownership decides what a caller may do or see."""
