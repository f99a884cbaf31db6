"""Which spec serves a device: exactly one, or a clear refusal."""

from importlib.resources import files
from importlib.resources.abc import Traversable
from itertools import combinations

from drivers.schema import load
from drivers.spec import Spec
from protocols.types import Identity


class CatalogueError(Exception):
    """No spec, or more than one, would serve."""


class Catalogue:
    """All specs that are installed, by name and by whom they claim."""

    def __init__(self, specs: list[Spec]) -> None:
        self._by_name = {spec.name: spec for spec in specs}
        self._by_device: dict[tuple[str, int, int], Spec] = {}
        for one, other in combinations(specs, 2):
            if both := _devices(one) & _devices(other):
                maker, version, medium = min(both)
                device = f"{maker} version {version:02X} medium {medium:02X}"
                raise CatalogueError(f"{one.name} and {other.name} both claim {device}: a device has one spec")
        for spec in specs:
            self._by_device.update(dict.fromkeys(_devices(spec), spec))

    def names(self) -> list[str]:
        """All names, sorted."""
        return sorted(self._by_name)

    def by_name(self, name: str) -> Spec:
        """The spec of this name; CatalogueError, with all that there are, if there is none."""
        if name not in self._by_name:
            raise CatalogueError(f"no spec is called {name!r}; there are: {', '.join(self.names())}")
        return self._by_name[name]

    def match(self, who: Identity) -> Spec:
        """The spec that claims this device; CatalogueError if none does."""
        spec = self._by_device.get((who.manufacturer, who.version, who.medium))
        if spec is None:
            device = f"{who.manufacturer} version {who.version:02X} medium {who.medium:02X}"
            raise CatalogueError(f"no spec claims {device}; name one, or generic/mbus-readonly to read it only")
        return spec


def _devices(spec: Spec) -> set[tuple[str, int, int]]:
    if spec.match is None:
        return set()
    return {
        (spec.match.manufacturer, version, medium) for version in spec.match.versions for medium in spec.match.media
    }


def installed() -> Catalogue:
    """The catalogue of the specs that came with this installation."""
    return Catalogue([load(text, name) for name, text in sorted(texts(files("firmware_specs")).items())])


def texts(folder: Traversable) -> dict[str, str]:
    """The spec files below a folder: `maker/model` to text."""
    return {
        f"{maker.name}/{file.name.removesuffix('.toml')}": file.read_bytes().decode()
        for maker in folder.iterdir()
        if maker.is_dir()
        for file in maker.iterdir()
        if file.name.endswith(".toml")
    }
