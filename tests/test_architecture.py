"""The house rules of design.md section 2, read from the source itself."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[1] / "translator"
MODULES = sorted(path.relative_to(PACKAGE).as_posix() for path in PACKAGE.rglob("*.py"))


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


# From the top down: a layer imports only layers below it, and parts on one line never import each other.
LAYERS = (
    ("__main__",),
    ("cli",),
    ("demo_orders",),
    ("demo",),
    ("app", "arrow", "doctor", "planning", "scaffold", "service"),
    ("bulk",),
    ("service_doors", "service_workers"),
    ("console_desk", "service_site"),
    ("reception",),
    ("confirmations", "usable"),
    ("cancelling", "ledger_provenance", "notify", "review", "requisitions", "lab_side", "filing", "streams"),
    ("reviewer",),
    ("delivery", "errands", "feed", "lab_way", "study_history"),
    ("delivery_counts", "presence", "roles", "sharing"),
    ("vendors",),
    ("accept", "transmit", "web", "sandbox"),
    ("intake",),
    ("checkup", "sites"),
    ("site_check",),
    ("__init__", "archives", "site_fixtures"),
    ("recorded",),
    ("coverage_page", "engine", "provenance"),
    ("chosen_message", "coverage", "order_provenance", "table_versions"),
    ("ledger", "config", "conformance", "exports", "mapping_files", "plan", "tracing"),
    ("config_places", "config_schema"),
    ("config_keys",),
    ("config_intake_keys", "config_trace"),
    ("config_intakes", "config_streams"),
    ("config_checks", "logs"),
    ("config_lab",),
    ("config_log", "jobs", "lane_turns", "listening", "secrets", "signature", "site_key", "whole_file", "words"),
    ("defects",),
    ("conformance_fhir", "pipeline", "segment_order", "ucum"),
    ("portions",),
    ("read", "translate", "write"),
    ("record",),
    ("errors",),
)
RANK = {part: rank for rank, layer in enumerate(reversed(LAYERS)) for part in layer}

PURE_PARTS = frozenset(
    {
        "coverage",
        "errors",
        "lane_turns",
        "record",
        "read",
        "translate",
        "write",
        "pipeline",
        "plan",
        "portions",
        "provenance",
    }
)
IMPURE = _words(
    "aiohttp alembic asyncio click ctypes fcntl glob http httpx importlib logging msvcrt multiprocessing os pathlib "
    "queue random rich secrets select shutil signal socket sqlalchemy sqlite3 ssl starlette subprocess sys tempfile "
    "threading time urllib.request uvicorn"
)
IMPURE_CALLS = frozenset({"now", "utcnow", "today", "uuid1", "uuid4", "open", "print", "input"})
SQL = frozenset({"alembic", "sqlalchemy", "sqlite3"})
HEAVY = _words(
    "alembic cryptography daft faststream fhir google hl7apy httpx nats opentelemetry procrastinate psycopg pyarrow "
    "pydantic rapidfuzz ray rich sqlalchemy starlette uvicorn"
)
VAGUE = _words("base common core handler handlers helper helpers lib manager misc shared stuff tools util utils")
LONGEST = 300

# Where a Decimal becomes the number that JSON needs; everywhere else in the core a float would alter a result.
FLOAT_IS_MEANT = frozenset({"record/quantity.py"})


def part_of(module: str) -> str:
    """Name the part of the house that a file belongs to."""
    return module.split("/", maxsplit=1)[0].removesuffix(".py")


def tree(module: str) -> ast.Module:
    """Parse one file of the package."""
    return ast.parse((PACKAGE / module).read_text(encoding="utf-8"))


def imports(node: ast.AST) -> Iterator[str]:
    """Name everything that is imported at or below a node, with what is taken from it."""
    for found in ast.walk(node):
        if isinstance(found, ast.Import):
            yield from (alias.name for alias in found.names)
        elif isinstance(found, ast.ImportFrom) and found.module:
            yield from (f"{found.module}.{alias.name}" for alias in found.names)


def our_parts(module: str) -> Iterator[str]:
    """Name the parts of the house that a file imports."""
    for name in imports(tree(module)):
        words = name.split(".")
        if words[0] == "translator":
            yield words[1] if len(words) > 1 and words[1] in RANK else "__init__"


def is_pure(module: str) -> bool:
    """Tell whether a file promises to be pure: by its part, or by its docstring's first line."""
    first_line = (ast.get_docstring(tree(module)) or "").split("\n", maxsplit=1)[0]
    return part_of(module) in PURE_PARTS or "(pure)" in first_line


def uses(name: str, modules: frozenset[str]) -> bool:
    """Tell whether a dotted name is one of the modules or lies in one."""
    return any(name == module or name.startswith(f"{module}.") for module in modules)


@pytest.mark.parametrize("module", MODULES)
def test_module_belongs_to_a_layer(module: str) -> None:
    """Every file has a place in the house."""
    assert part_of(module) in RANK


@pytest.mark.parametrize("module", MODULES)
def test_module_imports_only_layers_below(module: str) -> None:
    """A part imports itself and what lies below it, never what is beside or above."""
    own = part_of(module)

    wrong = {part for part in our_parts(module) if part != own and RANK[part] >= RANK[own]}

    assert not wrong


@pytest.mark.parametrize("module", [module for module in MODULES if is_pure(module)])
def test_pure_module_knows_no_world(module: str) -> None:
    """The pure core imports no I/O, clock or randomness, and calls none."""
    parsed = tree(module)
    calls = [node.func for node in ast.walk(parsed) if isinstance(node, ast.Call)]
    names = {func.attr if isinstance(func, ast.Attribute) else getattr(func, "id", "") for func in calls}

    impure = {name for name in imports(parsed) if uses(name, IMPURE)} | (names & IMPURE_CALLS)

    assert not impure


@pytest.mark.parametrize("module", [module for module in MODULES if part_of(module) != "ledger"])
def test_sql_is_spoken_only_in_the_ledger(module: str) -> None:
    """No file outside ledger/ imports SQL."""
    spoken = {name for name in imports(tree(module)) if uses(name, SQL)}

    assert not spoken


@pytest.mark.parametrize("module", MODULES)
def test_name_says_what_is_inside(module: str) -> None:
    """No file or folder has a name that fits everything."""
    words = set(module.removesuffix(".py").replace("/", "_").split("_"))

    assert not words & VAGUE


@pytest.mark.parametrize("module", MODULES)
def test_module_has_one_idea(module: str) -> None:
    """A file of more than 300 lines has two ideas in it."""
    lines = (PACKAGE / module).read_text(encoding="utf-8").count("\n")

    assert lines <= LONGEST


@pytest.mark.parametrize("module", [module for module in MODULES if module != "__main__.py"])
def test_module_says_what_it_is_for(module: str) -> None:
    """Every file opens with a sentence about itself."""
    assert ast.get_docstring(tree(module))


@pytest.mark.parametrize(
    "module",
    [
        module
        for module in MODULES
        if part_of(module) in {"read", "record", "translate"} and module not in FLOAT_IS_MEANT
    ],
)
def test_core_makes_no_float(module: str) -> None:
    """A value stays a Decimal from the wire to the payload, except in the one place that writes JSON numbers."""
    made = [
        node.lineno
        for node in ast.walk(tree(module))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "float"
    ]

    assert not made


@pytest.mark.parametrize("module", MODULES)
def test_nothing_is_caught_blindly(module: str) -> None:
    """No handler takes every exception: what is not expected must be seen."""
    blind = [
        node.lineno
        for node in ast.walk(tree(module))
        if isinstance(node, ast.ExceptHandler)
        and (
            node.type is None
            or {"Exception", "BaseException"} & {n.id for n in ast.walk(node.type) if isinstance(n, ast.Name)}
        )
    ]

    assert not blind


@pytest.mark.parametrize(
    "code",
    [
        pytest.param("import translator", id="library"),
        pytest.param("import translator.cli", id="command-line"),
        pytest.param("from translator.cli import main; main(['--help'])", id="help"),
        pytest.param("from translator.cli import main; main(['translate', '--help'])", id="verb-help"),
    ],
)
def test_start_loads_nothing_heavy(code: str) -> None:
    """Neither the library nor `--help` imports a package that costs more than it gives there."""
    script = f"{code}\nimport sys; print(*sys.modules, file=sys.stderr)"

    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)

    assert not HEAVY & {name.split(".")[0] for name in done.stderr.split()}
