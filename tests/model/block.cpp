#include "model/block.hpp"

#include "model/crypto.hpp"

namespace model {

namespace {

Bytes unsigned_bytes(const Transfer& transfer) {
    Writer out;
    out.u8(1).raw(transfer.sender).u64(transfer.nonce).raw(transfer.recipient).u64(transfer.amount);
    return out.u64(transfer.fee).bytes(transfer.data).done();
}

Bytes32 join(const Bytes32& left, const Bytes32& right) {
    return double_sha256(Writer{}.raw(left).raw(right).done());
}

Header read_header(Reader& in) {
    Header header;
    header.version = in.u32();
    header.previous_hash = in.array<32>();
    header.merkle_root = in.array<32>();
    header.time = in.u32();
    header.bits = in.u32();
    header.nonce = in.u32();
    return header;
}

std::variant<Reward, Transfer> read_transaction(Reader& in) {
    const auto type = in.u8();
    if (type == 0) {
        Reward reward;
        reward.height = in.u64();
        reward.recipient = in.array<32>();
        reward.amount = in.u64();
        reward.extra = in.bytes();
        if (reward.extra.size() > 100 || reward.extra.size() == 14) in.fail();
        return reward;
    }
    if (type != 1) in.fail();
    Transfer transfer;
    transfer.sender = in.array<32>();
    transfer.nonce = in.u64();
    transfer.recipient = in.array<32>();
    transfer.amount = in.u64();
    transfer.fee = in.u64();
    transfer.data = in.bytes();
    transfer.signature = in.array<64>();
    return transfer;
}

}  // namespace

Bytes encode(const Header& header) {
    Writer out;
    out.u32(header.version).raw(header.previous_hash).raw(header.merkle_root);
    return out.u32(header.time).u32(header.bits).u32(header.nonce).done();
}

Bytes encode(const Reward& reward) {
    Writer out;
    out.u8(0).u64(reward.height).raw(reward.recipient).u64(reward.amount).bytes(reward.extra);
    return out.done();
}

Bytes encode(const Transfer& transfer) {
    return Writer{}.raw(unsigned_bytes(transfer)).raw(transfer.signature).done();
}

Bytes encode(const Header& header, const std::vector<Bytes>& transactions) {
    Writer out;
    out.raw(encode(header)).varint(transactions.size());
    for (const auto& transaction : transactions) out.raw(transaction);
    return out.done();
}

std::optional<Block> decode_block(View bytes) {
    Reader in{bytes};
    Block block;
    block.size = bytes.size();
    block.header = read_header(in);
    if (!in.good()) return std::nullopt;
    block.hash = double_sha256(bytes.first(kHeaderSize));
    const auto count = in.varint();
    for (std::uint64_t i = 0; i < count && in.good(); ++i) {
        const auto start = in.position();
        auto content = read_transaction(in);
        const View encoded = bytes.subspan(start, in.position() - start);
        block.transactions.push_back(
            {std::move(content), {encoded.begin(), encoded.end()}, double_sha256(encoded)});
    }
    if (!in.at_end()) return std::nullopt;
    return block;
}

Bytes32 signing_hash(const Bytes32& genesis, const Transfer& transfer) {
    return tagged_hash("cairn/transfer",
                       Writer{}.raw(genesis).raw(unsigned_bytes(transfer)).done());
}

Bytes32 merkle_root(std::vector<Bytes32> ids) {
    if (ids.empty()) return {};
    while (ids.size() > 1) {
        std::vector<Bytes32> above;
        for (std::size_t i = 0; i + 1 < ids.size(); i += 2)
            above.push_back(join(ids[i], ids[i + 1]));
        if (ids.size() % 2 == 1) above.push_back(ids.back());
        ids = std::move(above);
    }
    return ids.front();
}

std::optional<Bytes32> merkle_climb(Bytes32 leaf, std::uint64_t position, std::uint64_t count,
                                    const std::vector<Bytes32>& branch) {
    if (position >= count) return std::nullopt;
    auto sibling = branch.begin();
    for (; count > 1; position /= 2, count = (count + 1) / 2) {
        if (position == count - 1 && count % 2 == 1) continue;
        if (sibling == branch.end()) return std::nullopt;
        leaf = position % 2 == 0 ? join(leaf, *sibling) : join(*sibling, leaf);
        ++sibling;
    }
    if (sibling != branch.end()) return std::nullopt;
    return leaf;
}

}  // namespace model
