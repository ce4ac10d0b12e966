"""What a machine and its owner may do to a node: closed descriptors, folders that are moved, links,
pipes, signals, limits, media that cannot be written to.
"""

import contextlib
import itertools
import os
import pathlib
import pty
import re
import resource
import shutil
import signal
import stat
import subprocess
import tempfile
import threading
import time
import unittest

from cairn_node import BINARY, Node, StartFailed, run
from mounts import Mount, needs_mounts
from servers import unused_port
from settings import SANITIZED, TMP, needs_disk, needs_node

WAIT_S = 20


def content(folder):
    """Every regular file below a folder, with what it holds."""
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(pathlib.Path(folder).rglob("*")) if path.is_file() and not path.is_symlink()
    }


def until(what, seconds=WAIT_S):
    """Waits for something that another process is about to do."""
    deadline = time.monotonic() + seconds
    while not (found := what()):
        if time.monotonic() > deadline:
            raise AssertionError(f"not within {seconds} s")
        time.sleep(0.02)
    return found


class Folders(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="cairn-machine-", dir=TMP)
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)

    def node(self, datadir, **more):
        node = Node(datadir, **more)
        self.addCleanup(lambda: node.process and node.kill())
        return node

    def store_of(self, count=5, name="data"):
        datadir = self.folder / name
        with Node(datadir) as node, contextlib.closing(node.client()) as client:
            self.assertEqual(client.post(f"/mine?count={count}").status, 200)
        return datadir

    def sentence(self, done, status=1):
        """It ended by itself, with a sentence on standard error."""
        said = done.stderr if isinstance(done.stderr, str) else done.stderr.decode(errors="replace")
        self.assertEqual(done.returncode, status, said)
        self.assertRegex(said, r"(?m)^cairn: .{15,}")
        self.assertNotRegex(said, r"terminate called|Assertion|what\(\)|std::")
        return said


@needs_node
@needs_disk
class ClosedDescriptors(Folders):
    """A descriptor that was closed at start must not become a file of ours, which would get the log."""

    COMBINATIONS = [set(c) for n in range(1, 4) for c in itertools.combinations((0, 1, 2), n)]

    def start(self, closed, *arguments):
        """The process with these descriptors closed, the others on the null device."""
        shell = " ".join(f"{fd}{'<' if fd == 0 else '>'}&-" for fd in sorted(closed))
        process = subprocess.Popen(
            ["sh", "-c", f'exec "$0" "$@" {shell}', str(BINARY), *map(str, arguments)],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, close_fds=True)
        self.addCleanup(lambda: process.poll() is None and (process.kill(), process.wait()))
        return process

    def foreign_bytes(self, datadir):
        """Files that hold a word which is said to people."""
        words = (b"listening on", b"password:", b"24 words", b"cairn:", b"started", b"verified:")
        return [name for name, data in content(datadir).items() if any(word in data for word in words)]

    def test_of_a_node(self):
        for i, closed in enumerate(self.COMBINATIONS):
            with self.subTest(closed=closed):
                datadir = self.folder / f"node{i}"
                process = self.start(closed, "node", "--datadir", datadir, "--chain", "dev", "--http", "127.0.0.1:0",
                                     "--mine", "--mine-every", "0.2", "--log-level", "debug")
                until(lambda datadir=datadir: (datadir / "node.key").exists())
                links = until(lambda process=process: self.standard_streams(process.pid))
                self.assertEqual(links, ["/dev/null"] * 3)
                until(lambda datadir=datadir: any((datadir / "store").glob("*.log")))
                process.send_signal(signal.SIGTERM)
                self.assertEqual(process.wait(WAIT_S), 0)
                self.assertEqual(self.foreign_bytes(datadir), [])
                done = run("verify", "--datadir", datadir, "--chain", "dev")
                self.assertEqual(done.returncode, 0, done.stderr)

    @staticmethod
    def standard_streams(pid):
        try:
            if os.readlink(f"/proc/{pid}/exe") != str(pathlib.Path(BINARY).resolve()):
                return None
            return [os.readlink(f"/proc/{pid}/fd/{fd}") for fd in range(3)]
        except OSError:
            return None

    def test_of_tools_and_of_the_client(self):
        datadir = self.store_of()
        before = content(datadir)
        with Node(self.folder / "asked") as node:
            for closed in self.COMBINATIONS:
                out = self.folder / "out"
                for arguments in (
                    ("verify", "--datadir", datadir, "--chain", "dev"),
                    ("export", "--datadir", datadir, "--chain", "dev", out),
                    ("chain", "new", self.folder / "new.toml", "--name", "x", "--prefix", "x"),
                    ("status", "--node", f"127.0.0.1:{node.port}"),
                ):
                    with self.subTest(closed=closed, command=arguments[0]):
                        (self.folder / "new.toml").unlink(missing_ok=True)
                        self.assertEqual(self.start(closed, *arguments).wait(60), 0)
                self.assertTrue(out.read_bytes().startswith(b"CAIRNCH1"))
        self.assertEqual(content(datadir), before)

    def test_no_file_of_ours_is_inherited_or_has_a_low_number(self):
        datadir = self.folder / "data"
        process = self.start({0, 1, 2}, "node", "--datadir", datadir, "--chain", "dev", "--http", "127.0.0.1:0")
        until(lambda: (datadir / "node.key").exists())
        until(lambda: self.standard_streams(process.pid))
        for entry in pathlib.Path(f"/proc/{process.pid}/fdinfo").iterdir():
            with contextlib.suppress(FileNotFoundError):
                target = os.readlink(f"/proc/{process.pid}/fd/{entry.name}")
                flags = int(re.search(r"flags:\s+(\d+)", entry.read_text())[1], 8)
                if target.startswith(str(datadir)):
                    self.assertGreater(int(entry.name), 2)
                    self.assertTrue(flags & os.O_CLOEXEC, f"{target} would be inherited")


@needs_node
@needs_disk
class MovedFolders(Folders):
    """The data folder, or a part of it, is taken away while the node runs."""

    def running(self):
        node = self.node(self.folder / "data").start()
        self.client = node.client()
        self.addCleanup(self.client.close)
        self.assertEqual(self.client.post("/mine?count=3").status, 200)
        return node

    def is_read_only(self):
        return self.client.get("/readyz").status == 503

    def expect_read_only(self, node):
        until(self.is_read_only)  # without a request that writes
        refused = self.client.post("/mine")
        self.assertEqual(refused.status, 503)
        self.assertEqual(self.client.get("/chain").status, 200)
        self.assertEqual(self.client.get("/status").json["read_only"], True)
        self.assertRegex(node.log, r"not at its place")
        restart = self.client.post("/restart")
        self.assertEqual(restart.status, 503)
        return restart

    def test_moved_and_moved_back(self):
        node = self.running()
        (self.folder / "data").rename(self.folder / "away")
        refused = self.expect_read_only(node)
        self.assertRegex(refused.json["detail"], r"not at its place|moved")
        (self.folder / "away").rename(self.folder / "data")
        until(lambda: not self.is_read_only())
        self.assertEqual(self.client.post("/mine").status, 200)
        self.assertEqual(node.stop(), 0)
        self.assertEqual(run("verify", "--datadir", self.folder / "data", "--chain", "dev").returncode, 0)

    def test_deleted(self):
        node = self.running()
        shutil.rmtree(self.folder / "data")
        self.expect_read_only(node)
        node.stop()
        self.assertFalse((self.folder / "data").exists(), "it was made anew")

    def test_replaced_by_the_folder_of_a_successor(self):
        node = self.running()
        (self.folder / "data").rename(self.folder / "away")
        successor = self.node(self.folder / "data").start()
        with contextlib.closing(successor.client()) as other:
            self.assertEqual(other.post("/mine?count=5").status, 200)
            self.expect_read_only(node)
            node.stop()
            self.assertEqual(other.post("/mine").status, 200)
            self.assertEqual(other.get("/status").json["index"], 7)
        self.assertEqual(successor.stop(), 0)
        for name in ("data", "away"):
            self.assertEqual(run("verify", "--datadir", self.folder / name, "--chain", "dev").returncode, 0, name)

    def test_the_lock_alone_is_deleted(self):
        node = self.running()
        (self.folder / "data/store/lock").unlink()
        # It takes the lock anew, since nobody else has it, and goes on.
        until(lambda: re.search(r"not at its place", node.log))
        until(lambda: (self.folder / "data/store/lock").exists() and not self.is_read_only())
        self.assertEqual(self.client.post("/mine").status, 200)
        self.assertNotEqual(run("verify", "--datadir", self.folder / "data", "--chain", "dev").returncode, 0, "in use")

    def test_the_store_alone_is_replaced(self):
        node = self.running()
        (self.folder / "data/store").rename(self.folder / "data/old")
        (self.folder / "data/store").mkdir()
        self.expect_read_only(node)
        self.assertEqual(list((self.folder / "data/store").iterdir()), [])

    def test_the_backups_are_somebody_elses_folder(self):
        node = self.running()
        theirs = self.folder / "theirs"
        for name in ("20240101", "my.part", "000001.part of mine"):
            (theirs / name).mkdir(parents=True)
            (theirs / name / "file").write_text("mine")
        (self.folder / "data/backups").symlink_to(theirs)
        for _ in range(12):
            self.assertEqual(self.client.post("/mine").status, 200)
            self.assertEqual(self.client.post("/restart").status, 200)
        for name in ("20240101", "my.part", "000001.part of mine"):
            self.assertEqual((theirs / name / "file").read_text(), "mine")
        self.assertTrue((self.folder / "data/backups").is_symlink())
        self.assertEqual(node.stop(), 0)


@needs_node
@needs_disk
class OtherPeoplesFolders(Folders):
    def test_a_data_folder_that_is_a_link_is_followed(self):
        (self.folder / "disk").mkdir(0o755)
        (self.folder / "data").symlink_to("disk")
        with Node(self.folder / "data") as node, contextlib.closing(node.client()) as client:
            self.assertEqual(client.post("/mine").status, 200)
        self.assertTrue((self.folder / "disk/store").is_dir())
        self.assertEqual(run("verify", "--datadir", self.folder / "data", "--chain", "dev").returncode, 0)
        # So is each part of it.
        for part in ("store", "users", "node.key", "operator.password"):
            (self.folder / "disk" / part).rename(self.folder / f"other {part}")
            (self.folder / "disk" / part).symlink_to(self.folder / f"other {part}")
        with Node(self.folder / "data") as node, contextlib.closing(node.client()) as client:
            self.assertEqual(client.get("/status").json["index"], 2)
            self.assertEqual(client.post("/mine").status, 200)
        for part in ("store", "users", "node.key", "operator.password"):
            self.assertTrue((self.folder / "disk" / part).is_symlink(), part)

    def test_a_link_that_leads_nowhere_is_told(self):
        (self.folder / "data").symlink_to("nowhere")
        with self.assertRaises(StartFailed) as caught:
            self.node(self.folder / "data").start()
        self.assertEqual(caught.exception.code, 1)
        self.assertRegex(caught.exception.output, r"--datadir .*data: ")

    def test_permissions_of_what_exists_stay(self):
        for mode in (0o755, 0o775, 0o700):
            datadir = self.folder / f"{mode:o}"
            datadir.mkdir()
            datadir.chmod(mode)
            with Node(datadir) as node:
                log = node.log
            self.assertEqual(stat.S_IMODE(datadir.stat().st_mode), mode)
            self.assertEqual(stat.S_IMODE((datadir / "users").stat().st_mode), 0o700)
            self.assertEqual("others may write" in log, mode == 0o775)
            run("import", "--datadir", datadir, "--chain", "dev", "/dev/null")
            self.assertEqual(stat.S_IMODE(datadir.stat().st_mode), mode)
        # One that had to be made is closed, as are those above it.
        with Node(self.folder / "new/data"):
            pass
        for made in ("new", "new/data"):
            self.assertEqual(stat.S_IMODE((self.folder / made).stat().st_mode), 0o700)

    def test_a_tilde_from_the_environment_and_from_a_file(self):
        home = self.folder / "home"
        home.mkdir()
        datadir = self.store_of()
        datadir.rename(home / "data")
        environment = {**os.environ, "HOME": str(home)}
        config = home / "config.toml"
        spec = home / "own.toml"
        self.assertEqual(run("chain", "new", spec, "--name", "own", "--prefix", "own").returncode, 0)
        config.write_text('datadir = "~/made"\nchain = "~/own.toml"\nhttp = "127.0.0.1:0"\nauth = "on"\n')
        done = subprocess.run([BINARY, "verify", "--chain", "dev"], capture_output=True, text=True, cwd=self.folder,
                              env={**environment, "CAIRN_DATADIR": "~/data"}, timeout=60)
        self.assertEqual(done.returncode, 0, done.stderr)
        done = subprocess.run([BINARY, "verify", "--chain", "dev", "--datadir=~/data"], capture_output=True, text=True,
                              cwd=self.folder, env=environment, timeout=60)
        self.assertEqual(done.returncode, 0, done.stderr)
        with subprocess.Popen([BINARY, "node", "--config", "~/config.toml"], env=environment, cwd=self.folder,
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT) as node:
            self.assertTrue(any(b"listening on" in line for line in node.stdout))
            node.send_signal(signal.SIGTERM)
            node.stdout.read()
        self.assertTrue((home / "made/store").is_dir())
        self.assertEqual([entry.name for entry in self.folder.iterdir()], ["home"])


@needs_node
@needs_disk
class Streams(Folders):
    """Exports, chains and settings that are not files."""

    def setUp(self):
        super().setUp()
        self.datadir = self.store_of()
        done = run("export", "--datadir", self.datadir, "--chain", "dev", self.folder / "whole")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.whole = (self.folder / "whole").read_bytes()

    def export_to(self, name, **more):
        return subprocess.run([BINARY, "export", "--datadir", self.datadir, "--chain", "dev", str(name)],
                              stderr=subprocess.PIPE, timeout=60, **more)

    def test_an_export_to_standard_output_by_any_name(self):
        # /dev/stdout is such a link. A node that replaced it would take it from the whole machine.
        stdout = self.folder / "stdout"
        stdout.symlink_to("/proc/self/fd/1")
        for name in ("-", stdout, "/proc/self/fd/1"):
            with self.subTest(name):
                done = self.export_to(name, stdout=subprocess.PIPE)
                self.assertEqual(done.returncode, 0, done.stderr)
                self.assertEqual(done.stdout, self.whole)
                self.assertIn(b"exported: index 6", done.stderr)
                with (self.folder / "appended").open("wb") as out:
                    out.write(b"before")
                    out.flush()
                    self.export_to(name, stdout=out)
                self.assertEqual((self.folder / "appended").read_bytes(), b"before" + self.whole)

    def test_an_export_follows_links_and_keeps_what_is_no_file(self):
        real, link, pipe = (self.folder / name for name in ("real", "link", "pipe"))
        real.write_bytes(b"old")
        real.chmod(0o640)
        link.symlink_to("real")
        self.assertEqual(self.export_to(link).returncode, 0)
        self.assertTrue(link.is_symlink())
        self.assertEqual(real.read_bytes(), self.whole)
        self.assertEqual(stat.S_IMODE(real.stat().st_mode), 0o640)
        os.mkfifo(pipe)
        got = []
        reader = threading.Thread(target=lambda: got.append(pipe.read_bytes()))
        reader.start()
        self.assertEqual(self.export_to(pipe).returncode, 0)
        reader.join(WAIT_S)
        self.assertEqual(got, [self.whole])
        self.assertTrue(stat.S_ISFIFO(pipe.stat().st_mode))
        self.assertEqual(self.export_to(self.folder).returncode, 1)

    @unittest.skipUnless(os.geteuid() == 0, "only root can make devices")
    def test_an_export_to_a_device_leaves_it_one(self):
        for name, minor, status in (("null", 3, 0), ("full", 7, 1)):
            device = self.folder / name
            os.mknod(device, 0o600 | stat.S_IFCHR, os.makedev(1, minor))
            self.assertEqual(self.export_to(device).returncode, status)
            self.assertTrue(stat.S_ISCHR(device.stat().st_mode))

    def test_an_import_from_standard_input_or_a_pipe(self):
        for i, name in enumerate(("-", "/dev/stdin")):
            done = subprocess.run([BINARY, "import", "--datadir", self.folder / f"in{i}", "--chain", "dev", name],
                                  input=self.whole, capture_output=True, timeout=60)
            self.assertEqual(done.returncode, 0, done.stderr)
            self.assertIn(b"imported: index 6", done.stdout)
        done = subprocess.run(["bash", "-c", f'"{BINARY}" import --datadir "{self.folder}/in2" --chain dev '
                               f'<(cat "{self.folder}/whole")'], capture_output=True, text=True, timeout=60)
        self.assertEqual(done.returncode, 0, done.stderr)
        done = subprocess.run([BINARY, "import", "--datadir", self.folder / "in3", "--chain", "dev", "-"],
                              input=self.whole[:-1], capture_output=True, timeout=60)
        self.sentence(done)

    def test_a_chain_through_pipes(self):
        made = run("chain", "new", "-", "--name", "piped", "--prefix", "pp", "--genesis-time", "1000000000")
        self.assertEqual(made.returncode, 0, made.stderr)
        self.assertTrue(made.stdout.startswith('name = "piped"'), made.stdout)
        self.assertIn("written", made.stderr)
        spec = self.folder / "own.toml"
        spec.write_text(made.stdout)
        self.assertEqual(run("chain", "new", spec, "--name", "a", "--prefix", "a").returncode, 1, "it exists")
        self.assertEqual(spec.read_text(), made.stdout)
        script = f'"{BINARY}" export --datadir "{self.folder}/x" --chain <(cat "{spec}") -'
        done = subprocess.run(["bash", "-c", script], capture_output=True, text=True, timeout=60)
        self.assertIn("there is no store", self.sentence(done))
        script = f'"{BINARY}" verify --chain <(cat "{spec}")'
        done = subprocess.run(["bash", "-c", script], capture_output=True, text=True, timeout=60)
        self.assertIn("--datadir", self.sentence(done))

    def test_settings_through_a_pipe(self):
        script = (f'exec "{BINARY}" node --config <(echo \'chain = "dev"\'; echo \'http = "127.0.0.1:0"\'; '
                  f'echo \'datadir = "{self.datadir}"\')')
        with subprocess.Popen(["bash", "-c", script], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT) as node:
            self.assertTrue(any(b"listening on" in line for line in node.stdout))
            node.send_signal(signal.SIGTERM)
            node.stdout.read()
        self.assertEqual(node.returncode, 0)


@needs_node
class FullOutput(Folders):
    """Every command x /dev/full: nobody is told that all is well when nothing arrived."""

    def commands(self, node, datadir):
        at = ("--node", f"127.0.0.1:{node.port}")
        tools = ("--datadir", datadir, "--chain", "dev")
        yield from (("--help",), ("--version",), ("node", "--help"), ("verify", *tools),
                    ("export", *tools, self.folder / "out"), ("export", *tools, "-"),
                    ("import", "--datadir", self.folder / "imported", "--chain", "dev", self.folder / "out"),
                    ("chain", "new", self.folder / "new.toml", "--name", "n", "--prefix", "n"),
                    ("chain", "new", "-", "--name", "n", "--prefix", "n"),
                    ("demo", "--seconds", "0.1", "--port", "0"))
        yield from ((name, *at) for name in ("status", "chain", "pool", "inv", "nodes", "balance", "resolve",
                                             "getblocks"))
        yield from (("balance", "anna", *at), ("mine", *at), ("send", "bob", "1", "--from", "anna", *at),
                    ("block", "1", *at), ("status", "--json", *at), ("watch", "--count", "1", *at),
                    ("user", "list", *at), ("restart", "--yes", *at))

    @needs_disk
    def test_is_said_and_counts(self):
        datadir = self.store_of()
        with Node(self.folder / "asked") as node, open("/dev/full", "wb") as full:
            for command in self.commands(node, datadir):
                with self.subTest(" ".join(map(str, command))):
                    done = subprocess.run([BINARY, *map(str, command)], stdin=subprocess.DEVNULL, stdout=full,
                                          stderr=subprocess.PIPE, text=True, timeout=120)
                    self.assertNotEqual(done.returncode, 0, done.stderr)
                    self.assertRegex(done.stderr, r"(?m)^cairn: .{15,}")

    @needs_disk
    def test_a_reader_that_has_seen_enough_is_none(self):
        datadir = self.store_of()
        script = f'"{BINARY}" verify --datadir "{datadir}" --chain dev | true; exit ${{PIPESTATUS[0]}}'
        done = subprocess.run(["bash", "-c", script], capture_output=True, text=True, timeout=60)
        self.assertEqual((done.returncode, done.stderr), (0, ""))

    def test_a_log_that_nobody_reads_does_not_stop_a_node(self):
        read, write = os.pipe()
        self.addCleanup(os.close, read)
        node = Node(self.folder / "data")
        with open(write, "wb") as unread:
            process = subprocess.Popen([BINARY, "node", "--chain", "dev", "--http", "127.0.0.1:0", "--datadir", node.datadir],
                                       stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=unread, text=True)
        self.addCleanup(lambda: process.poll() is None and process.kill())
        node.port = next(int(m[1]) for line in process.stdout if (m := re.search(r"listening on http://\S+:(\d+)", line)))
        with contextlib.closing(node.client()) as client:
            for _ in range(16):  # 50 lines each; a pipe takes 64 KiB
                self.assertEqual(client.post("/mine?count=50").status, 200)
            log = os.read(read, 1 << 20)
            self.assertEqual(client.post("/mine").status, 200)
            log += os.read(read, 1 << 20)
        self.assertRegex(log, rb"log lines lost times=\d+\n")
        for line in log.splitlines():
            self.assertRegex(line, rb"^\d{4}-\d\d-\d\dT")
        process.send_signal(signal.SIGTERM)
        self.assertEqual(process.wait(WAIT_S), 0)
        process.stdout.close()

    def test_does_not_stop_a_node(self):
        with open("/dev/full", "wb") as full:
            for streams in ({"stdout": full}, {"stdout": full, "stderr": full}):
                datadir = self.folder / f"node{len(streams)}"
                process = subprocess.Popen([BINARY, "node", "--chain", "dev", "--http", "127.0.0.1:0", "--datadir",
                                            datadir, "--mine", "--mine-every", "0.1"],
                                           stdin=subprocess.DEVNULL, **{"stderr": subprocess.DEVNULL, **streams})
                self.addCleanup(lambda process=process: process.poll() is None and process.kill())
                until(lambda datadir=datadir: (datadir / "node.key").exists())
                with self.assertRaises(subprocess.TimeoutExpired):
                    process.wait(1)
                process.send_signal(signal.SIGTERM)
                self.assertEqual(process.wait(WAIT_S), 0)


@needs_node
class Signals(Folders):
    def test_what_asks_for_nothing_stops_no_node(self):
        node = self.node(self.folder / "data").start()
        for number in (signal.SIGHUP, signal.SIGUSR1, signal.SIGUSR2, signal.SIGPIPE, signal.SIGXFSZ):
            os.kill(node.pid, number)
        until(lambda: "SIGUSR2" in node.log and "SIGHUP" in node.log)
        with contextlib.closing(node.client()) as client:
            self.assertEqual(client.get("/healthz").status, 200)
        self.assertEqual(node.stop(), 0)

    def test_what_ends_it_ends_it_clean(self):
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGXCPU):
            node = self.node(self.folder / "data").start()
            os.kill(node.pid, number)
            self.assertEqual(node.process.wait(WAIT_S), 0, number)
            self.assertIn(f"signal=\"{signal.Signals(number).name}\"", until(lambda node=node: node.log))

    def test_a_terminal_that_goes_takes_the_node_along(self):
        for told_to_stay in (False, True):
            master, slave = pty.openpty()
            process = subprocess.Popen(
                [BINARY, "node", "--chain", "dev", "--http", "127.0.0.1:0", "--datadir",
                 self.folder / f"data{told_to_stay}"], stdin=slave, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                preexec_fn=(lambda: signal.signal(signal.SIGHUP, signal.SIG_IGN)) if told_to_stay else None)
            self.addCleanup(lambda process=process: process.poll() is None and process.kill())
            os.close(slave)
            self.assertTrue(any(b"listening on" in line for line in process.stdout))
            process.send_signal(signal.SIGHUP)
            if told_to_stay:
                self.assertTrue(any(b"SIGHUP" in line for line in process.stdout))
                process.send_signal(signal.SIGTERM)
            process.stdout.read()
            process.stdout.close()
            self.assertEqual(process.wait(WAIT_S), 0)
            os.close(master)

    @needs_disk
    def test_a_limit_of_file_size_is_a_write_that_fails(self):
        """SIGXFSZ would end it; EFBIG makes it read-only, and nothing acknowledged is lost."""
        def limit():
            resource.setrlimit(resource.RLIMIT_FSIZE, (256 * 1024, resource.RLIM_INFINITY))

        datadir = self.folder / "data"
        process = subprocess.Popen([BINARY, "node", "--chain", "dev", "--http", "127.0.0.1:0", "--datadir", datadir],
                                   stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                                   preexec_fn=limit)
        self.addCleanup(lambda: process.poll() is None and process.kill())
        node = Node(datadir)
        node.port = next(int(m[1]) for line in process.stdout if (m := re.search(rb"listening on http://\S+:(\d+)", line)))
        lines = []
        reader = threading.Thread(target=lambda: lines.extend(process.stdout))
        reader.start()
        mined = 1
        with contextlib.closing(node.client()) as client:
            while (answer := client.post("/mine?count=50")).status == 200:
                mined = answer.json["index"]
                self.assertLess(mined, 20_000)
            self.assertEqual(answer.status, 503)
            self.assertEqual(client.get("/chain").status, 200)
        process.send_signal(signal.SIGTERM)
        reader.join(WAIT_S)
        self.assertEqual(process.wait(WAIT_S), 0)
        process.stdout.close()
        self.assertIn(b"store failed", b"".join(lines))
        with Node(datadir) as again, contextlib.closing(again.client()) as client:
            self.assertGreaterEqual(client.get("/status").json["index"], mined)
            self.assertEqual(client.post("/mine").status, 200)


@needs_node
@unittest.skipIf(SANITIZED, "a sanitizer needs terabytes of address space")
class Limits(Folders):
    def limited(self, *arguments, timeout=60, **limits):
        def limit():
            for name, value in limits.items():
                resource.setrlimit(getattr(resource, name), (value, value))

        return subprocess.run([BINARY, *map(str, arguments)], stdin=subprocess.DEVNULL, capture_output=True, text=True,
                              timeout=timeout, preexec_fn=limit)

    @needs_disk
    def test_little_address_space_ends_with_a_sentence(self):
        datadir = self.store_of()
        for mib in (60, 90, 120, 160, 200, 300, 400, 600, 800):
            with self.subTest(mib=mib, command="node"):
                done = self.limited("node", "--datadir", self.folder / f"data{mib}", "--chain", "dev", "--http",
                                    "127.0.0.1:0", RLIMIT_AS=mib << 20)
                self.ended_in_words(done)
                self.assertNotEqual(done.returncode, 0)
            for command in (("verify", "--datadir", datadir, "--chain", "dev"),
                            ("export", "--datadir", datadir, "--chain", "dev", self.folder / "out")):
                with self.subTest(mib=mib, command=command[0]):
                    self.ended_in_words(self.limited(*command, RLIMIT_AS=mib << 20))

    def ended_in_words(self, done):
        """All was well, or there is a reason in words; below some 60 MiB it is the loader's."""
        self.assertGreaterEqual(done.returncode, 0, f"ended by a signal: {done.stderr}")
        if done.returncode:
            self.assertRegex(done.stderr, r"(?m)^cairn: .{15,}|error while loading shared libraries")
            self.assertNotRegex(done.stderr, r"terminate called|Assertion|what\(\)")

    NOBODY = 54_321  # root has as many threads as it likes

    def as_nobody(self, *arguments, threads=1_000):
        """The binary as a user who may have so many threads."""
        binary, datadir = self.folder / "cairn", self.folder / "data"
        if not binary.exists():
            shutil.copy(BINARY, binary)
            datadir.mkdir()
            for path in (self.folder, datadir):
                os.chown(path, self.NOBODY, self.NOBODY)

        def become():
            resource.setrlimit(resource.RLIMIT_NPROC, (threads, resource.getrlimit(resource.RLIMIT_NPROC)[1]))
            os.setgroups([])
            os.setgid(self.NOBODY)
            os.setuid(self.NOBODY)

        return subprocess.Popen([binary, *map(str, arguments), "--datadir", datadir], stdin=subprocess.DEVNULL,
                                stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, preexec_fn=become)

    @unittest.skipUnless(os.geteuid() == 0, "only root can become somebody else")
    def test_too_few_threads_end_with_a_sentence(self):
        for threads in (1, 4, 16):
            process = self.as_nobody("node", "--chain", "dev", "--http", "127.0.0.1:0", threads=threads)
            _, said = process.communicate(timeout=60)
            self.assertEqual(process.returncode, 1, said)
            self.assertRegex(said, r"cairn: only \d+ of \d+ threads")

    @unittest.skipUnless(os.geteuid() == 0, "only root can become somebody else")
    def test_a_machine_that_runs_out_of_threads_stops_no_node(self):
        process = self.as_nobody("node", "--chain", "dev", "--http", "127.0.0.1:0")
        self.addCleanup(lambda: process.poll() is None and process.kill())
        node = Node(self.folder / "data")
        node.port = next(int(m[1]) for line in process.stdout if (m := re.search(r"listening on http://\S+:(\d+)", line)))
        with contextlib.closing(node.client()) as client:
            # By its own user: for that of another a machine may ask more than being root.
            subprocess.run(["prlimit", f"--pid={process.pid}", "--nproc=1:"], check=True, user=self.NOBODY,
                           group=self.NOBODY, extra_groups=[])
            answer = client.post("/nodes/register", {"nodes": [f"localhost:{unused_port()}"]})
            self.assertRegex(answer.body.decode(), "no thread")
            self.assertEqual(client.post("/mine").status, 200)
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=WAIT_S)
        self.assertEqual(process.returncode, 0)


@needs_node
@needs_disk
class ReadOnlyMedia(Folders):
    def copy_of_a_store(self):
        datadir = self.store_of(200)
        return datadir

    @needs_mounts
    def test_can_be_verified_and_exported(self):
        datadir = self.copy_of_a_store()
        before = content(datadir)
        with Mount(self.folder / "medium", source=datadir, read_only=True) as medium:
            for command in (("verify",), ("export", self.folder / "out"), ("export", "-")):
                done = subprocess.run([BINARY, *map(str, command), "--datadir", medium, "--chain", "dev"],
                                      capture_output=True, timeout=120)
                self.assertEqual(done.returncode, 0, done.stderr)
            with self.assertRaises(StartFailed) as caught:
                self.node(medium).start()
            self.assertEqual(caught.exception.code, 1)
        self.assertEqual(content(datadir), before)
        self.assertTrue((self.folder / "out").read_bytes().startswith(b"CAIRNCH1"))

    def test_reading_tools_change_nothing_anywhere(self):
        datadir = self.copy_of_a_store()
        (datadir / "store/lock").unlink()  # as in a copy
        before = content(datadir)
        for command in (("verify",), ("export", self.folder / "out")):
            done = run(*command, "--datadir", datadir, "--chain", "dev")
            self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(content(datadir), before)

    @needs_mounts
    def test_a_damage_is_found_there_too(self):
        datadir = self.copy_of_a_store()
        log = max((datadir / "store").glob("*.log"), key=lambda path: path.stat().st_size)
        data = bytearray(log.read_bytes())
        data[len(data) // 2] ^= 1
        log.write_bytes(data)
        with Mount(self.folder / "medium", source=datadir, read_only=True) as medium:
            self.sentence(run("verify", "--datadir", medium, "--chain", "dev"))


if __name__ == "__main__":
    unittest.main()
