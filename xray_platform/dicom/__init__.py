"""DICOM, JPEG and PNG in; plain arrays and facts out."""
