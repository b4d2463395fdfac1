#!/usr/bin/env python3
"""The daemon under a service manager: notifications, watchdog, socket activation, and the unit files."""
import os
import re
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import tempfile
import time

from harness import EPOCHD, Daemon, Skip, equal, run, run_to_end, wait_for

UNITS, HAS_SYSTEMD = sys.argv[2], sys.argv[3] == "true"


class Manager:
    """The other end of NOTIFY_SOCKET."""

    def __init__(self):
        if not HAS_SYSTEMD:
            raise Skip("built without libsystemd")
        self.folder = tempfile.mkdtemp(prefix="test_systemd_")
        self.path = os.path.join(self.folder, "notify")
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind(self.path)
        self.socket.setblocking(False)
        self.seen = []

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.close()
        shutil.rmtree(self.folder)

    def read(self):
        """What came since the last call."""
        new = []
        while True:
            try:
                new += self.socket.recv(4096).decode().split("\n")
            except BlockingIOError:
                self.seen += new
                return new

    def wait(self, line, times=1):
        """Until that line has come so often, all in all."""
        wait_for(line, lambda: self.read() is not None and self.seen.count(line) >= times)

    def wait_new(self, line):
        self.read()
        self.wait(line, self.seen.count(line) + 1)


def it_says_when_it_is_ready_and_when_it_stops():
    with Manager() as manager, Daemon(env={"NOTIFY_SOCKET": manager.path}) as daemon:
        manager.wait("READY=1")
        equal(daemon.request("GET", "/healthz")[0], 200)
        manager.wait("STATUS=0 running, 0 queued")
        daemon.process.send_signal(signal.SIGHUP)
        manager.wait("RELOADING=1")
        manager.wait("READY=1", 2)
        equal(daemon.stop(), 0)
        manager.wait("STOPPING=1")


def a_start_that_fails_is_never_ready():
    with Manager() as manager:
        code, _, _ = run_to_end("--listen", "127.0.0.1:0", env={"NOTIFY_SOCKET": manager.path, "EPOCHD_ISA": "none"})
        equal(code, 78)
        equal(manager.read(), [])


def the_watchdog_is_fed():
    with Manager() as manager, Daemon(env={"NOTIFY_SOCKET": manager.path, "WATCHDOG_USEC": "200000"}) as daemon:
        manager.wait("WATCHDOG=1", 5)
        daemon.upload()
        daemon.wait_step(daemon.submit(epochs=100000))
        manager.wait("STATUS=1 running, 0 queued")
        for _ in range(3):
            manager.wait_new("WATCHDOG=1")
        equal(daemon.stop(), 0)


def without_a_watchdog_nobody_is_fed():
    with Manager() as manager, Daemon(env={"NOTIFY_SOCKET": manager.path}):
        manager.wait("READY=1")
        time.sleep(0.3)
        assert "WATCHDOG=1" not in manager.read() + manager.seen


def a_database_that_takes_no_writes_starves_it():
    with Manager() as manager, Daemon(env={"NOTIFY_SOCKET": manager.path, "WATCHDOG_USEC": "200000"}) as daemon:
        manager.wait("WATCHDOG=1")
        other = sqlite3.connect(os.path.join(daemon.state, "epochd.db"), isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        time.sleep(0.3)  # one may be under way
        manager.read()
        time.sleep(1)
        assert "WATCHDOG=1" not in manager.read()
        other.execute("ROLLBACK")
        other.close()
        manager.wait_new("WATCHDOG=1")
        equal(daemon.stop(), 0)


def inherited(listener, *arguments, **options):
    """A daemon that gets `listener` as systemd hands it over: file 3, named by LISTEN_PID and LISTEN_FDS."""
    script = f'exec 3<&{listener.fileno()}; LISTEN_PID=$$ LISTEN_FDS=1 exec "$0" "$@"'
    return Daemon(*arguments, command=["bash", "-c", script, EPOCHD], pass_fds=(listener.fileno(),), **options)


def a_socket_can_be_handed_over():
    if not HAS_SYSTEMD:
        raise Skip("built without libsystemd")
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        port = listener.getsockname()[1]
        with inherited(listener) as daemon:
            equal(daemon.port, port)
            equal(daemon.request("GET", "/healthz")[0], 200)
            equal(daemon.stop(), 0)
            # Clients wait in the backlog while nobody serves it, and the next daemon answers them.
            waiting = socket.create_connection(("127.0.0.1", port))
            waiting.sendall(b"GET /healthz HTTP/1.1\r\nHost: 127.0.0.1:%d\r\n\r\n" % port)
            daemon.start()
            waiting.settimeout(30)
            assert waiting.recv(100).startswith(b"HTTP/1.1 200")
            waiting.close()


def a_wrong_socket_is_78():
    if not HAS_SYSTEMD:
        raise Skip("built without libsystemd")
    with tempfile.TemporaryDirectory() as folder, socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as wrong:
        wrong.bind(folder + "/s")
        script = f'exec 3<&{wrong.fileno()}; LISTEN_PID=$$ LISTEN_FDS=1 exec "$0" "$@"'
        done = subprocess.run(["bash", "-c", script, EPOCHD, "--state", folder + "/state"], pass_fds=(wrong.fileno(),),
                              capture_output=True, text=True, timeout=60)
        equal(done.returncode, 78)
        assert "not a listening TCP socket" in done.stderr, done.stderr


def without_a_token_an_inherited_socket_must_be_loopback():
    if not HAS_SYSTEMD:
        raise Skip("built without libsystemd")
    with socket.socket() as listener, tempfile.TemporaryDirectory() as folder:
        listener.bind(("0.0.0.0", 0))
        listener.listen()
        script = f'exec 3<&{listener.fileno()}; LISTEN_PID=$$ LISTEN_FDS=1 exec "$0" "$@"'
        done = subprocess.run(["bash", "-c", script, EPOCHD, "--state", folder, "--auth", "none"],
                              pass_fds=(listener.fileno(),), capture_output=True, text=True, timeout=60)
        equal(done.returncode, 78)
        assert "0.0.0.0" in done.stderr, done.stderr


def unit_files(folder):
    """The units with this build's program in them."""
    values = {"bindir": os.path.dirname(EPOCHD), "sysconfdir": "/etc"}
    text = open(os.path.join(UNITS, "epochd.service.in")).read()
    with open(os.path.join(folder, "epochd.service"), "w") as file:
        file.write(re.sub(r"@(\w+)@", lambda found: values[found.group(1)], text))
    shutil.copy(os.path.join(UNITS, "epochd.socket"), folder)
    return [os.path.join(folder, name) for name in ("epochd.service", "epochd.socket")]


def analyze(*arguments):
    if not shutil.which("systemd-analyze"):
        raise Skip("no systemd-analyze")
    return subprocess.run(["systemd-analyze", *arguments], capture_output=True, text=True, timeout=60)


def the_units_are_valid():
    with tempfile.TemporaryDirectory() as folder:
        done = analyze("verify", *unit_files(folder))
        equal((done.returncode, done.stderr), (0, ""))


def the_unit_is_locked_down():
    with tempfile.TemporaryDirectory() as folder:
        done = analyze("security", "--offline=true", "--threshold=5", unit_files(folder)[0])
        equal(done.returncode, 0, done.stdout[-200:])


def the_shipped_settings_are_accepted():
    code, out, err = run_to_end("--check-config", "--config", os.path.join(UNITS, "epochd.conf"))
    equal((code, err), (0, ""))
    shipped = open(os.path.join(UNITS, "epochd.conf")).read()
    with tempfile.NamedTemporaryFile("w", suffix=".conf") as file:
        file.write(re.sub(r"(?m)^#(?=[a-z-]+ = )", "", shipped))
        file.flush()
        code, out, err = run_to_end("--check-config", "--config", file.name, state=False)
    equal((code, err), (0, ""))
    for line in out.splitlines():
        assert "#" + line.split(" = ")[0] + " = " in shipped, f"{line} is not explained"


run([it_says_when_it_is_ready_and_when_it_stops, a_start_that_fails_is_never_ready, the_watchdog_is_fed,
     without_a_watchdog_nobody_is_fed, a_database_that_takes_no_writes_starves_it, a_socket_can_be_handed_over,
     a_wrong_socket_is_78, without_a_token_an_inherited_socket_must_be_loopback, the_units_are_valid,
     the_unit_is_locked_down, the_shipped_settings_are_accepted])
