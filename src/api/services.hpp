#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "api/block_cache.hpp"
#include "api/http/guard.hpp"
#include "api/http/handler.hpp"
#include "api/login_desk.hpp"
#include "api/mine_desk.hpp"
#include "api/name_book.hpp"
#include "api/nodes_desk.hpp"
#include "api/objects.hpp"
#include "api/session/sessions.hpp"
#include "api/slow_lane.hpp"
#include "node/gate.hpp"
#include "wallet/users.hpp"

namespace cairn {

struct ApiOptions {
    bool auth = true;          // false: every caller is the operator
    bool plain_login = false;  // log-in off loopback without TLS
    bool gossip = true;
    std::string version;
    http::GuardConfig guard;
};

/// The longest step of the node's thread and of an I/O thread since the start, in nanoseconds of
/// thread CPU.
struct LongestSteps {
    std::uint64_t node = 0;
    std::uint64_t io = 0;
};

/// All that routes may reach. Outlives every request.
struct Services {
    ApiOptions options;
    std::shared_ptr<const ChainParams> chain;
    Gate& gate;
    MineDesk& mines;
    NodesDesk& nodes;
    SlowLane& slow;
    Users& users;
    Sessions& sessions;
    LoginDesk& logins;
    Argon2Gate& argon2;
    const NameBook& names;
    Objects objects;
    std::function<Now()> now;
    /// Who every caller is when there is no log-in; the key may be missing.
    std::shared_ptr<const Caller> owner;
    /// Takes over connections that asked for `/p2p`, on an I/O thread. None: they are closed.
    std::function<void(const http::Request&, std::unique_ptr<http::TakenSocket>)> peers = {};
    std::shared_ptr<BlockCache> blocks = std::make_shared<BlockCache>(kBlockCacheBytes);
    /// None: not measured.
    std::function<LongestSteps()> longest_steps = {};

    static constexpr std::size_t kBlockCacheBytes = 32 * 1024 * 1024;
    /// The node ends: what was begun is waited for.
    std::function<bool()> stopping = [] { return false; };
};

}  // namespace cairn
