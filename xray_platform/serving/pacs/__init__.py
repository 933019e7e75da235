"""PACS: DICOM objects in from a network, and results out to it; the raw zone's side of serving."""
