#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/primitives/digest.hpp"
#include "core/primitives/public_key.hpp"
#include "core/primitives/time.hpp"

namespace cairn::net {

/// What became of one entry of /nodes/register.
struct NodeReport {
    std::string address;  // host:port, or the text as it was given if it is none
    bool connected = false;
    std::string detail;  // a sentence: what it is, or what is wrong and what would be right
};
struct RegisterOutcome {
    std::vector<std::string> total_nodes;  // all registered ones, host:port
    std::vector<NodeReport> nodes;         // one per entry, in its order
    bool usable = false;                   // at least one entry was stored
};

struct AskedNode {
    std::string address;
    std::optional<std::string>
        error;           // a sentence; none: it was asked and everything it has is here
    bool ahead = false;  // its better branch was refused for being ahead of our clock
};
struct DroppedTransfer {
    Txid id;
    std::string reason;
};
struct ResolveOutcome {
    bool replaced = false;  // the tip moved
    std::vector<AskedNode> nodes;
    std::vector<DroppedTransfer> dropped;
};

/// A node that is connected, or registered, or both; for GET /nodes.
struct NodeState {
    std::string
        address;  // host:port; of an inbound peer where it listens, else where it calls from
    bool registered = false;
    bool connected = false;
    bool outbound = false;
    std::string state;  // "connected", "dialling", "waiting", "banned", "silent"
    std::optional<Address> key;
    std::string agent;
    Height index = 0;  // of the best header it has shown or claimed; 0 if unknown
    std::optional<BlockHash> hash;
    std::uint64_t peer = 0;  // PeerId if connected: the transport knows its bytes
    Tick connected_ms = 0;   // for how long
    std::string last_error;
};

}  // namespace cairn::net
