"""Google Cloud objects of a platform: API bodies and Terraform, from the same settings."""
