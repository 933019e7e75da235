"""MLflow judges with a model that is told columns: as the row says, where the file does not."""

from pathlib import Path

import numpy as np
import pandas as pd
from mlflow.pyfunc.model import PythonModelContext

from xray_platform.tracking.bundle_model import BundleModel
from xray_platform.tracking.bundles import signature
from xray_platform.tracking.example import example_picture
from xray_platform_tests.serving.told import told_bundle


def test_a_row_may_say_what_its_file_does_not(tmp_path: Path) -> None:
    bundle, model = told_bundle(tmp_path / "bundle"), BundleModel()
    context = PythonModelContext({"bundle": str(bundle.folder)}, {"bundle": bundle.id})  # type: ignore[no-untyped-call]
    model.load_context(context)
    picture = example_picture()
    rows = pd.DataFrame(
        {
            "picture": [picture] * 5,
            "age": [np.nan, 63.0, 20.0, 999.0, np.nan],
            "sex": [None, "F", "F", None, None],
            "view": [None, "AP", "AP", "upside down", "PA"],
        }
    )
    said = model.predict(context, rows)
    unknown, known, younger, nonsense, view = said["score"]
    assert len({unknown, known, younger, view}) == 4
    assert nonsense is None
    assert said["error"].notna().tolist() == [False, False, False, True, False]
    assert "age '999.0' is not allowed; allowed: years from 0 to below 150" in said["error"][3]
    assert "columns: age and sex and view not stated" in said["warnings"][0]
    assert "columns" not in said["warnings"][1]
    assert "columns: age and sex not stated" in said["warnings"][4]
    bare = model.predict(context, rows[["picture"]])
    assert bare["score"].tolist() == [unknown] * 5


def test_the_signature_names_the_columns_and_asks_for_none() -> None:
    takes = signature(("age", "view")).inputs
    assert takes.input_names() == ["picture", "pixels", "age", "view"]
    assert takes.required_input_names() == []
    assert signature().inputs.input_names() == ["picture", "pixels"]
