"""Browsing: how tests start a browser."""

CALM = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
"""Options of Chromium: it asks nobody for anything by itself."""
