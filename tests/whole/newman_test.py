"""The Postman collections of postman/, run by newman against two real nodes.

newman is pinned in newman/package-lock.json and installed by `scripts/install-packages test`.
"""

import json
import pathlib
import shutil
import subprocess
import tempfile
import unittest

from cairn_node import Node, run
from settings import ROOT, TMP, needs_node

NEWMAN = pathlib.Path(__file__).resolve().parent / "newman/node_modules/newman/bin/newman.js"
POSTMAN = ROOT / "postman"
LIMIT_S = 300


@needs_node
@unittest.skipUnless(NEWMAN.exists() and shutil.which("node"), "no newman: scripts/install-packages test")
class Collections(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="cairn-", dir=TMP)
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)

    def start(self, name, chain, auth):
        # Nothing but what the collection asks for brings a block from one node to the other.
        node = Node(self.folder / name, chain=chain, auth=auth, arguments=("--gossip", "off")).start()
        self.addCleanup(node.stop)
        return node

    def run_collection(self, file, node, variables):
        """Each request's failed assertions fail the test; so does a request that was never made."""
        collection = json.loads((POSTMAN / file).read_text())
        requests = [item["name"] for folder in collection["item"] for item in folder["item"]]
        report = self.folder / "report.json"
        command = ["node", str(NEWMAN), "run", str(POSTMAN / file), "--reporters", "json", "--reporter-json-export", str(report),
                   "--timeout-request", "120000", "--ignore-redirects"]
        for key, value in {**variables, "gossip": "off"}.items():
            command += ["--env-var", f"{key}={value}"]
        done = subprocess.run(command, capture_output=True, text=True, timeout=LIMIT_S)
        self.assertTrue(report.exists(), done.stdout + done.stderr)
        executions = json.loads(report.read_text())["run"]["executions"]
        for one in executions:
            with self.subTest(file, request=one["item"]["name"]):
                answer = one.get("response") or {}
                body = bytes(answer.get("stream", {}).get("data", []))[:1000]
                for assertion in one.get("assertions", [{"assertion": "answered", "error": one.get("requestError", "never")}]):
                    self.assertNotIn("error", assertion, f"{assertion['assertion']}: {answer.get('code')} {body!r}")
        self.assertEqual([one["item"]["name"] for one in executions], requests)
        self.assertEqual(done.returncode, 0, done.stderr + node.log[-2000:])

    def test_the_nine_routes_on_two_nodes(self):
        # A chain like main whose blocks cost nothing: the tests' machine may be busy.
        chain = self.folder / "chain.toml"
        made = run("chain", "new", chain, "--name", "collections", "--prefix", "col", "--bits", "207fffff", "--genesis-time", "1790000000")
        self.assertEqual(made.returncode, 0, made.stderr)
        first, second = (self.start(name, chain, "on") for name in ("first", "second"))
        self.run_collection("cairn.postman_collection.json", first, {
            "baseUrl": f"http://127.0.0.1:{first.port}", "secondUrl": f"http://127.0.0.1:{second.port}",
            "password": first.operator_password(), "secondPassword": second.operator_password()})

    def test_the_calls_of_the_tutorials_on_the_dev_chain(self):
        first, second = (self.start(name, "dev", None) for name in ("first", "second"))
        self.run_collection("cairn-dev.postman_collection.json", first, {
            "baseUrl": f"http://127.0.0.1:{first.port}", "secondUrl": f"http://127.0.0.1:{second.port}"})
