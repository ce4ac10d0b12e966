#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "ledger/tables.hpp"

/// The rows of table `pool`. Integers are little-endian unless BE is said.
///
///   00 | order u64 BE                 since u32 | a transfer's bytes       waiting, by arrival
///   01 | txid 32                      order u64                            the same by id
///   02 | sender 32 | nonce u64 BE     txid 32                              the same by sender
///   03 | txid 32                      order u64 | reason bytes | transfer  dropped, and why
///   04 | order u64 BE                 txid 32                              the same, oldest first
///   05 | key 32                       time u32 | txid 32                   Idempotency-Keys
///   06 | time u32 BE | key 32         empty                                the same, oldest first
///   07 | sender 32                    count u64 | next u64                 how many of a sender
///   wait 08 | order / 1024 u64 BE          count u64                            how many of these
///   orders 09                                block hash 32                        the pool still
///   follows the
///                                                                          tip away from this
///                                                                          block
///
/// Rows 07 and 08 are sums over rows 00, so that a reader need not walk these. They are made anew
/// at the start where they are missing or wrong.
namespace cairn {

/// A transfer that waits in the pool.
struct Pending {
    std::uint64_t order = 0;  // of arrival
    UnixSeconds since = 0;
    TransferPtr transfer;
};

/// A transfer that left the pool without being mined.
struct Dropped {
    TransferPtr transfer;
    std::string reason;
};

/// What waits of one sender.
struct Waiting {
    std::uint64_t count = 0;  // transfers
    std::uint64_t next = 0;   // one past the run of nonces from the account's next on
    friend bool operator==(const Waiting&, const Waiting&) = default;
};

/// How many dropped transfers are remembered.
inline constexpr std::size_t kDroppedMax = 10'000;
/// How long an Idempotency-Key is remembered, seconds.
inline constexpr UnixSeconds kIdempotencySeconds = 24 * 3600;
/// Orders that are counted together.
inline constexpr std::uint64_t kOrdersPart = 1024;

namespace tables {

void put_pending(Staged& rows, const Pending& pending);
void erase_pending(Staged& rows, const Pending& pending);
[[nodiscard]] std::optional<Pending> pending(const Staged& rows, const Txid& id);

struct PendingPage {
    std::vector<Pending> entries;
    std::vector<Bytes> undecodable;     // keys of rows that are damaged
    std::optional<std::uint64_t> next;  // where to go on; none at the end
};
[[nodiscard]] Bytes pending_key(std::uint64_t order);
/// The order under which a waiting transfer is known by its id.
[[nodiscard]] std::optional<std::uint64_t> pending_order(const Staged& rows, const Txid& id);
/// The ids of waiting transfers above `after`, ascending, at most `limit`.
[[nodiscard]] std::vector<Txid> pending_ids(const Staged& rows, const Txid& after,
                                            std::size_t limit);
/// Removes the rows by id and by sender of all waiting transfers; `put_pending` makes them anew.
void erase_pending_index(Staged& rows);
/// Waiting transfers from `order` upward. What `put_arrivals` counted shows where none stands, so
/// that no walk leads over the places of those that left, of which a store may keep many.
[[nodiscard]] PendingPage pending_page(const Staged& rows, std::uint64_t order, Bounds bounds);
/// The same from the rows alone, whatever the counts say.
[[nodiscard]] PendingPage pending_from(const Staged& rows, std::uint64_t order, Bounds bounds);
/// Whether a row of what is remembered (dropped transfers, Idempotency-Keys) decodes, and its other
/// row, by age, tells the same; true of all other rows that may stand in the table.
[[nodiscard]] bool is_sound_memory(const Staged& rows, const Row& row);
/// Nonces of a sender's waiting transfers, rising: a walk over all of them.
[[nodiscard]] std::vector<std::uint64_t> pending_nonces(const Staged& rows, const Address& sender);
/// Every row by id, in their order.
void each_pending_id(const Staged& rows,
                     const std::function<void(const Txid&, std::uint64_t order)>& each);

/// What waits of a sender; nothing if none does.
[[nodiscard]] std::optional<Waiting> waiting(const Staged& rows, const Address& sender);
/// Nothing: none waits any more.
void put_waiting(Staged& rows, const Address& sender, const std::optional<Waiting>& waiting);
void each_waiting(const Staged& rows,
                  const std::function<void(const Address&, const Waiting&)>& each);
/// How many transfers wait with an order of `part` * kOrdersPart or one of those that follow.
void put_arrivals(Staged& rows, std::uint64_t part, std::uint64_t count);
/// Until `each` says false.
void each_arrivals(const Staged& rows,
                   const std::function<bool(std::uint64_t part, std::uint64_t count)>& each);
/// The tip at which a switch of branches began that the pool still follows; zeros if it was none.
[[nodiscard]] std::optional<BlockHash> followed(const Staged& rows);
void put_followed(Staged& rows, const std::optional<BlockHash>& tip);
/// The order of the waiting transfer that `skipped` others came before; none if no more wait.
[[nodiscard]] std::optional<std::uint64_t> pending_at(const Staged& rows, std::uint64_t skipped);

void put_dropped(Staged& rows, std::uint64_t order, const Dropped& dropped);
[[nodiscard]] std::optional<Dropped> dropped(const Staged& rows, const Txid& id);
void erase_dropped(Staged& rows, std::uint64_t order, const Txid& id);
/// Orders of the dropped ones and their ids, oldest first, at most `limit`.
[[nodiscard]] std::vector<std::pair<std::uint64_t, Txid>> dropped_ids(const Staged& rows,
                                                                      std::size_t limit);

/// False: the key was remembered already; it begins anew.
bool put_idempotency(Staged& rows, const Hash256& key, UnixSeconds now, const Txid& id);
/// What a key stands for, unless it is older than a day.
[[nodiscard]] std::optional<Txid> idempotency(const Staged& rows, const Hash256& key,
                                              UnixSeconds now);
/// A key, and when it was used.
struct UsedKey {
    UnixSeconds time = 0;
    Hash256 key;
};
/// Keys used from `from` until before `to`, oldest first, at most `limit`.
[[nodiscard]] std::vector<UsedKey> used_keys(const Staged& rows, UnixSeconds from,
                                             std::optional<UnixSeconds> to, std::size_t limit);
void each_used_key(const Staged& rows, const std::function<void(const UsedKey&)>& each);
void erase_idempotency(Staged& rows, const UsedKey& used);

}  // namespace tables
}  // namespace cairn
