# SPDX-License-Identifier: MIT
"""What the guards share: the files of the tree, a scratch copy of it to plant faults in,
and running the tools of the toolchain."""
import json
import re
import shutil
import subprocess

C_ROOMS = ("src/", "include/", "examples/", "trace/")


def run(*command, **more):
    """The output of a command that must succeed."""
    done = subprocess.run([str(c) for c in command], stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True, errors="replace", **more)
    assert done.returncode == 0, f"{command}: {done.stdout}"
    return done.stdout


def files(tree, *prefixes, suffix=("",)):
    """The project's own files below the prefixes, those not yet added included; what git
    ignores is not the project's."""
    if (tree / ".git").exists():
        names = run("git", "ls-files", "-co", "--exclude-standard", cwd=tree).split("\n")
    else:
        names = [str(p.relative_to(tree)) for p in tree.rglob("*")
                 if not p.relative_to(tree).parts[0].startswith("build")]
    return [tree / n for n in sorted(set(names))
            if n.startswith(prefixes or "") and n.endswith(tuple(suffix))
            and (tree / n).is_file()]


def copy(tree, to):
    """A copy of the project's files, to plant a fault in, without the corpus of the fuzzers,
    hundreds of files."""
    for path in files(tree):
        if path.is_relative_to(tree / "tests/fuzz/corpus"):
            continue
        target = to / path.relative_to(tree)
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(path, target)
    return to


def plant(tree, name, text):
    """Add text at the end of a file, which may be a new one."""
    path = tree / name
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a") as out:
        out.write(text)
    return path


def compile_flags(build, source="src/base/bytes.c"):
    """How meson compiles a source of the project, without its names of files."""
    for entry in json.loads((build / "compile_commands.json").read_text()):
        if entry["file"].endswith(source) and "libkedge-trace" not in entry["output"]:
            words = re.sub(r" -M[DQF]+( \S+\.[od])?| -[co] \S+", "", entry["command"]).split()
            return [w for w in words if not w.endswith(".c")], entry["directory"]
    raise AssertionError(f"{source} is not compiled in {build}")


def show(complaints):
    return "\n" + "\n".join(complaints)
