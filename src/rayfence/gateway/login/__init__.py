"""The log-in host: form and pages for people, JSON for programs."""
