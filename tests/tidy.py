#!/usr/bin/env python3
"""tidy.py ROOT - a unit test of the source: the rules of STYLE.md that a machine can check. Prints TAP.

Each check looks at every file it is meant for and lists what breaks it; a rule that changes is changed here too."""
import pathlib
import re
import shutil
import subprocess
import sys

ROOT = pathlib.Path(sys.argv[1]).resolve()
C_FOLDERS = ("base", "engine", "storage", "formats", "api", "daemon", "web", "cli", "bench", "tests")
FUNCTION_LINES_MAX, FILE_LINES_MAX, COLUMNS_MAX = 70, 700, 120
TAB_COLUMNS = 8

# A folder may include its own headers and those of these folders.
LAYERS = {
    "base": (),
    "engine": ("base",),
    "storage": ("base",),
    "formats": ("base",),
    "web": ("base",),
    "api": ("base", "engine", "storage", "formats", "web"),
    "daemon": ("base", "engine", "storage", "formats", "web", "api"),
}

# Where a library's header may be included.
LIBRARY_HOMES = {
    r"sqlite3\.h": lambda path: path.parts[0] == "storage",
    r"cjson/cJSON\.h|cJSON\.h": lambda path: str(path) == "api/json.c",
    r"microhttpd\.h": lambda path: str(path) == "api/http.c",
    r"systemd/.*": lambda path: str(path) == "daemon/notify_systemd.c",
    r"curl/.*": lambda path: path.parts[0] in ("cli", "tests"),
}

# Calls that have a safer neighbour, or that this program must never make.
BANNED = ("strcpy", "strcat", "sprintf", "vsprintf", "atoi", "atol", "atof", "gets", "strtok", "mktemp", "tmpnam",
          "rand", "srand", "alloca", "system", "popen", "dlopen", "execl", "execv", "execve", "execvp", "fork", "vfork",
          "cJSON_GetObjectItem")


def tracked(*suffixes):
    """Files of the repository with these endings: tracked, or new and not ignored; relative to the root."""
    try:
        out = subprocess.run(["git", "-C", ROOT, "ls-files", "-co", "--exclude-standard"], check=True,
                             capture_output=True, text=True).stdout.split("\n")
    except (OSError, subprocess.CalledProcessError):  # a tarball
        out = [str(p.relative_to(ROOT)) for p in ROOT.rglob("*") if not {"build", "node_modules"} & set(p.parts)]
    return [pathlib.Path(name) for name in out if name.endswith(suffixes) and (ROOT / name).is_file()]


C_FILES = [p for p in tracked(".c", ".h") if p.parts[0] in C_FOLDERS]
LIBRARY_FILES = [p for p in C_FILES if p.parts[0] in LAYERS]
SCRIPTS = tracked(".py", ".sh", ".ts", ".tsx", ".mjs")


def text_of(path):
    return (ROOT / path).read_text(encoding="utf-8")


def strip_comments(text, keep_strings=False):
    """The same lines without comments, and without the insides of strings."""
    def blank(match):
        found = match.group(0)
        if not found.startswith("/"):
            return found if keep_strings else found[0] * 2
        return "\n" * found.count("\n") or " "
    return re.sub(r'//[^\n]*|/\*.*?\*/|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\'', blank, text, flags=re.S)


def code_lines(path, keep_strings=False):
    return enumerate(strip_comments(text_of(path), keep_strings).split("\n"), 1)


def grep(paths, pattern, allowed=lambda path: False, keep_strings=False):
    """What `pattern` finds in the code of `paths`, except where it is allowed."""
    expression = re.compile(pattern)
    return [f"{path}:{n}: {line.strip()}" for path in paths if not allowed(path)
            for n, line in code_lines(path, keep_strings) if expression.search(line)]


# --- checks: each returns what is wrong -------------------------------------------------------------------------------

def layers():
    """a layer includes its own headers and those of lower layers"""
    wrong = []
    for path in LIBRARY_FILES:
        home = path.parts[0]
        for n, line in code_lines(path, keep_strings=True):
            found = re.match(r'\s*#\s*include\s+"([^/"]+)(/?)', line)
            if found and not found.group(2):
                wrong.append(f"{path}:{n}: an include from the root names its folder: {line.strip()}")
            elif found and found.group(1) != home and found.group(1) not in LAYERS[home]:
                wrong.append(f"{path}:{n}: {home} must not use {found.group(1)}")
    return wrong


def libraries():
    """each library has one home"""
    return [line for header, is_home in LIBRARY_HOMES.items()
            for line in grep(C_FILES, rf"#\s*include\s*[<\"]({header})[>\"]", is_home, keep_strings=True)]


def standard_error():
    """only daemon/log.c, and the usage text of daemon/main.c, write to standard error"""
    homes = ("daemon/log.c", "daemon/main.c")
    return grep(LIBRARY_FILES, r"\bstderr\b|\bSTDERR_FILENO\b|\bperror\s*\(", lambda path: str(path) in homes)


def environment():
    """only the daemon reads the environment, prints, and exits"""
    return grep(LIBRARY_FILES, r"\b(getenv|secure_getenv|setenv|exit|_exit|abort|printf|puts)\s*\(",
                lambda path: path.parts[0] == "daemon")


def banned_calls():
    """no banned calls"""
    return grep(C_FILES, r"(?<![\w.>])(" + "|".join(BANNED) + r")\s*\(", lambda path: path.parts[0] == "tests")


def constant_sql():
    """SQL is never put together from text"""
    sql = r"\b(SELECT|INSERT|UPDATE|DELETE|PRAGMA|CREATE|DROP|ATTACH)\b"
    text = r"%[-0-9.*]*s"
    made = grep(C_FILES, rf'"[^"]*{sql}[^"]*{text}|{text}[^"]*{sql}', keep_strings=True)
    return made + grep(C_FILES, r"\bsqlite3_exec\s*\(", lambda path: str(path) == "storage/sql.c")


def functions():
    """a function fits a screen"""
    wrong = []
    for path in C_FILES:
        start = None
        for n, line in code_lines(path):
            if line == "{":
                start = n
            elif line.startswith("}") and start is not None:
                if n - start - 1 > FUNCTION_LINES_MAX:
                    wrong.append(f"{path}:{start}: {n - start - 1} lines; {FUNCTION_LINES_MAX} are allowed")
                start = None
    return wrong


def files():
    """a file has one job"""
    counts = ((path, text_of(path).count("\n")) for path in C_FILES)
    return [f"{path}: {n} lines; {FILE_LINES_MAX} are allowed" for path, n in counts if n > FILE_LINES_MAX]


def columns():
    """a line fits beside another"""
    widths = ((path, n, len(line.expandtabs(TAB_COLUMNS))) for path in C_FILES + SCRIPTS
              for n, line in enumerate(text_of(path).split("\n"), 1))
    return [f"{path}:{n}: {width} columns; {COLUMNS_MAX} are allowed" for path, n, width in widths
            if width > COLUMNS_MAX]


def blanks():
    """no blanks at a line's end, a newline at the file's"""
    wrong = []
    for path in C_FILES + SCRIPTS + tracked(".css", ".sql", "meson.build"):
        text = text_of(path)
        wrong += [f"{path}:{n}: blanks at the end" for n, line in enumerate(text.split("\n"), 1)
                  if line != line.rstrip()]
        if text and not text.endswith("\n"):
            wrong.append(f"{path}: no newline at the end")
    return wrong


def built():
    """every .c file is built"""
    wrong = []
    for path in tracked(".c"):
        folders = [p for p in path.parents if (ROOT / p / "meson.build").is_file()]
        names = {str(path.relative_to(folder)) for folder in folders} | {path.name}
        names |= {f"'{path.stem}'", f"'{path.stem.removeprefix('test_')}'"}  # lists that add the rest themselves
        text = "".join(text_of(folder / "meson.build") for folder in folders)
        if not any(re.search(rf"(?<![\w.]){re.escape(name)}(?!\w)", text) for name in names):
            wrong.append(f"{path}: no meson.build above it names it")
    return wrong


def headers():
    """a header guards itself, and says what it is for"""
    wrong = []
    for path in (p for p in C_FILES if p.suffix == ".h"):
        text = text_of(path)
        if "#pragma once" not in text and not re.search(r"/\* included (many|several) times", text):
            wrong.append(f"{path}: no #pragma once")
        if not text.startswith(f"/* {path.name} - "):
            wrong.append(f"{path}: does not begin with '/* {path.name} - what it is for'")
    return wrong


def typedefs():
    """a struct is called by its name"""
    return grep(C_FILES, r"^typedef\s+(struct|union|enum)\b")


def leftovers():
    """nothing is left for later"""
    paths = [path for path in C_FILES + SCRIPTS + tracked(".css", ".sql", "meson.build")
             if str(path) != "tests/tidy.py"]
    marks = re.compile(r"\b(TODO|FIXME|XXX|HACK)\b(?! ?\(#\d+\))")
    return [f"{path}:{n}: {line.strip()}" for path in paths for n, line in enumerate(text_of(path).split("\n"), 1)
            if marks.search(line)]


def markup():
    """the dashboard never makes markup out of text"""
    pattern = re.compile(r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\s*\(|dangerouslySet")
    sources = [path for path in tracked(".ts", ".tsx", ".mjs", ".html") if path.parts[:2] == ("web", "src")]
    return [f"{path}:{n}: {line.strip()}" for path in sources
            for n, line in enumerate(text_of(path).split("\n"), 1) if pattern.search(line)]


def formatted():
    """clang-format agrees"""
    tool = shutil.which("clang-format-14") or shutil.which("clang-format")
    version = subprocess.run([tool, "--version"], capture_output=True, text=True).stdout if tool else ""
    if " version 14." not in version:
        return None
    run = subprocess.run([tool, "--dry-run", "-Werror", *map(str, C_FILES)], cwd=ROOT, capture_output=True, text=True)
    return [line for line in run.stderr.split("\n") if ": error:" in line]


CHECKS = (layers, libraries, standard_error, environment, banned_calls, constant_sql, functions, files, columns, blanks,
          built, headers, typedefs, leftovers, markup, formatted)


def main():
    print(f"1..{len(CHECKS)}")
    failures = 0
    for n, check in enumerate(CHECKS, 1):
        wrong = check()
        skipped = " # SKIP needs clang-format 14" if wrong is None else ""
        print(f"{'not ok' if wrong else 'ok'} {n} - {check.__doc__}{skipped}")
        for line in wrong or ():
            print(f"# {line}")
        failures += bool(wrong)
    return 1 if failures or not C_FILES else 0


sys.exit(main())
