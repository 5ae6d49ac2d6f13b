"""What is live in a Kubernetes cluster against what is desired: drift, readiness, rights and order. Pure."""
