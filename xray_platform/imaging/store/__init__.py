"""Store: prepared pictures on disk: tensors, patches, exports."""
