#!/usr/bin/env python3
"""The daemon as its user sees it: arguments, exit codes, the first line, signals, the token, the log."""
import os
import signal
import socket
import stat
import subprocess
import tempfile

from harness import EPOCHD, JOB, READY, Daemon, Skip, equal, run, run_to_end, wait_for


def help_and_version_need_nothing():
    bare = {"HOME": "", "STATE_DIRECTORY": "", "XDG_STATE_HOME": ""}
    code, out, err = run_to_end("--help", state=False, env=bare)
    equal((code, err), (0, ""))
    for flag in ("config", "state", "listen", "socket", "auth", "threads", "memory", "web-root", "check-config",
                 "version"):
        assert f"--{flag} " in out, flag
    code, out, err = run_to_end("--version", state=False, env=bare)
    equal((code, err), (0, ""))
    assert out.startswith("epochd ") and out.count("\n") == 1, out


def a_wrong_command_line_is_64():
    for arguments in (["--nonsense"], ["extra"], ["--listen", "here"], ["--threads", "many"], ["--memory"]):
        code, out, err = run_to_end(*arguments)
        equal((code, out), (64, ""), arguments)
        assert err.startswith("epochd: ") and "--help" in err, err


def a_wrong_configuration_is_78():
    with tempfile.NamedTemporaryFile("w", suffix=".conf") as file:
        file.write("threads = 2\nthread = 3\n")
        file.flush()
        code, _, err = run_to_end("--config", file.name)
        equal(code, 78)
        assert f"{file.name}:2: unknown key 'thread'" in err, err
    equal(run_to_end("--config", "/nonexistent")[0], 78)
    equal(run_to_end("--listen", "0.0.0.0:0", "--auth", "none")[0], 78)
    equal(run_to_end("--listen", "[::]:0", "--auth=none")[0], 78)


def an_unknown_kernel_set_is_78():
    for name in ("avx3", "AVX2", "neon" if os.uname().machine == "x86_64" else "avx2"):
        code, out, err = run_to_end("--listen", "127.0.0.1:0", env={"EPOCHD_ISA": name})
        equal((code, out), (78, ""), name)
        assert name in err and "scalar" in err, err


def check_config_prints_what_would_be_used():
    code, out, _ = run_to_end("--check-config", "--listen", "[::1]:1", "--threads", "3", "--memory", "2M")
    equal(code, 0)
    lines = dict(line.split(" = ", 1) for line in out.splitlines())
    equal((lines["listen"], lines["threads"], lines["memory"], lines["auth"]), ("[::1]:1", "3", "2097152", "token"))
    with tempfile.NamedTemporaryFile("w", suffix=".conf") as file:
        file.write(out)
        file.flush()
        equal(run_to_end("--check-config", "--config", file.name, state=False)[1], out)


def a_state_that_cannot_be_is_74():
    with tempfile.NamedTemporaryFile() as file:
        code, out, err = run_to_end("--state", file.name + "/below", "--listen", "127.0.0.1:0")
        equal((code, out), (74, ""))
        assert file.name in err, err


def an_address_in_use_is_69():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        code, out, err = run_to_end("--listen", f"127.0.0.1:{taken.getsockname()[1]}")
        equal((code, out), (69, ""))
        assert "in use" in err, err


def a_state_in_use_is_69():
    with Daemon() as daemon:
        code, out, err = run_to_end("--state", daemon.state, "--listen", "127.0.0.1:0", state=False)
        equal((code, out), (69, ""))
        assert daemon.state in err, err
        equal(daemon.request("GET", "/healthz")[0], 200)


def the_first_line_says_where():
    with Daemon() as daemon:  # which checks it
        assert daemon.port > 0
        equal(daemon.request("GET", "/healthz")[0], 200)
        equal(daemon.request("GET", "/readyz")[0], 200)
        server = daemon.ask("GET", "/v1/server")
        assert server["cores"] >= 1, server


def it_listens_on_ipv6():
    if not os.path.exists("/proc/net/if_inet6") or not open("/proc/net/if_inet6").read():
        raise Skip("no IPv6 here")
    with Daemon("--listen", "[::1]:0") as daemon:
        equal(daemon.host, "[::1]")
        daemon.host = "::1"
        equal(daemon.request("GET", "/healthz")[0], 200)


def the_state_is_for_its_owner_alone():
    with Daemon() as daemon:
        equal(stat.S_IMODE(os.stat(daemon.state).st_mode), 0o700)
        for folder, _, names in os.walk(daemon.state):
            for name in names:
                mode = stat.S_IMODE(os.stat(os.path.join(folder, name)).st_mode)
                equal(mode & 0o077, 0, name)
        equal(stat.S_IMODE(os.stat(os.path.join(daemon.state, "token")).st_mode), 0o600)


def a_token_that_others_can_read_is_78():
    with Daemon() as daemon:
        token = daemon.token
        equal(daemon.stop(), 0)
        os.chmod(os.path.join(daemon.state, "token"), 0o644)
        code, _, err = run_to_end("--state", daemon.state, "--listen", "127.0.0.1:0", state=False)
        equal(code, 78)
        assert "token" in err and token not in err, err
        os.chmod(os.path.join(daemon.state, "token"), 0o600)
        daemon.start()
        equal(daemon.token, token)


def the_token_opens_and_nothing_else_does():
    with Daemon() as daemon:
        equal(daemon.request("GET", "/v1/jobs")[0], 200)
        equal(daemon.request("GET", "/v1/jobs", headers={"Authorization": "Bearer epd_" + "A" * 43})[0], 401)
        equal(daemon.request("GET", "/v1/jobs", headers={"Authorization": ""})[0], 401)
    with Daemon("--auth", "none") as daemon:
        equal(daemon.request("GET", "/v1/jobs", headers={"Authorization": ""})[0], 200)


def no_secret_reaches_the_log():
    with Daemon() as daemon:
        daemon.request("GET", "/v1/jobs")
        daemon.request("GET", f"/v1/jobs?token={daemon.token}")
        daemon.request("GET", f"/v1/jobs/{daemon.token}")
        daemon.request("GET", "/v1/jobs", headers={"Authorization": "Bearer " + daemon.token + "x"})
        equal(daemon.stop(), 0)
        log = daemon.log()
        assert daemon.token not in log and daemon.token[4:] not in log, log
        assert log.count("event=request") == 4, log
        for line in log.splitlines():
            assert line.startswith("time=") and " level=" in line and " event=" in line, line


def a_flood_of_signals_is_survived():
    with Daemon() as daemon:
        for _ in range(200):
            for number in (signal.SIGHUP, signal.SIGPIPE, signal.SIGXFSZ):
                daemon.process.send_signal(number)
        equal(daemon.request("GET", "/healthz")[0], 200)
        equal(daemon.stop(), 0)


def both_polite_signals_stop_it():
    for number in (signal.SIGTERM, signal.SIGINT):
        with Daemon() as daemon:
            equal(daemon.stop(number), 0)


def hangup_reads_the_file_again():
    with tempfile.NamedTemporaryFile("w", suffix=".conf") as file:
        def write(text):
            file.seek(0)
            file.truncate()
            file.write(text)
            file.flush()
        write("threads = 1\nmemory = 64M\n")
        with Daemon("--config", file.name) as daemon:
            equal(daemon.ask("GET", "/v1/server")["cores"], 1)
            write("threads = 2\nmemory = 32M\nauth = none\n")
            daemon.upload()
            needs_40_m = {**JOB, "model": {"layers": [
                {"type": "Flatten"}, {"type": "Dense", "units": 25000},
                {"type": "Dense", "units": 4, "activation": "softmax"}]}}
            equal(daemon.request("POST", "/v1/jobs?dry_run=true", needs_40_m)[0], 200)
            daemon.process.send_signal(signal.SIGHUP)
            wait_for("new limits", lambda: daemon.ask("GET", "/v1/server")["cores"] == 2)
            equal(daemon.ask("GET", "/v1/server")["memory_bytes"], 32 << 20)
            equal(daemon.request("POST", "/v1/jobs?dry_run=true", needs_40_m)[0], 422)
            equal(daemon.request("GET", "/v1/jobs", headers={"Authorization": ""})[0], 401)
            assert "restart_needed_for=auth" in daemon.log(), daemon.log()
            write("threads = none\n")
            daemon.process.send_signal(signal.SIGHUP)
            wait_for("complaint", lambda: f"{file.name}:1: threads:" in daemon.log())
            equal(daemon.ask("GET", "/v1/server")["cores"], 2)


def a_unix_socket_answers_too():
    with tempfile.TemporaryDirectory() as folder, Daemon("--socket", folder + "/s") as daemon:
        with socket.socket(socket.AF_UNIX) as client:
            client.connect(folder + "/s")
            client.sendall(b"GET /v1/jobs HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
            answer = b""
            while piece := client.recv(65536):
                answer += piece
        assert answer.startswith(b"HTTP/1.1 200"), answer[:200]
        equal(daemon.stop(), 0)


def closed_standard_files_are_no_danger():
    with Daemon() as daemon:
        equal(daemon.stop(), 0)
        script = 'exec "$0" --state "$1" --listen 127.0.0.1:0 <&- >&- 2>&-'
        closed = subprocess.Popen(["sh", "-c", script, EPOCHD, daemon.state])
        wait_for("start", lambda: closed.poll() is not None or open_files(closed.pid, "epochd.db"))
        equal(closed.poll(), None, "exit code")
        for number in open_files(closed.pid, "epochd.db"):
            assert number > 2, f"the database is open as {number}"
        closed.terminate()
        equal(closed.wait(), 0)


def open_files(pid, name):
    found = []
    for number in os.listdir(f"/proc/{pid}/fd"):
        try:
            if name in os.readlink(f"/proc/{pid}/fd/{number}"):
                found.append(int(number))
        except FileNotFoundError:
            pass
    return found


assert READY.match("epochd 0.1.0 listening on http://127.0.0.1:1")
run([help_and_version_need_nothing, a_wrong_command_line_is_64, a_wrong_configuration_is_78,
     an_unknown_kernel_set_is_78, check_config_prints_what_would_be_used, a_state_that_cannot_be_is_74,
     an_address_in_use_is_69, a_state_in_use_is_69, the_first_line_says_where, it_listens_on_ipv6,
     the_state_is_for_its_owner_alone, a_token_that_others_can_read_is_78, the_token_opens_and_nothing_else_does,
     no_secret_reaches_the_log, a_flood_of_signals_is_survived, both_polite_signals_stop_it,
     hangup_reads_the_file_again, a_unix_socket_answers_too, closed_standard_files_are_no_danger])
