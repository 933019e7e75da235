"""Parse: bytes of a DICOM file become elements, a container and an image pixel module; nothing is decoded."""
