"""Peers: devices of a network by their application entity titles and addresses."""

import re
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

_TITLE = re.compile(r"(?! )[ -\[\]-~]{1,16}(?<! )")  # PS3.5: no control signs, no backslash
_WITH_PORT = re.compile(r"(?:\[(?P<six>[0-9a-fA-F:.]+)\]|(?P<four>[0-9.]+)):(?P<port>[0-9]{1,5})")
MOST_PORT = 65535


@dataclass(frozen=True)
class Sender:
    """A device that may send here: its title, the network that it comes from, and the port on which it listens."""

    title: str
    network: IPv4Network | IPv6Network
    port: int | None = None

    @classmethod
    def parse(cls, title: str, where: str) -> "Sender":
        """Read a line of the settings: `10.0.0.5`, `10.0.0.0/24`, `10.0.0.5:104`, `[fd00::5]:104`; ValueError."""
        found = _WITH_PORT.fullmatch(where)
        address, port = (found["six"] or found["four"], int(found["port"])) if found else (where, None)
        try:
            network = ip_network(address)
        except ValueError:
            raise ValueError(
                f"{where!r} of {title} is no address; allowed are 10.0.0.5, 10.0.0.0/24 and 10.0.0.5:104"
            ) from None
        if port is not None and not 0 < port <= MOST_PORT:
            raise ValueError(f"{where!r} of {title} has the port {port}; 1 to {MOST_PORT} are allowed")
        if network.prefixlen == 0:
            raise ValueError(f"{where!r} of {title} is every address there is; name the devices that may send")
        return cls(check_title(title), network, port)

    def comes_from(self, address: str) -> bool:
        """Say whether the device may come from this address."""
        return plain_address(address) in self.network


def plain_address(address: str) -> IPv4Address | IPv6Address:
    """Return an address as such; one of IPv4 that was mapped into IPv6 as the former."""
    found = ip_address(address.partition("%")[0])
    return found.ipv4_mapped or found if isinstance(found, IPv6Address) else found


def check_title(title: str) -> str:
    """Return a title of an application entity if it is one: 1 to 16 printable signs, no backslash; else ValueError."""
    if not _TITLE.fullmatch(title):
        raise ValueError(f"{title!r} is no application entity title; 1 to 16 printable signs without \\ are allowed")
    return title
