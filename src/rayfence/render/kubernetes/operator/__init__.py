"""The KubeRay operator, and which fields and gates each release has."""
