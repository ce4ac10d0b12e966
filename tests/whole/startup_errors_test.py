"""What keeps a node from starting: one sentence that helps, and an exit code that is not zero."""

import contextlib
import http.client
import os
import shutil
import socket
import subprocess
import tempfile
import unittest
from pathlib import Path

from cairn_node import Node, StartFailed, run
from settings import BINARY, TMP, needs_disk, needs_node


def is_of_the_store(path):
    """Files that hold data: neither users, nor locks, nor the database's own diary."""
    return (
        path.is_file() and path.stat().st_size > 0 and "users" not in path.parts
        and path.name not in ("operator.password", "LOCK") and not path.name.startswith(("LOG", "OPTIONS"))
    )


@needs_node
class StartupErrors(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(dir=TMP)
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)

    def datadir_with_blocks(self, chain="dev", count=20):
        datadir = self.folder / chain
        with Node(datadir, chain=chain) as node:
            client = node.client() if chain == "dev" else node.operator()
            self.assertEqual(client.post(f"/mine?count={count}").status, 200)
            client.close()
        return datadir

    def refuses(self, node, *words, port=0):
        with self.assertRaises(StartFailed) as caught:
            try:
                node.start(port)
            finally:
                if node.process and node.process.poll() is None:
                    node.kill()
        failed = caught.exception
        self.assertIsNotNone(failed.code)
        self.assertGreater(failed.code, 0, "ended by a signal" if failed.code < 0 else "ended as if all were well")
        self.one_sentence(failed.output, *words)

    def one_sentence(self, output, *words):
        told = [line for line in output.splitlines() if line.strip()]
        self.assertGreaterEqual(len(told), 1)
        # Whatever was logged before, the reason is the last line.
        self.assertGreater(len(told[-1]), 20, output)
        for word in words:
            self.assertRegex(told[-1].lower(), word, output)
        self.assertNotRegex(output, r"terminate called|AddressSanitizer|Assertion|std::|\bcore dumped\b")

    @needs_disk
    def test_the_store_of_another_chain(self):
        datadir = self.datadir_with_blocks()
        self.refuses(Node(datadir, chain="main"), "chain")
        with Node(datadir) as node:
            self.assertEqual(node.client().get("/status").json["index"], 21)

    @needs_disk
    def test_a_store_that_another_node_uses(self):
        datadir = self.folder / "data"
        with Node(datadir) as first:
            self.refuses(Node(datadir), "use|lock|running")
            self.assertEqual(first.client().get("/status").status, 200)
            done = run("verify", "--datadir", datadir, "--chain", "dev")
            self.assertNotEqual(done.returncode, 0)

    def test_a_port_in_use(self):
        with socket.create_server(("127.0.0.1", 0)) as taken:
            port = taken.getsockname()[1]
            self.refuses(Node(self.folder / "data"), "port|address", str(port), "--http names another", port=port)

    def test_flags_that_are_none(self):
        for arguments in (["--no-such-flag"], ["--threads", "x"], ["--store", "paper"], ["--auth", "maybe"],
                          ["--mine-to", "crnd1nonsense"], ["--mine-every", "-1"]):
            with self.subTest(arguments):
                self.refuses(Node(self.folder / "flags", arguments=arguments), arguments[0].lstrip("-"))
        self.refuses(Node(self.folder / "flags", chain="no-such-chain"), "chain")

    def test_the_word_that_was_meant_is_named(self):
        spec = self.folder / "chain.toml"
        spec.write_text('nmae = "a"\n')
        for arguments, chain, meant in ((["--auth", "onn"], "dev", "on"), (["--thread", "2"], "dev", "--threads"),
                                        (["--mine-on", "transfers"], "dev", "transfer"), ([], "stedy", "steady"), ([], spec, "name")):
            with self.subTest(arguments=arguments, chain=chain):
                self.refuses(Node(self.folder / "meant", chain=chain, arguments=arguments), f'did you mean "{meant}"\\?')

    def test_flags_that_contradict_one_another(self):
        self.refuses(Node(self.folder / "both", arguments=["--mine", "--mine-on", "3"]), "--mine-on 3", "contradict", "choose one")
        self.refuses(Node(self.folder / "none", chain="main", arguments=["--mine-on", "3"]), "chain with names", "--mine-every")

    def test_an_address_that_is_none(self):
        for address in ("nonsense", "127.0.0.1:99999", "127.0.0.1:x", ":"):
            done = run("node", "--datadir", self.folder / "address", "--http", address, "--chain", "dev", timeout=20)
            with self.subTest(address):
                self.assertGreater(done.returncode, 0)
                self.one_sentence(done.stdout + done.stderr)

    def test_no_log_in_off_loopback_is_refused(self):
        done = run("node", "--datadir", self.folder / "open", "--http", "0.0.0.0:0", "--chain", "dev", "--auth", "off",
                   timeout=20)
        self.assertGreater(done.returncode, 0)
        self.one_sentence(done.stdout + done.stderr, "auth|loopback")

    def test_a_datadir_that_cannot_be(self):
        file = self.folder / "file"
        file.write_text("no folder")
        self.refuses(Node(file), "--datadir", "cannot be used", "choose one")
        self.refuses(Node(file / "below"), "--datadir", "cannot be used", "choose one")

    @needs_disk
    def test_a_store_that_is_damaged(self):
        """Each kind of file in turn: refused at start or by verify, or nothing was lost by it."""
        datadir = self.datadir_with_blocks(count=200)
        with Node(datadir) as node:
            whole = node.client().get("/chain").body
        files = [path.relative_to(datadir) for path in sorted(datadir.rglob("*")) if is_of_the_store(path)]
        self.assertGreater(len(files), 1)
        for i, name in enumerate(files):
            original = (datadir / name).read_bytes()
            middle = len(original) // 2
            for j, (damage, data) in enumerate({
                "cut": original[:middle],
                "overwritten": original[:middle] + bytes(255 - byte for byte in original[middle : middle + 32])
                + original[middle + 32 :],
                "emptied": b"",
            }.items()):
                copy = self.folder / f"damaged {i} {j}"
                shutil.copytree(datadir, copy)
                (copy / name).write_bytes(data)
                with self.subTest(f"{name} {damage}"):
                    self.never_wrong(copy, whole)
                shutil.rmtree(copy)

    def never_wrong(self, datadir, whole):
        node = Node(datadir)
        try:
            node.start()
        except StartFailed as failed:
            self.assertGreater(failed.code or 0, 0, failed.output)
            self.one_sentence(failed.output)
            return
        try:
            with contextlib.suppress(OSError, http.client.HTTPException):  # an answer may also break off
                answer = node.client().get("/chain")
                self.assertIn(answer.status, (200, 500, 503), repr(answer))
                self.assertTrue(answer.status != 200 or answer.body == whole, "a damaged store told another story")
        finally:
            node.kill()


@needs_node
class OfflineErrors(unittest.TestCase):
    def test_tools_on_nothing(self):
        with tempfile.TemporaryDirectory(dir=TMP) as folder:
            nothing = Path(folder) / "nothing"
            for arguments in (("verify", "--datadir", nothing, "--chain", "dev"),
                              ("export", "--datadir", nothing, "--chain", "dev", Path(folder) / "out"),
                              ("import", "--datadir", nothing, "--chain", "dev", Path(folder) / "none"),
                              ("no-such-command",)):
                with self.subTest(arguments[0]):
                    done = run(*arguments)
                    self.assertGreater(done.returncode, 0)
                    self.assertTrue((done.stdout + done.stderr).strip())

    def test_the_folder_that_is_told_is_stronger_than_the_environments(self):
        with tempfile.TemporaryDirectory(dir=TMP) as folder:
            told, other = Path(folder) / "told", Path(folder) / "other"
            environment = {**os.environ, "CAIRN_DATADIR": str(other)}
            for name in ("verify", "export", "import"):
                words = [name, "--chain", "dev", "--datadir", told, *([] if name == "verify" else [Path(folder) / "file"])]
                done = subprocess.run([BINARY, *map(str, words)], capture_output=True, text=True, timeout=60, env=environment)
                with self.subTest(name):
                    self.assertEqual(done.returncode, 1, done)
                    self.assertNotIn(str(other), done.stderr)
                    if name != "import":
                        self.assertIn(str(told), done.stderr)
            self.assertFalse(other.exists())
