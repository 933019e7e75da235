"""Serving: a predictor; the bytes of a picture in, a prediction and a heat map out."""
