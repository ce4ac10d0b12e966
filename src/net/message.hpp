#pragma once

#include <cstdint>
#include <optional>
#include <variant>
#include <vector>

#include "core/base/bytes.hpp"
#include "core/primitives/digest.hpp"
#include "core/primitives/header.hpp"
#include "net/node_address.hpp"

namespace cairn::net {

/// What peers say to each other once they have shaken hands (docs/peers.md). The names are
/// Bitcoin's. A message that exists was decoded within its limits; its headers and bodies are
/// hashed already.

/// Versions of the protocol. A dialler offers all of them, and the newest that both know is spoken:
/// 2 asks for a pool in pieces (`PoolPage`, `PoolInv`), 1 as a whole.
inline constexpr std::uint32_t kProtocolOldest = 1, kProtocolNewest = 2;

enum class ItemKind : std::uint8_t { transfer = 1, block = 2 };
struct Item {
    ItemKind kind = ItemKind::transfer;
    Hash256 hash;
    friend auto operator<=>(const Item&, const Item&) = default;
};

struct Ping {
    std::uint64_t nonce = 0;
};
struct Pong {
    std::uint64_t nonce = 0;
};
/// "What follows the newest of these that is on your best chain?"
struct GetHeaders {
    std::vector<BlockHash> locator;  // newest first
    BlockHash stop;                  // zero: as many as fit
};
/// In chain order, each the parent of the next. A full message means that there is more to come.
struct Headers {
    std::vector<HashedHeader> headers;
};
struct Inv {
    std::vector<Item> items;
    bool goes_on = false;  // not on the wire: a part, and not the last, of a longer message
};
struct GetData {
    std::vector<Item> items;
};
/// Of a `getdata`: these are not here.
struct NotFound {
    std::vector<Item> items;
};
struct TransferBody {
    Txid id;
    Bytes bytes;
};
struct BlockBody {
    HashedHeader header;
    SharedBytes bytes;  // of the whole block
};
/// Which part of a pool: the first `limit` ids above `after`, in ascending order.
struct PoolPage {
    Txid after;
    std::uint16_t limit = 0;
    friend bool operator==(const PoolPage&, const PoolPage&) = default;
};
/// "Tell me what waits in your pool" (BIP35): all of it in protocol 1, a page of it since 2.
struct Mempool {
    std::optional<PoolPage> page;
};
/// Answers a page; ascending, without repetition.
struct PoolInv {
    bool more = false;  // ids follow above the last of these
    std::vector<Txid> ids;
};
struct GetAddr {};
struct Addr {
    std::vector<NodeAddress> addresses;  // IP literals only
};

using Message = std::variant<Ping, Pong, GetHeaders, Headers, Inv, GetData, NotFound, TransferBody,
                             BlockBody, Mempool, PoolInv, GetAddr, Addr>;

}  // namespace cairn::net
