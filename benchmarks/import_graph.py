"""Do imports run downwards? ``python -m benchmarks.import_graph``: the rooms, the arrows between them, what runs up.

It reads every import of calls/, stt/ and voiceapp/, those inside of functions too, and sorts the modules into the rooms
of tests/test_layers.py. A room may import those that stand before it. Some hold alcoves, ordered as rooms are, the desk
ten: these count with their room, and once more on their own, which ``--alcoves`` draws. Exit status 1: an import runs
up and does not name a facade.
"""

from __future__ import annotations

import argparse
import ast
import sys
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from tests.paths import ROOT

PACKAGES = ("calls", "stt", "voiceapp")


class Room(NamedTuple):
    """A row of the table of rooms. Rows of one name are one room; where the first of them stands, the room stands."""

    name: str
    kind: str
    """P pure, S shell, A vendor adapter, D Django, L lab, site."""
    prefixes: tuple[str, ...]
    """Modules and packages that stand in it. Where two rows claim a module, the longer prefix wins."""
    within: str = ""
    """The room whose alcove it is; empty where it is a room of the house."""

    @property
    def of_house(self) -> str:
        """The room of the house: itself, or the one that it is an alcove of."""
        return self.within or self.name


class Import(NamedTuple):
    """One import of one module of ours by another."""

    importer: str
    imported: str
    line: int


@dataclass(frozen=True)
class ImportGraph:
    """All modules and their imports, sorted into rooms."""

    rows: Sequence[Room]
    rooms: Mapping[str, Sequence[str]]
    """Room or alcove -> its modules that hold anything, in the order of the table."""
    imports: Sequence[Import]

    def house(self) -> dict[str, list[str]]:
        """Room of the house -> its modules, its alcoves' too."""
        of_house = {row.name: row.of_house for row in self.rows}
        rooms: dict[str, list[str]] = {}
        for room, modules in self.rooms.items():
            rooms.setdefault(of_house[room], []).extend(modules)
        return rooms

    def arrows(self, *, alcoves: bool = False) -> Counter[tuple[str, str]]:
        """(importing room, imported room) -> how many imports, without those inside of a room. ``alcoves``: each counts
        as a room."""

        def room(module: str) -> str:
            row = room_of(module, self.rows)
            return row.name if alcoves else row.of_house

        pairs = ((room(one.importer), room(one.imported)) for one in self.imports)
        return Counter(pair for pair in pairs if pair[0] != pair[1])

    def upward(self) -> list[Import]:
        """The imports of a room that stands behind the importer's."""
        place = {room: number for number, room in enumerate(self.rooms)}
        return [
            one
            for one in self.imports
            if place[room_of(one.importer, self.rows).name] < place[room_of(one.imported, self.rows).name]
        ]


def room_of(module: str, rooms: Iterable[Room]) -> Room:
    """The room that claims the module by the longest prefix. LookupError if none does."""
    claims = [
        (len(prefix), room)
        for room in rooms
        for prefix in room.prefixes
        if module == prefix or module.startswith(prefix + ".")
    ]
    if not claims:
        raise LookupError(f"{module} stands in no room")
    return max(claims, key=lambda claim: claim[0])[1]


def module_paths(root: Path = ROOT) -> dict[str, Path]:
    """Each module's name -> its file, without migrations and without packages that hold nothing."""
    paths = {}
    for path in sorted(path for package in PACKAGES for path in (root / package).rglob("*.py")):
        parts = path.relative_to(root).with_suffix("").parts
        if "migrations" in parts:
            continue
        paths[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    return paths


def imports_of(module: str, path: Path, known: Mapping[str, Path]) -> Iterator[Import]:
    """What a module imports of the known modules, relative imports and those inside of functions too."""
    package = module if path.name == "__init__.py" else module.rpartition(".")[0]
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            above = package.split(".")[: len(package.split(".")) - node.level + 1] if node.level else []
            origin = ".".join([*above, *([node.module] if node.module else [])])
            # "from package import module" imports the module, "from module import name" the module before it.
            inner = [f"{origin}.{alias.name}" for alias in node.names]
            names = [name if name in known else origin for name in inner]
        else:
            continue
        yield from (Import(module, name, node.lineno) for name in dict.fromkeys(names) if name in known)


def read_graph(rows: Sequence[Room], root: Path = ROOT) -> ImportGraph:
    """Reads all modules. LookupError if one stands in no room."""
    paths = module_paths(root)
    rooms: dict[str, list[str]] = {row.name: [] for row in rows}
    for module, path in paths.items():
        if path.name != "__init__.py" or path.stat().st_size:
            rooms[room_of(module, rows).name].append(module)
    imports = [one for module, path in paths.items() for one in imports_of(module, path, paths)]
    return ImportGraph(rows, rooms, imports)


def print_rooms(rooms: Mapping[str, Sequence[str]], arrows: Counter[tuple[str, str]]) -> None:
    for room, modules in rooms.items():
        print(f"{room:<24} {len(modules):>3} modules")
        for (importer, imported), count in sorted(arrows.items()):
            if importer == room:
                print(f"    -> {imported:<24} {count:>3}")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--alcoves", action="store_true", help="Draw each alcove as a room.")
    options = parser.parse_args()
    from tests.test_layers import FACADES, ROOMS

    graph = read_graph(ROOMS)
    house, arrows, finer = graph.house(), graph.arrows(), graph.arrows(alcoves=True)
    if options.alcoves:
        print_rooms(graph.rooms, finer)
    else:
        print_rooms(house, arrows)
    up = graph.upward()
    bad = [one for one in up if one.imported not in FACADES]
    print(f"{len(house)} rooms, {len(arrows)} arrows, {len(bad)} imports run up, {len(up) - len(bad)} to facades")
    print(f"with each alcove as a room: {len(graph.rooms)} rooms, {len(finer)} arrows")
    for one in up:
        note = " (facade)" if one.imported in FACADES else ""
        print(f"    {one.importer}, line {one.line} -> {one.imported}{note}")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
