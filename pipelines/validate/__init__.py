import os

# Great Expectations 1.24 sends nothing; the switch is for a version that would.
os.environ.setdefault("GX_ANALYTICS_ENABLED", "false")
