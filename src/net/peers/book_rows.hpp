#pragma once

#include <optional>
#include <variant>

#include "ledger/store.hpp"
#include "net/actions.hpp"

/// How the rows of `Table::peers` look:
///
///   key                              value
///   01 | port u16 BE | host          added u32 | u8 0, or u8 1 | key 32    a registered node
///   02 | port u16 BE | IP literal    seen u32 | key 32                     a learnt node
///   03 | key 32                      until u32                             a ban
///   04 | IP 16                       until u32                             a ban
///   05                               empty                                 silent since /restart
///
/// Times in seconds of the wall clock.
namespace cairn::net {

struct RegisteredNode {
    NodeAddress address;
    std::optional<NodeKey> key;  // as pinned at first contact
    UnixSeconds added = 0;
    friend bool operator==(const RegisteredNode&, const RegisteredNode&) = default;
};
/// Learnt from other peers, and found to be a node of our chain.
struct LearntNode {
    NodeAddress address;
    NodeKey key;
    UnixSeconds seen = 0;
    friend bool operator==(const LearntNode&, const LearntNode&) = default;
};
struct KeyBan {
    NodeKey key;
    UnixSeconds until = 0;
    friend bool operator==(const KeyBan&, const KeyBan&) = default;
};
struct IpBan {
    IpBytes ip{};
    UnixSeconds until = 0;
    friend bool operator==(const IpBan&, const IpBan&) = default;
};
struct SilentMark {
    friend bool operator==(const SilentMark&, const SilentMark&) = default;
};
using BookEntry = std::variant<RegisteredNode, LearntNode, KeyBan, IpBan, SilentMark>;

[[nodiscard]] Bytes key_of(const BookEntry& entry);
[[nodiscard]] Bytes value_of(const BookEntry& entry);
/// Nothing of a row that would not be encoded so, or names an address that is none.
[[nodiscard]] std::optional<BookEntry> decode_entry(ByteView key, ByteView value);

}  // namespace cairn::net
