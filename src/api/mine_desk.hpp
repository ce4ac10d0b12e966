#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "core/base/bytes.hpp"
#include "core/primitives/digest.hpp"
#include "core/primitives/public_key.hpp"

namespace cairn {

/// A caller's wish for blocks.
struct MineOrder {
    Address to;
    Bytes note;  // for the reward's `extra`, after the extranonce; may be empty
    std::uint64_t count = 1;
};

struct Mined {
    std::vector<BlockHash> blocks;  // on the best chain when they were made, oldest first
    std::string stopped;            // why there are fewer than were ordered; empty if there are not
    std::uint32_t retry_after_s = 1;          // with `stopped`
    std::optional<BlockHash> unsettled = {};  // found, and not known to be durable
};

/// Where blocks are ordered. Any thread.
class MineDesk {
public:
    virtual ~MineDesk() = default;
    /// Orders run one after another. `done` is called once, on any thread, and must not block; it
    /// comes after the last block is durable. The token, a time limit or the end of the node stop
    /// an order.
    virtual void mine(MineOrder order, std::stop_token stop, std::function<void(Mined)> done) = 0;
    /// Whether anybody is searching now.
    [[nodiscard]] virtual bool is_mining() const = 0;
};

}  // namespace cairn
