"""wire.py against published vectors and against the second ledger."""

import json
import subprocess
import tempfile
import unittest
from pathlib import Path

import bip340
import wire
from settings import MODEL, TMP, VECTORS, needs_model, seeded


class Bech32m(unittest.TestCase):
    def test_accepts_and_refuses_as_published(self):
        cases = json.loads((VECTORS / "bip350/bech32m.json").read_text(encoding="utf-8"))
        for case in cases["valid_bech32m"]:
            prefix, words = wire.bech32m_decode(case["string"])
            self.assertEqual(wire.bech32_encode(prefix, words), case["string"].lower())
        for case in cases["invalid_bech32m"]:
            with self.subTest(case["string"]), self.assertRaises(wire.WireError):
                wire.bech32m_decode(case["string"])

    def test_refuses_every_bech32_string(self):
        cases = json.loads((VECTORS / "bip173/bech32.json").read_text(encoding="utf-8"))
        strings = [case if isinstance(case, str) else case["string"] for group in cases.values() for case in group]
        self.assertGreater(len(strings), 15)
        for string in strings:
            with self.subTest(string), self.assertRaises(wire.WireError):
                wire.bech32m_decode(string)

    def test_addresses_round_trip_under_their_own_prefix_only(self):
        for key in (wire.ZERO, bytes(range(32)), b"\xff" * 32):
            text = wire.address("crn", key)
            self.assertEqual(wire.address_key("crn", text), key)
            with self.assertRaises(wire.WireError):
                wire.address_key("crnd", text)


class Varint(unittest.TestCase):
    def test_is_as_short_as_can_be(self):
        for value in (0, 0xFC, 0xFD, 0xFFFF, 0x10000, 0xFFFFFFFF, 1 << 32, 2**64 - 1):
            self.assertEqual(wire.Reader(wire.varint(value)).varint(), value)
        for data in (b"\xfd\xfc\x00", b"\xfe\xff\xff\x00\x00", b"\xff\xff\xff\xff\xff\x00\x00\x00\x00"):
            with self.assertRaises(wire.WireError):
                wire.Reader(data).varint()


class Merkle(unittest.TestCase):
    def test_every_branch_leads_to_the_root_and_no_other_place(self):
        for count in range(1, 18):
            ids = [wire.double_sha256(bytes([i])) for i in range(count)]
            root = wire.merkle_root(ids)
            for position in range(count):
                branch = wire.merkle_branch(ids, position)
                self.assertEqual(wire.merkle_climb(ids[position], position, count, branch), root)
                with self.assertRaises(wire.WireError):
                    wire.merkle_climb(ids[position], position, count, branch + [root])


class Blocks(unittest.TestCase):
    def test_real_headers_hash_below_their_targets_and_link(self):
        cases = json.loads((VECTORS / "bip54/timestamps.json").read_text())
        header = wire.decode_header(bytes.fromhex(cases["block_headers"][0]))
        self.assertTrue(header.has_work())
        for text in cases["block_headers"][1:200]:
            following = wire.decode_header(bytes.fromhex(text))
            self.assertEqual(following.encode().hex(), text)
            self.assertEqual(following.previous_hash, header.hash())
            self.assertTrue(following.has_work())
            header = following

    def test_a_reward_never_takes_the_size_of_an_inner_node(self):
        data = wire.Reward(2, wire.ZERO, 0, bytes(14)).encode()
        self.assertEqual(len(data), 64)
        with self.assertRaises(wire.WireError):
            wire.decode_transaction(data)


@needs_model
class AgainstTheModel(unittest.TestCase):
    def model(self, *arguments):
        return subprocess.run([MODEL, *arguments], capture_output=True, text=True, timeout=60)

    def test_genesis_hashes_are_equal(self):
        for name, spec in (("main", wire.MAIN), ("steady", wire.STEADY), ("dev", wire.DEV)):
            self.assertEqual(self.model("spec", name).stdout.strip(), spec.canonical().hex())
            self.assertEqual(self.model("genesis", name).stdout.strip(), wire.shown(spec.genesis().hash()))

    def test_a_chain_made_here_replays_there(self):
        random = seeded("wire_test")
        spec, secrets = wire.DEV, [bytes([i + 1]) * 32 for i in range(4)]
        keys = [bip340.public_key(secret) for secret in secrets]
        genesis = spec.genesis()
        blocks, accounts, issued = [genesis], {}, 0

        def opened(key):
            nonlocal issued
            if key not in accounts:
                accounts[key] = [spec.opening, 0]
                issued += spec.opening
            return accounts[key]

        for height in range(2, 22):
            transfers = []
            for _ in range(random.randrange(4)):
                sender, recipient = random.randrange(4), random.randrange(4)
                account = opened(keys[sender])
                transfer = wire.Transfer(keys[sender], account[1], keys[recipient], random.randrange(1, wire.COIN),
                                         random.randrange(9), random.randbytes(random.randrange(300)))
                transfers.append(transfer.sign(secrets[sender], genesis.hash()))
                account[0] -= transfer.amount + transfer.fee
                account[1] += 1
                opened(keys[recipient])[0] += transfer.amount
            amount = spec.subsidy_at(height, issued)
            issued += amount
            reward = wire.Reward(height, keys[height % 4], amount + sum(t.fee for t in transfers), b"extra")
            opened(reward.recipient)[0] += reward.amount
            block = wire.Block(wire.Header(2, blocks[-1].hash(), wire.ZERO, spec.genesis_time, spec.bits, 0),
                               [reward, *transfers])
            block.header.merkle_root = wire.merkle_root(block.txids())
            block.header.mine()
            self.assertEqual(wire.decode_block(block.encode()), block)
            blocks.append(block)

        with tempfile.TemporaryDirectory(dir=TMP) as folder:
            path = Path(folder) / "chain"
            path.write_bytes(wire.export_file(spec, blocks))
            answer = self.model("replay", path)
            self.assertEqual(answer.stderr, "")
            state = json.loads(answer.stdout)
            self.assertEqual(state["tip"], wire.shown(blocks[-1].hash()))
            self.assertEqual(state["issued"], issued)
            self.assertEqual(state["sum"], issued)
            self.assertEqual(
                state["accounts"],
                {key.hex(): {"balance": balance, "nonce": nonce} for key, (balance, nonce) in accounts.items()},
            )
            blocks[5].transactions[0].amount += 1
            path.write_bytes(wire.export_file(spec, blocks))
            self.assertIn("breaks rule 7", self.model("replay", path).stderr)
