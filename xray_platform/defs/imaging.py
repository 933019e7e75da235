"""Imaging assets: standard images, tensors of each recipe in use, and patches, of a batch."""

import dagster as dg

from xray_platform.defs.asset import PlatformAsset, platform_asset
from xray_platform.defs.asset_result import AssetResult
from xray_platform.defs.automation import FOLLOW
from xray_platform.defs.launchpad import PatchIndexSettings, TensorSettings, part_of
from xray_platform.defs.metadata_images import grey_image_sheet
from xray_platform.defs.progress import logged
from xray_platform.defs.store import Store
from xray_platform.dicom.standard.standard_images import StandardSettings, standardise_batch
from xray_platform.imaging.store.patch_settings import PatchSettings
from xray_platform.imaging.store.patches import index_batch, write_patch_files
from xray_platform.imaging.store.rounding import for_display
from xray_platform.imaging.store.tensors import read_tensors, rows_part, tensorise_batch
from xray_platform.tables.all import LABELS, PATCHES, STANDARD_IMAGES, TENSORS
from xray_platform.tables.layouts import standard_manifest, tensors_manifest
from xray_platform.tables.manifest import read_manifest

GROUP = "imaging"


@platform_asset(group=GROUP, version="5", by_batch=True, deps=["images"], kinds={"zarr"}, automation=FOLLOW)
def standard_images(context: dg.AssetExecutionContext, store: Store, config: StandardSettings) -> AssetResult:
    """Every picture decoded once: 16 bit, upright and seen from the front, MONOCHROME2."""
    places, batch = store.places, context.partition_key
    frame = standardise_batch(places, batch, config, progress=logged(context))
    STANDARD_IMAGES.write(places, frame, batch)
    content = read_manifest(places, standard_manifest(batch)).content
    levels = int(frame["grey_levels"].median()) if len(frame) else 0
    return AssetResult(STANDARD_IMAGES, frame, {"grey levels": levels}, content)


def tensors_asset(made: TensorSettings) -> PlatformAsset:
    """Return the asset that makes the tensors of one recipe and side, which some model of the store reads."""

    def body(context: dg.AssetExecutionContext, store: Store) -> AssetResult:
        places, batch, recipe = store.places, context.partition_key, made.made(store.places)
        frame = tensorise_batch(places, batch, recipe, progress=logged(context))
        TENSORS.write(places, frame, rows_part(batch, recipe.id))
        sheet = grey_image_sheet(for_display(read_tensors(places, recipe.id, frame.head(8))))
        content = read_manifest(places, tensors_manifest(recipe.id, batch)).content
        return AssetResult(
            TENSORS, frame, {"recipe": recipe.id, "steps": recipe.describe(), "pictures": sheet}, content
        )

    return platform_asset(
        name=made.asset,
        group=GROUP,
        version="1",
        by_batch=True,
        deps=["standard_images"],
        kinds={"zarr"},
        automation=FOLLOW,
        description=f"The pictures as models see them: the output of the recipe `{made.recipe}` at {made.tensor_side} "
        "pixels, one zarr chunk a picture.",
    )(body)


@platform_asset(
    group=GROUP,
    version="1",
    by_batch=True,
    more_deps=lambda settings: [settings.asset],
    kinds={"parquet"},
    automation=FOLLOW,
)
def patches(context: dg.AssetExecutionContext, store: Store, config: PatchIndexSettings) -> AssetResult:
    """Windows into the tensors; as an index, and as PNG by class where the launchpad asks for it."""
    places, batch = store.places, context.partition_key
    recipe, cutting = config.made(places).id, part_of(PatchSettings, config)
    frame = index_batch(places, batch, recipe, cutting)
    PATCHES.write(places, frame, batch)
    written = (
        write_patch_files(places, batch, recipe, cutting, LABELS.read(places), progress=logged(context))
        if config.write_files
        else "none, the index is enough; set write_files for PNG"
    )
    return AssetResult(PATCHES, frame, {"recipe": recipe, "patches": cutting.describe(), "files": written})


ASSETS = [standard_images, patches]
