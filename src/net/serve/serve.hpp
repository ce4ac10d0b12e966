#pragma once

#include <optional>
#include <string>
#include <variant>

#include "core/base/result.hpp"
#include "ledger/staged.hpp"
#include "net/limits.hpp"
#include "net/message.hpp"

/// Answers to what peers ask of the chain and the pool, from one snapshot: pure, any thread, so
/// that the node's own thread has no part in serving.
namespace cairn::net {

/// What follows the newest locator entry on the best chain (genesis if none is), at most `most`;
/// empty if there is nothing.
[[nodiscard]] Headers headers_after(const Staged& rows, const GetHeaders& question,
                                    std::size_t most = limits::kHeaders);

/// The frame of a block (also a stale one) or of a transfer that waits; nothing if it is not here.
[[nodiscard]] std::optional<Bytes> frame_of(const Staged& rows, const Item& item);
/// Whether it is a block that is here, and larger than `tables::kReadAtOnce`.
[[nodiscard]] bool is_large_block(const Staged& rows, const Item& item);

/// The ids of a page of the pool, at most `limits::kPoolPage`.
[[nodiscard]] PoolInv pool_page(const Staged& rows, const PoolPage& page);

/// What is made where there is time for it: a large block, or a page of the pool, before whose
/// first id any number may have left a short while ago.
using Apart = std::variant<Item, PoolPage>;
[[nodiscard]] std::optional<Bytes> frame_of(const Staged& rows, const Apart& apart);

/// The ids in the pool, in its order, beginning after `cursor` (empty: from the start), at most
/// `most`; `cursor` moves on, and is empty again at the end.
[[nodiscard]] Inv pool_inventory(const Staged& rows, Bytes& cursor,
                                 std::size_t most = limits::kInvItems);

}  // namespace cairn::net
