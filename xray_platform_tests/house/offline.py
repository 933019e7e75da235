"""Offline: a built site fetches nothing from elsewhere; as a module it says what `site` fetches."""

import re
import sys
from html.parser import HTMLParser
from pathlib import Path

_ELSEWHERE = re.compile(r"\s*(?:https?:)?//", re.IGNORECASE)
_CSS = re.compile(r"(?:url\(|@import)\s*['\"]?((?:https?:)?//[^'\")\s]+)", re.IGNORECASE)
NOT_FETCHED = {"canonical", "prev", "next", "alternate"}  # links that a browser follows only when it is told to


class Fetches(HTMLParser):
    """Collects the addresses that a page makes a browser fetch by itself."""

    def __init__(self) -> None:
        super().__init__()
        self.addresses: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        said = dict(attrs)
        address = said.get("href") if tag == "link" and said.get("rel") not in NOT_FETCHED else said.get("src")
        if address and _ELSEWHERE.match(address):
            self.addresses.append(address)


def fetched(site: Path) -> list[tuple[str, str]]:
    """Return each file of a site that fetches something from elsewhere, and what."""
    found = []
    for file in sorted(site.rglob("*")):
        if file.suffix == ".html":
            page = Fetches()
            page.feed(file.read_text(encoding="utf-8"))
            found += [(str(file.relative_to(site)), address) for address in page.addresses]
        elif file.suffix == ".css":
            found += [
                (str(file.relative_to(site)), address) for address in _CSS.findall(file.read_text(encoding="utf-8"))
            ]
    return found


def complaint(site: Path) -> str | None:
    """Return a line for each thing that a site fetches from elsewhere, None where there is none."""
    return "\n".join(f"{file} fetches {address}" for file, address in fetched(site)) or None


if __name__ == "__main__":
    sys.exit(complaint(Path(sys.argv[1])))
