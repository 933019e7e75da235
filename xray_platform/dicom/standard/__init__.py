"""Standard images: the published pictures of a batch, rendered, one zarr array each."""
