"""The house rules that no other tool checks, read from the code itself."""

import ast
from collections.abc import Iterator
from pathlib import Path

import grimp
import pytest

ROOT = Path(__file__).parents[2]
PRODUCT = ("kernel", "contracts", "services", "schema", "deploy")
LONGEST_FUNCTION, LONGEST_MODULE, MOST_POSITIONAL = 50, 400, 6
SERVICE_FILES = {
    "app", "worker", "router", "consumers", "dependencies", "service", "queries", "domain", "schemas", "errors",
    "models", "settings", "templates", "static", "__init__",
}  # fmt: skip
Function = ast.FunctionDef | ast.AsyncFunctionDef


def product_files() -> list[Path]:
    found = (path for folder in PRODUCT for path in (ROOT / folder).rglob("*.py"))
    return sorted(path for path in found if "migrations" not in path.parts)


def functions(tree: ast.AST) -> Iterator[Function]:
    return (node for node in ast.walk(tree) if isinstance(node, Function))


def is_generated(source: str) -> bool:
    return "GENERATED" in source[:200]


@pytest.fixture(scope="module", params=product_files(), ids=lambda p: str(p.relative_to(ROOT)))
def module(request: pytest.FixtureRequest) -> tuple[Path, str, ast.Module]:
    source = request.param.read_text()
    return request.param, source, ast.parse(source)


def test_functions_and_modules_stay_small(module: tuple[Path, str, ast.Module]) -> None:
    path, source, tree = module
    long = [f.name for f in functions(tree) if (f.end_lineno or 0) - f.lineno + 1 > LONGEST_FUNCTION]
    assert long == [], f"functions over {LONGEST_FUNCTION} lines in {path}"
    assert is_generated(source) or source.count("\n") <= LONGEST_MODULE, (
        f"{path} is longer than {LONGEST_MODULE} lines"
    )


def test_functions_take_few_positional_arguments(module: tuple[Path, str, ast.Module]) -> None:
    _, _, tree = module
    # FastAPI passes a route's parameters by keyword; everything else is called by people.
    wide = [f.name for f in functions(tree) if len(f.args.args) > MOST_POSITIONAL and not f.decorator_list]
    assert wide == []


def test_routes_and_their_dependencies_are_coroutines(module: tuple[Path, str, ast.Module]) -> None:
    """FastAPI calls a plain function in a thread, which costs a request more than most dependencies do."""
    _, _, tree = module
    asked_for = {
        node.args[0].id
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "Depends"
        if node.args and isinstance(node.args[0], ast.Name)
    }
    coroutines = {f.name for f in functions(tree) if isinstance(f, ast.AsyncFunctionDef)}
    assert asked_for <= coroutines
    routes = {f.name for f in functions(tree) if any(is_route(d) for d in f.decorator_list)}
    assert routes <= coroutines


def is_route(decorator: ast.expr) -> bool:
    function = decorator.func if isinstance(decorator, ast.Call) else None
    owner = function.value if isinstance(function, ast.Attribute) else None
    return isinstance(owner, ast.Name) and owner.id.endswith("router")


def test_only_the_kernel_commits(module: tuple[Path, str, ast.Module]) -> None:
    path, _, tree = module
    if path.is_relative_to(ROOT / "schema") or path.is_relative_to(ROOT / "deploy"):
        return
    commits = [
        node.lineno
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "commit"
    ]
    assert commits == [], f"{path} commits; only kernel/db.py ends a transaction"


def test_every_service_has_the_same_files() -> None:
    for service in ("identity", "ingestion", "analytics", "seo"):
        entries = {
            path.stem for path in (ROOT / "services" / service).iterdir() if path.name != "__pycache__"
        }
        assert entries <= SERVICE_FILES, f"{service} has files that no other service has"
        missing = {
            "app",
            "worker",
            "router",
            "service",
            "queries",
            "schemas",
            "errors",
            "models",
            "settings",
        } - entries
        assert not missing, f"{service} lacks {missing}"


def test_events_are_recorded_by_services_only() -> None:
    for path in (ROOT / "services").rglob("*.py"):
        if "record(" in path.read_text() and "from kernel.events import" in path.read_text():
            assert "service" in path.relative_to(ROOT / "services").parts[1], f"{path} records an event"


def test_the_import_graph_has_no_cycle() -> None:
    graph = grimp.build_graph(*PRODUCT, cache_dir=None)
    remaining = {m: set(graph.find_modules_directly_imported_by(m)) for m in graph.modules}
    while True:
        free = {m for m, imported in remaining.items() if not imported & remaining.keys()}
        if not free:
            break
        for m in free:
            del remaining[m]
    assert remaining == {}, "these modules import each other"
