"""Quality: rules that judge a file, one idea a family; their codes are stable."""
