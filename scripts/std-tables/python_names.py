"""Prints what the running interpreter's standard library holds, as JSON: {"version", "modules": {name: [names] or null}, "builtins", "methods"}.

Names are those a module has at run time and those any branch of its source binds, so that what another platform has is there
too. null: the module exists but could not be looked into. Runs on Python 3.8 and later.
"""
import ast
import builtins
import importlib
import importlib.util
import io
import json
import os
import pkgutil
import sys
import warnings

UNOPENED = {"antigravity", "this", "idlelib", "test", "turtledemo", "lib2to3", "site"}
LIBRARY = os.path.dirname(os.__file__)


def top_level():
    known = getattr(sys, "stdlib_module_names", None)
    if known:
        return set(known)
    found = set(sys.builtin_module_names)
    folders = [LIBRARY, os.path.join(LIBRARY, "lib-dynload")]
    found.update(info.name for info in pkgutil.iter_modules(folders))
    return found | {"msvcrt", "winreg", "winsound", "nt", "_winapi"}


def source_names(path):
    try:
        with open(path, "rb") as file:
            tree = ast.parse(file.read())
    except (OSError, SyntaxError, ValueError):
        return set()
    names = set()

    def bind(target):
        for node in ast.walk(target):
            if isinstance(node, ast.Name):
                names.add(node.id)

    def walk(body):
        for node in body:
            if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
                names.add(node.name)
                for inner in ast.walk(node):
                    if isinstance(inner, ast.Global):
                        names.update(inner.names)
                continue
            if isinstance(node, (ast.Import, ast.ImportFrom)):
                names.update((alias.asname or alias.name.split(".")[0]) for alias in node.names)
            for target in getattr(node, "targets", [getattr(node, "target", None)]):
                if target is not None:
                    bind(target)
            for field in ("body", "orelse", "finalbody"):
                walk(getattr(node, field, []) or [])
            for handler in getattr(node, "handlers", []):
                walk(handler.body)

    walk(tree.body)
    return names


def look_into(name):
    names, known = set(), False
    try:
        module = importlib.import_module(name)
        names.update(dir(module))
        known = True
    except BaseException:
        module = None
    try:
        spec = importlib.util.find_spec(name)
    except BaseException:
        spec = None
    if spec and spec.origin and spec.origin.endswith(".py"):
        names.update(source_names(spec.origin))
        known = True
    return (sorted(each for each in names if not each.startswith("_")) if known else None), module, spec


def main():
    warnings.simplefilter("ignore")
    output, sys.stdout, sys.stderr = sys.stdout, io.StringIO(), io.StringIO()
    modules = {}
    present = top_level() | {"__main__"}
    modules.update((name, None) for name in present & (UNOPENED | {"__main__"}))
    waiting = sorted(present - set(modules))
    while waiting:
        name = waiting.pop(0)
        names, module, spec = look_into(name)
        modules[name] = names
        paths = getattr(module, "__path__", None) or (spec and spec.submodule_search_locations) or []
        for info in pkgutil.iter_modules(list(paths)):
            if info.name not in ("__main__", "test", "tests"):
                waiting.append(name + "." + info.name)
    # Not a file of its own.
    modules["os.path"] = sorted(set(modules.get("posixpath") or []) | set(modules.get("ntpath") or []))
    methods = {
        kind.__name__: sorted(each for each in dir(kind) if not each.startswith("_"))
        for kind in (str, bytes, bytearray, int, float, list, tuple, dict, set, frozenset)
    }
    output.write(
        json.dumps(
            {
                "version": "%d.%d" % sys.version_info[:2],
                "modules": modules,
                "builtins": sorted(set(dir(builtins)) | {"WindowsError", "reveal_type", "__file__", "__path__"}),
                "methods": methods,
            }
        )
    )


main()
