#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "core/consensus/checked.hpp"
#include "core/consensus/header_rules.hpp"

namespace cairn {

/// What the next block may be: a value, made by the node, good until the tip or the pool changes.
struct Template {
    std::uint64_t generation = 0;  // of the view it was made from
    BlockHash previous;
    HeaderContext context;     // height, bits and least time of the block
    std::uint64_t reward = 0;  // base units: subsidy and fees
    std::vector<TransferPtr> transfers;
};
using TemplatePtr = std::shared_ptr<const Template>;

/// Bytes at the head of a reward's `extra` that make two miners' rewards differ.
inline constexpr std::size_t kExtranonceSize = 8;

/// A block ready for the search: all but the nonce.
struct Assembled {
    BlockHeader header;
    Bytes reward;  // encoded
};

/// Builds the header and reward of `work` that pay `to`. `time` is raised to the least the chain
/// allows. `extra` is at most Reward::kExtraMax bytes and not Reward::kExtraForbidden. Pure.
[[nodiscard]] Assembled assemble(const Template& work, const Address& to, ByteView extra,
                                 UnixSeconds time);

/// The whole block, once a nonce is found.
[[nodiscard]] Bytes encode_block(const Template& work, const Assembled& block);

/// `extra` of a reward: the extranonce, then `note` if it fits whole.
[[nodiscard]] Bytes reward_extra(std::uint64_t extranonce, ByteView note);

}  // namespace cairn
