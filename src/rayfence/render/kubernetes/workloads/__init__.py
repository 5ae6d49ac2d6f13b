"""Ray objects and the pods in them."""
