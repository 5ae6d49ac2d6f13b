"""Kubernetes objects of a platform: tenants, guards, Ray, gateways, exposure, operator."""

from rayfence.render.kubernetes.manifests import kubernetes_files
from rayfence.render.kubernetes.render import render

__all__ = ["kubernetes_files", "render"]
