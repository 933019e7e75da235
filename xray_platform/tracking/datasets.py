"""Datasets: say which data a run saw, by name, digest and columns; the data themselves are not copied."""

import json
from typing import Any

import pandas as pd
from mlflow.entities import Dataset, DatasetInput, InputTag
from mlflow.types import ColSpec, DataType, Schema, TensorSpec
from mlflow.utils.mlflow_tags import MLFLOW_DATASET_CONTEXT

PARTS = {"train": "training", "val": "validation", "test": "test"}
"""What each part of the data is for; metrics are named by the part, MLflow shows the use."""
DIGEST_LENGTH = 36  # the longest that MLflow's database takes


def dataset_input(name: str, frame: pd.DataFrame, digest: str, context: str, source: str) -> DatasetInput:
    """Return the frame's description as an input of a run, in the part (`context`) that it plays there."""
    described = Dataset(
        name=name,
        digest=digest[:DIGEST_LENGTH],
        source_type="local",
        source=json.dumps({"uri": source}),
        schema=json.dumps({"mlflow_colspec": Schema(_columns(frame)).to_dict()}),
        profile=json.dumps({"num_rows": len(frame), "num_elements": int(frame.size)}),
    )
    return DatasetInput(described, [InputTag(MLFLOW_DATASET_CONTEXT, context)])


def _columns(frame: pd.DataFrame) -> list[ColSpec | TensorSpec]:
    return [ColSpec(_kind(frame[name]), str(name), required=not frame[name].hasnans) for name in frame.columns]


def _kind(column: "pd.Series[Any]") -> DataType:
    if pd.api.types.is_bool_dtype(column):
        return DataType.boolean
    if pd.api.types.is_integer_dtype(column):
        return DataType.long
    return DataType.double if pd.api.types.is_float_dtype(column) else DataType.string
