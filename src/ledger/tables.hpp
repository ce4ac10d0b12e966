#pragma once

#include <optional>

#include "core/base/u256.hpp"
#include "core/consensus/checked.hpp"
#include "core/consensus/connect.hpp"
#include "core/consensus/rejection.hpp"
#include "core/primitives/header.hpp"
#include "ledger/staged.hpp"

/// How every row of the store looks: keys and values are encoded here and nowhere else.
///
///   table         key                                   value
///   meta          "chain"                               genesis hash 32
///                 "tip"                                 hash 32 | height u64 | work 32 | time u32
///                 | issued u64 "sequence"                            u64, next to be given to a
///                 linked block "bare"                                u64, how many rows of kind 03
///                 there are
///   headers       00 | hash 32                          HeaderRecord
///                 01 | parent 32 | hash 32              empty: the children of a header
///                 02 | hash 32                          empty: tips with more work than the best
///                 one's 03 | ~height u64 BE | hash 32         empty: bare headers, whose block was
///                 never
///                                                       here; the highest first
///                 04 | hash 32                          empty: linked blocks whose children may
///                 have
///                                                       to be linked
///                 05 | hash 32                          empty: invalid headers whose children may
///                                                       not be marked yet
///   blocks        height u64 BE | hash 32               the block's bytes
///   undo          height u64 BE | hash 32               issued u64 | varint n | n x (address 32 |
///   u8 | account) best          height u64 BE                         hash 32 accounts address 32
///   balance u64 | nonce u64 transactions  txid 32                               height u64 |
///   position u32 | offset u32 | size u32 history       address 32 | ~height u64 BE |         txid
///   32 | u8 direction
///                 ~position u32 BE                      (newest first in key order)
///   pool          see pool_tables.hpp
///   peers         the room `net`
///
/// Integers are little-endian unless BE (big-endian) is said.
namespace cairn {

/// The best chain's end.
struct Tip {
    BlockHash hash;
    Height height = 0;
    ChainWork work;
    UnixSeconds time = 0;      // of its header
    std::uint64_t issued = 0;  // base units, after it
    friend bool operator==(const Tip&, const Tip&) = default;
};

/// What is known of a header, and of its block.
struct HeaderRecord {
    BlockHeader header;
    Height height = 0;
    ChainWork work;               // cumulative
    UnixSeconds anchor_time = 0;  // time of block 2 on this branch (ASERT)
    bool has_body = false;
    bool linked = false;  // it and all its ancestors have bodies
    bool invalid = false;
    Rule reason = Rule::malformed;   // why it is invalid
    std::uint64_t sequence = 0;      // in the order of linking; breaks ties of work
    std::uint32_t size = 0;          // bytes of the block, 0 without body
    std::uint32_t transactions = 0;  // count, reward included
    friend bool operator==(const HeaderRecord&, const HeaderRecord&) = default;
};

/// Where a transaction of the best chain stands.
struct Location {
    Height height = 0;
    std::uint32_t position = 0;  // in its block, the reward is 0
    std::uint32_t offset = 0;    // of its bytes in the block's
    std::uint32_t size = 0;
};

struct Undo {
    std::uint64_t issued = 0;  // before the block
    std::vector<std::pair<Address, std::optional<Account>>> accounts;
};

enum Direction : std::uint8_t { kOutgoing = 1, kIncoming = 2 };  // both of a transfer to oneself

struct HistoryEntry {
    Height height = 0;
    std::uint32_t position = 0;
    Txid id;
    std::uint8_t direction = 0;
};

namespace tables {

[[nodiscard]] std::optional<BlockHash> chain(const Staged& rows);
void put_chain(Staged& rows, const BlockHash& genesis);

[[nodiscard]] std::optional<Tip> tip(const Staged& rows);
void put_tip(Staged& rows, const Tip& tip);

[[nodiscard]] std::uint64_t sequence(const Staged& rows);
void put_sequence(Staged& rows, std::uint64_t next);

[[nodiscard]] std::optional<HeaderRecord> header(const Staged& rows, const BlockHash& hash);
void put_header(Staged& rows, const BlockHash& hash, const HeaderRecord& record);
/// The children of a header, in order of their hashes.
[[nodiscard]] std::vector<BlockHash> children(const Staged& rows, const BlockHash& parent);
/// The same from behind one on, at most `limit`.
[[nodiscard]] std::vector<BlockHash> children_behind(const Staged& rows, const BlockHash& parent,
                                                     const std::optional<BlockHash>& behind,
                                                     std::size_t limit);
[[nodiscard]] bool has_children(const Staged& rows, const BlockHash& parent);
void put_child(Staged& rows, const BlockHash& parent, const BlockHash& child);
/// A header and its place among its parent's children.
void erase_header(Staged& rows, const BlockHash& hash, const BlockHash& parent);
/// What the ledger has to remember of single headers over a restart of the process.
enum class Mark : std::uint8_t { candidate = 2, to_link = 4, to_condemn = 5 };
[[nodiscard]] std::vector<BlockHash> marked(const Staged& rows, Mark mark);
void put_mark(Staged& rows, Mark mark, const BlockHash& hash);
void erase_mark(Staged& rows, Mark mark, const BlockHash& hash);
struct BareHeader {
    Height height = 0;
    BlockHash hash;
    friend bool operator==(const BareHeader&, const BareHeader&) = default;
};
[[nodiscard]] std::uint64_t bare_count(const Staged& rows);
void put_bare_count(Staged& rows, std::uint64_t count);
[[nodiscard]] bool is_bare(const Staged& rows, const BareHeader& header);
void put_bare(Staged& rows, const BareHeader& header);
void erase_bare(Staged& rows, const BareHeader& header);
/// Bare headers, the highest first, beginning behind one, at most `limit`.
[[nodiscard]] std::vector<BareHeader> bare_headers(const Staged& rows,
                                                   const std::optional<BareHeader>& behind,
                                                   std::size_t limit);
/// A row of that block, which other rows tell of, is not there or does not decode: a fault of
/// `rows`.
void report_lost(const Staged& rows, const BlockHash& block);

/// Bytes of a block. To read a larger one takes milliseconds (10 of CPU for 4 MiB were seen): too
/// long for a thread that others wait for.
inline constexpr std::size_t kReadAtOnce = 256 * 1024;
[[nodiscard]] Bytes block_key(Height height, const BlockHash& hash);
[[nodiscard]] std::optional<Bytes> block(const Staged& rows, Height height, const BlockHash& hash);
void put_block(Staged& rows, Height height, const BlockHash& hash, ByteView bytes);

[[nodiscard]] std::optional<Undo> undo(const Staged& rows, Height height, const BlockHash& hash);
void put_undo(Staged& rows, Height height, const BlockHash& hash, const Connected& connected,
              std::uint64_t issued_before);
void erase_undo(Staged& rows, Height height, const BlockHash& hash);

[[nodiscard]] Bytes height_key(Height height);
[[nodiscard]] std::optional<BlockHash> best(const Staged& rows, Height height);
/// The best chain from a height on, at most `limit` blocks of it.
[[nodiscard]] std::vector<BlockHash> best_from(const Staged& rows, Height height,
                                               std::size_t limit);
void put_best(Staged& rows, Height height, const BlockHash& hash);
void erase_best(Staged& rows, Height height);

[[nodiscard]] std::optional<Account> account(const Staged& rows, const Address& address);
void put_account(Staged& rows, const Address& address, const std::optional<Account>& account);

[[nodiscard]] std::optional<Location> location(const Staged& rows, const Txid& id);
/// Entries of an account, newest first, beginning after `after` (height, position) if given.
[[nodiscard]] std::vector<HistoryEntry> history(
    const Staged& rows, const Address& address,
    const std::optional<std::pair<Height, std::uint32_t>>& after, std::size_t limit);
/// Adds or removes the transaction and history rows of a block of the best chain.
void index_block(Staged& rows, Height height, const CheckedBlock& block);
void unindex_block(Staged& rows, Height height, const CheckedBlock& block);
/// The same of the genesis block, which may hold many rewards.
void index_genesis(Staged& rows, const ChainParams& params);

}  // namespace tables
}  // namespace cairn
