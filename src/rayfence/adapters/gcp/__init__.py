"""Google Cloud: the local gcloud configuration, and an organisation's policies read live. Nothing here writes."""

from rayfence.adapters.gcp.configuration import GcloudConfiguration, read_configuration
from rayfence.adapters.gcp.live_policies import LiveOrganization, LiveReader
from rayfence.adapters.gcp.rest import GoogleApi, GoogleApiError

__all__ = [
    "GcloudConfiguration",
    "GoogleApi",
    "GoogleApiError",
    "LiveOrganization",
    "LiveReader",
    "read_configuration",
]
