"""World environment: tell Lightning who is who among processes that have found each other already."""

from lightning.fabric.plugins.environments.cluster_environment import ClusterEnvironment
from lightning.pytorch.strategies import DDPStrategy

from xray_platform.training.world import World


class WorldEnvironment(ClusterEnvironment):
    """A world as Lightning asks for it."""

    def __init__(self, world: World) -> None:
        super().__init__()
        self.world = world

    @property
    def creates_processes_externally(self) -> bool:
        """Lightning starts none."""
        return True

    @property
    def main_address(self) -> str:
        return self.world.address

    @property
    def main_port(self) -> int:
        return self.world.port

    @staticmethod
    def detect() -> bool:
        """It is never guessed."""
        return False

    def world_size(self) -> int:
        return self.world.size

    def set_world_size(self, size: int) -> None:
        """It is known."""

    def global_rank(self) -> int:
        return self.world.rank

    def set_global_rank(self, rank: int) -> None:
        """It is known."""

    def local_rank(self) -> int:
        return self.world.local_rank

    def node_rank(self) -> int:
        return self.world.rank // self.world.devices


def strategy(world: World, backend: str, *, some_frozen: bool) -> DDPStrategy | str:
    """Return how Lightning trains in this world: each process a share of every batch, gradients averaged."""
    if world.size == 1:
        return "auto"
    return DDPStrategy(
        cluster_environment=WorldEnvironment(world), process_group_backend=backend, find_unused_parameters=some_frozen
    )
