#pragma once

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

/// How many dropped transfers are remembered.
inline constexpr std::size_t kDroppedMax = 10'000;
/// How long an Idempotency-Key is remembered, seconds.
inline constexpr UnixSeconds kIdempotencySeconds = 24 * 3600;

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
/// Waiting transfers from `order` upward.
[[nodiscard]] PendingPage pending_from(const Staged& rows, std::uint64_t order, Bounds bounds);
/// Whether a row of what is remembered (dropped transfers, Idempotency-Keys) decodes, and its other
/// row, by age, tells the same; true of all other rows that may stand in the table.
[[nodiscard]] bool is_sound_memory(const Staged& rows, const Row& row);
/// Nonces of a sender's waiting transfers, rising.
[[nodiscard]] std::vector<std::uint64_t> pending_nonces(const Staged& rows, const Address& sender);

void put_dropped(Staged& rows, std::uint64_t order, const Dropped& dropped);
[[nodiscard]] std::optional<Dropped> dropped(const Staged& rows, const Txid& id);
/// Forgets that a transfer was dropped (it came back). False: it was not.
[[nodiscard]] bool erase_dropped(Staged& rows, const Txid& id);
/// Orders of the dropped ones from `from` on, oldest first, at most `limit`.
[[nodiscard]] std::vector<std::uint64_t> dropped_orders(const Staged& rows, std::size_t limit,
                                                        std::uint64_t from = 0);
void erase_dropped_order(Staged& rows, std::uint64_t order);

void put_idempotency(Staged& rows, const Hash256& key, UnixSeconds now, const Txid& id);
/// What a key stands for, unless it is older than a day.
[[nodiscard]] std::optional<Txid> idempotency(const Staged& rows, const Hash256& key,
                                              UnixSeconds now);
/// Removes keys older than a day, at most `limit`.
void expire_idempotency(Staged& rows, UnixSeconds now, std::size_t limit);

}  // namespace tables
}  // namespace cairn
