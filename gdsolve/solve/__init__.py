"""What each verb does, from spec to result."""
