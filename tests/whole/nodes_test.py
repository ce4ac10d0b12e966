"""/nodes/register, /nodes/resolve, /getblocks as far as one node shows them."""

from cairn_node import NodeTest


class Registering(NodeTest):
    def test_entries_that_cannot_be(self):
        with self.unchanged():
            for entry in ("", "http://", "ftp://127.0.0.1:5001", "file:///etc/passwd", "http://user:pw@127.0.0.1:5001",
                          "http://127.0.0.1:5001/path", "http://127.0.0.1:99999", "http://127.0.0.1:0", "127.0.0.1:-1",
                          "http://169.254.169.254", "http://169.254.169.254:5001", "http://[fe80::1]:5001",
                          "http://224.0.0.1:5001", "http://127.0.0.1:22", "a b:5001", "x" * 300 + ":5001", 5, None, [], {}):
                with self.subTest(entry):
                    self.refused(self.client.post("/nodes/register", {"nodes": [entry]}), 400)

    def test_lists_that_are_none(self):
        with self.unchanged():
            for body in ({}, {"nodes": []}, {"nodes": 5}, {"nodes": None}, {"nodes": {}}):
                with self.subTest(body):
                    self.refused(self.client.post("/nodes/register", body), 400, "nodes")

    def test_what_is_usable_is_kept_reachable_or_not(self):
        answer = self.post("/nodes/register", {"nodes": ["http://127.0.0.1:5991", "127.0.0.1:5992", "ftp://x"]}, 201)
        self.assertEqual(answer["message"], "New nodes have been added")
        self.assertLessEqual({"127.0.0.1:5991", "127.0.0.1:5992"}, set(answer["total_nodes"]))
        form = self.client.post("/nodes/register", "nodes=127.0.0.1:5993,0.0.0.0:5994",
                                {"Content-Type": "application/x-www-form-urlencoded"})
        total = self.expect(201, form)["total_nodes"]
        self.assertIn("127.0.0.1:5993", total)
        self.assertIn("127.0.0.1:5994", total)
        self.assertEqual(len(self.get("/getblocks")["information"]), len(total))
        resolved = self.post("/nodes/resolve", status=200)
        self.assertIs(resolved["replaced"], False)
        self.assertEqual(resolved["message"], "Our chain is authoritative")
        for address in total:
            self.expect((200, 204), self.client.request("DELETE", f"/nodes/{address}"))
        self.refused(self.client.request("DELETE", "/nodes/127.0.0.1:5991"), 404)
        self.assertEqual(self.get("/getblocks")["information"], [])
