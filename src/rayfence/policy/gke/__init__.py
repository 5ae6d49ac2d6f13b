"""The Google Cloud half of a platform, decided: one module per subject, one small function per criterion."""
