"""Network policies: default deny first, then each needed flow by name."""
