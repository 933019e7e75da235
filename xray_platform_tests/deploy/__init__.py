"""Deployments: the same graph, moved by configuration alone."""
