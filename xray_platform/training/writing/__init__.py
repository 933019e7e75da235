"""Writing: made-up writing in pictures, and how the detector of burned-in text learns from it."""
