"""Renewed manifests: the records of what was rewritten or removed on purpose, so that they are true again."""

from collections.abc import Collection, Iterator, Mapping
from pathlib import Path

from xray_platform.tables.faults import files_of, manifest_names
from xray_platform.tables.manifest import FileFacts, Manifest, below, facts_of, keep, manifest_file, read_manifest
from xray_platform.tables.places import Places


def renew(places: Places, changed: Collection[Path], gone: Collection[Path]) -> None:
    """Record anew the files that were changed, and speak no more of those that are gone, in all manifests."""
    anew, lost = ({below(places, path) for path in paths} for paths in (changed, gone))
    for name in manifest_names(places) if anew or lost else ():
        files = files_of(places, name)
        if files.keys() & (anew | lost):
            left = dict(_left(places, files, anew, lost))
            if left:
                keep(places, Manifest(name, left, read_manifest(places, name).rows))
            else:
                manifest_file(places, name).unlink()


def _left(
    places: Places, files: Mapping[str, FileFacts], anew: Collection[str], lost: Collection[str]
) -> Iterator[tuple[str, FileFacts]]:
    for path, facts in files.items():
        if path not in lost:
            yield path, facts_of(places.data / path, sha256=bool(facts.sha256)) if path in anew else facts
