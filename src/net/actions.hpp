#pragma once

#include <cstdint>
#include <string>
#include <variant>
#include <vector>

#include "core/base/bytes.hpp"
#include "core/base/u256.hpp"
#include "core/consensus/checked.hpp"
#include "core/primitives/public_key.hpp"
#include "net/message.hpp"
#include "net/outcome.hpp"

namespace cairn::net {

/// A connection, from its handshake to its end; rising, never given twice in a process.
using PeerId = std::uint64_t;
/// A question whose answer comes later: a resolve, a registration.
using Ticket = std::uint64_t;
/// x-only key that names a node, used for the handshake and nothing else.
using NodeKey = Address;

/// Why a dial came to nothing, as far as it changes what is kept of the address.
enum class DialFault : std::uint8_t {
    unreachable,  // nobody there, or nobody that speaks this protocol: it may come
    other_chain,
    itself,
};

/// What a handshake told of the other side. Its genesis is ours and its signature right.
struct Hello {
    NodeKey key;
    std::uint32_t protocol = kProtocolNewest;  // that is spoken with it
    bool outbound = false;                     // we dialled
    NodeAddress
        address;  // outbound: as it was dialled; inbound: its IP and the port it dialled from
    std::optional<IpBytes> ip;     // that was spoken to, where `address` is a name
    std::uint16_t listens_on = 0;  // its own port, 0 if it takes no peers
    std::string agent;             // printable ASCII
    BlockHash tip;                 // claims, until headers show them
    Height height = 0;
    ChainWork work;
};

struct Send {
    PeerId to = 0;
    SharedBytes frame;  // encoded once for all receivers
};
struct Close {
    PeerId peer = 0;
    std::string why;   // a sentence, for the log and the list of nodes
    bool ban = false;  // it broke a rule, and is not let in again for a while
};
struct Dial {
    NodeAddress to;
};
/// The operator named this peer's node: what it asks and says has a share of its own.
struct Favour {
    PeerId peer = 0;
};
/// A body that was asked for: to be checked outside the node's thread; comes back as `Checked`.
struct Check {
    PeerId from = 0;
    Item what;
    SharedBytes bytes;
};
/// Headers for our own ledger, in chain order; the node answers with `Peers::on_offered`.
struct Offer {
    PeerId from = 0;
    std::vector<HashedHeader> headers;
};
struct Registered {
    Ticket ticket = 0;
    RegisterOutcome outcome;
};
struct Resolved {
    Ticket ticket = 0;
    ResolveOutcome outcome;
};

using Action = std::variant<Send, Close, Dial, Favour, Check, Offer, Registered, Resolved>;
using Actions = std::vector<Action>;

/// What came of a `Check`.
struct Checked {
    PeerId from = 0;
    Item what;
    std::variant<BlockPtr, TransferPtr, Rejection> outcome;
};

}  // namespace cairn::net
