"""jiesu (接诉): how a city hears its residents and answers for it."""
