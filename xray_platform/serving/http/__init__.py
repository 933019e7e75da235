"""HTTP: the predictor as an API; bounded, with reading in children that can be killed, and one champion at a time."""
