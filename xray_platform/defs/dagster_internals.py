"""Dagster internals: all that is taken from Dagster's private modules, and for what; an upgrade is tried here first.

Dagster 1.13 has no public way to: open an instance below a folder of our choice (`InstanceRef`); ask for checks of one
partition (`PartitionKeyFilter`, `AssetCheckExecutionRecord` and its status); say where the code of a run of the command
lies, so that it can be executed again in the UI (the origins); refuse a launchpad's value by its range before the run
exists (`ConfigScalar`, `PostProcessingError`); read why a run failed outside of any step (`JobFailureData`); name the
type of a job of assets (`UnresolvedAssetJobDefinition`); note another materialisation with a run that is over, so that
its settings are still known (`DagsterEvent`, `StepMaterializationData`).
"""

from dagster._config import ConfigScalar, ConfigScalarKind
from dagster._config.errors import PostProcessingError
from dagster._core.definitions.repository_definition import SINGLETON_REPOSITORY_NAME
from dagster._core.definitions.unresolved_asset_job_definition import UnresolvedAssetJobDefinition
from dagster._core.event_api import PartitionKeyFilter
from dagster._core.events import DagsterEvent, JobFailureData, StepMaterializationData
from dagster._core.instance.ref import InstanceRef
from dagster._core.remote_origin import ManagedGrpcPythonEnvCodeLocationOrigin, RemoteRepositoryOrigin
from dagster._core.storage.asset_check_execution_record import (
    AssetCheckExecutionRecord,
    AssetCheckExecutionRecordStatus,
)
from dagster._core.types.loadable_target_origin import LoadableTargetOrigin
from dagster_shared.error import SerializableErrorInfo

__all__ = [
    "SINGLETON_REPOSITORY_NAME",
    "AssetCheckExecutionRecord",
    "AssetCheckExecutionRecordStatus",
    "ConfigScalar",
    "ConfigScalarKind",
    "DagsterEvent",
    "InstanceRef",
    "JobFailureData",
    "LoadableTargetOrigin",
    "ManagedGrpcPythonEnvCodeLocationOrigin",
    "PartitionKeyFilter",
    "PostProcessingError",
    "RemoteRepositoryOrigin",
    "SerializableErrorInfo",
    "StepMaterializationData",
    "UnresolvedAssetJobDefinition",
]
