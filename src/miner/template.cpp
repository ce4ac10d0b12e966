#include "miner/template.hpp"

#include <algorithm>

#include "core/base/ensure.hpp"
#include "core/consensus/merkle.hpp"
#include "core/primitives/codec.hpp"

namespace cairn {

Assembled assemble(const Template& work, const Address& to, ByteView extra, UnixSeconds time) {
    ENSURE(extra.size() <= Reward::kExtraMax && extra.size() != Reward::kExtraForbidden);
    Assembled block;
    block.reward =
        encode(Reward{work.context.height, to, work.reward, Bytes(extra.begin(), extra.end())});
    std::vector<Txid> ids;
    ids.reserve(work.transfers.size() + 1);
    ids.push_back(txid_of(block.reward));
    for (const auto& transfer : work.transfers) ids.push_back(transfer->id());
    block.header.previous_hash = work.previous;
    block.header.merkle_root = merkle_root(ids);
    block.header.time = std::max(work.context.median_time, time);
    block.header.bits = work.context.required_bits;
    return block;
}

Bytes encode_block(const Template& work, const Assembled& block) {
    std::vector<ByteView> transactions{block.reward};
    for (const auto& transfer : work.transfers) transactions.emplace_back(transfer->bytes());
    return encode_block(block.header, transactions);
}

Bytes reward_extra(std::uint64_t extranonce, ByteView note) {
    Writer writer;
    writer.integer(extranonce);
    const std::size_t size = kExtranonceSize + note.size();
    if (size <= Reward::kExtraMax && size != Reward::kExtraForbidden) writer.raw(note);
    return writer.take();
}

}  // namespace cairn
