#!/usr/bin/env python3
"""Writes the numbered SQL files as one C file: embed.py OUTPUT 0001.sql 0002.sql …"""
import json
import pathlib
import sys

output, *names = sys.argv[1:]
lines = ['/* Made from storage/migrations by embed.py. */', '#include "storage/schema.h"', '',
         'const struct migration migrations[] = {']
for version, name in enumerate(sorted(names), start=1):
    path = pathlib.Path(name)
    if path.name != f'{version:04}.sql':
        sys.exit(f'{path.name}: expected {version:04}.sql: migrations are numbered without a gap')
    lines.append(f'\t{{ {version},')
    # JSON's escapes of printable ASCII, tab and newline are C's.
    lines += [f'\t  {json.dumps(line)}' for line in path.read_text(encoding='ascii').splitlines(keepends=True)]
    lines.append('\t},')
lines += ['};', 'const int n_migrations = sizeof migrations / sizeof migrations[0];', '']
pathlib.Path(output).write_text('\n'.join(lines), encoding='ascii')
