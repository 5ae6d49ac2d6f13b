"""Kubernetes objects of a platform."""
