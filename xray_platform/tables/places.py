"""Places: where everything lives under one root."""

from dataclasses import dataclass
from pathlib import Path

BY_HAND = ("xray.yaml", "dataset.yaml", "dagster.yaml", "workspace.yaml")
"""What people write at the root of a store themselves."""


@dataclass(frozen=True)
class Places:
    """The folders of a store. `root` holds `data/` and `mlruns/`; only `raw` may hold identity."""

    root: Path

    @property
    def data(self) -> Path:
        return self.root / "data"

    @property
    def inbox(self) -> Path:
        """Files dropped here become batches."""
        return self.data / "inbox"

    @property
    def phantoms(self) -> Path:
        """Archives of made-up pictures, written by the demo."""
        return self.data / "phantoms"

    @property
    def raw(self) -> Path:
        """The only zone with identity: bytes, journal, batch plans, catalogue."""
        return self.data / "raw"

    @property
    def plans(self) -> Path:
        """One JSON a batch: which files it holds and what their labels file said."""
        return self.raw / "plans"

    @property
    def processed(self) -> Path:
        """De-identified pictures: `<subject>/<study>/<image>.dcm` (or `.png` for pictures that came without DICOM)."""
        return self.data / "processed"

    @property
    def rejected(self) -> Path:
        return self.processed / "rejected"

    @property
    def standard(self) -> Path:
        """Standard images: a folder a batch, in it shards, each a zarr group with one array a picture."""
        return self.data / "standard"

    @property
    def tensors(self) -> Path:
        """Tensors: `<recipe id>/<batch>.zarr`."""
        return self.data / "tensors"

    @property
    def settings(self) -> Path:
        """What the store sets otherwise than the defaults, asset by asset; there only where somebody wrote it."""
        return self.root / "xray.yaml"

    @property
    def dataset(self) -> Path:
        """What people say of the data: sources, reference standard, intended use; there only where somebody did."""
        return self.root / "dataset.yaml"

    @property
    def recipes(self) -> Path:
        """Recipes that users wrote for this store: `NAME.yaml`; there only where somebody wrote one."""
        return self.root / "recipes"

    @property
    def patches(self) -> Path:
        return self.data / "patches"

    @property
    def tables(self) -> Path:
        """Parquet tables without identity: `<table>/<batch or 'all'>.parquet`."""
        return self.data / "tables"

    @property
    def manifests(self) -> Path:
        """What was written, by size, time and checksum: `<what>.json`, apart from what it speaks of."""
        return self.data / "manifests"

    @property
    def models(self) -> Path:
        return self.data / "models"

    @property
    def reports(self) -> Path:
        return self.data / "reports"

    @property
    def docs(self) -> Path:
        """Data Docs of the validations."""
        return self.data / "docs"

    @property
    def failures(self) -> Path:
        """Readable records of failed runs."""
        return self.data / "failures"

    @property
    def dagster(self) -> Path:
        return self.data / ".dagster"

    @property
    def mlruns(self) -> Path:
        return self.root / "mlruns"
