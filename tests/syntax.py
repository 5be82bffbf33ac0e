"""What the tests of the house read out of the code by its syntax: classes, their attributes, instances of modules."""

import ast
from functools import cache
from typing import NamedTuple

from benchmarks.import_graph import module_paths
from tests.paths import ROOT

PATHS = module_paths()


@cache
def trees():
    """Of each module, by its name."""
    return {module: ast.parse(path.read_text("utf-8")) for module, path in PATHS.items()}


class Class(NamedTuple):
    module: str
    name: str
    """``Outer.Inner`` for one that stands in another."""
    node: ast.ClassDef

    @property
    def frozen(self):
        """A value: NamedTuple, enum, frozen dataclass or frozen msgspec.Struct."""
        options = [one for call in self.node.decorator_list if isinstance(call, ast.Call) for one in call.keywords]
        bases = {ast.unparse(base).rpartition(".")[2] for base in self.node.bases}
        return bool(bases & {"NamedTuple", "Enum", "StrEnum", "IntEnum"}) or any(
            one.arg == "frozen" and getattr(one.value, "value", False) for one in [*options, *self.node.keywords]
        )

    @property
    def attributes(self):
        """Fields, and what methods set on self."""
        declared = {
            line.target.id
            for line in self.node.body
            if isinstance(line, ast.AnnAssign) and "ClassVar" not in ast.unparse(line.annotation)
        }
        methods = [line for line in self.node.body if isinstance(line, ast.FunctionDef | ast.AsyncFunctionDef)]
        return declared | {
            node.attr
            for method in methods
            for node in ast.walk(method)
            if isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store)
            if isinstance(node.value, ast.Name) and node.value.id == "self"
        }


def classes_of(module, node=None, outer=""):
    """Each class of a module, with those inside of classes."""
    for line in ast.iter_child_nodes(trees()[module] if node is None else node):
        if isinstance(line, ast.ClassDef):
            yield Class(module, outer + line.name, line)
            yield from classes_of(module, line, f"{outer}{line.name}.")


def all_classes():
    return [one for module in PATHS for one in classes_of(module)]


def module_level_instances():
    """``module.name`` of whatever a module makes of a class of ours when it is imported, other than values."""
    made = {one.name for one in all_classes() if not one.frozen}
    for module, tree in trees().items():
        for line in tree.body:
            call = line.value if isinstance(line, ast.Assign | ast.AnnAssign) else None
            # ``Class(...)``, ``module.Class(...)`` and ``Class.of(...)``.
            if isinstance(call, ast.Call) and made & set(ast.unparse(call.func).split(".")):
                target = line.targets[0] if isinstance(line, ast.Assign) else line.target
                yield f"{module}.{ast.unparse(target)}"


def long_files(lines):
    """Files of more lines than this, without migrations."""
    counts = {path.relative_to(ROOT).as_posix(): path.read_text("utf-8").count("\n") for path in PATHS.values()}
    return {path for path, count in counts.items() if count > lines}
