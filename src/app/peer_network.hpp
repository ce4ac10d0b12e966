#pragma once

#include <future>
#include <memory>
#include <mutex>
#include <set>
#include <string>

#include "api/http/handler.hpp"
#include "app/check_pool.hpp"
#include "app/line_budget.hpp"
#include "core/base/step_times.hpp"
#include "net/transport/transport.hpp"
#include "node/gate.hpp"
#include "node/node.hpp"
#include "wallet/unlocked_key.hpp"

namespace cairn {

/// The peers' sockets and the check pool, tied to the node: what happens at the sockets becomes
/// commands of the lane `peers`, what the node decides is carried out. It stands before the node
/// does, so that no action of the node's is lost; the gate comes later, once. Any thread.
class PeerNetwork {
public:
    /// What it may use of memory, in bytes.
    struct Memory {
        std::size_t known = 2 * KnownIds::kHalfBytes;  // transfers whose signatures are known
        std::size_t checks = CheckPool::kBytes;        // bodies that are checked
        std::shared_ptr<MemoryBudget> sockets = {};    // what waits in the transport
    };
    PeerNetwork(std::shared_ptr<const ChainParams> chain, std::shared_ptr<const UnlockedKey> key,
                std::uint16_t listens_on, std::string agent, LimitLog& limits, Memory memory,
                std::shared_ptr<StepTimes> steps = {});
    ~PeerNetwork();
    PeerNetwork(const PeerNetwork&) = delete;
    PeerNetwork& operator=(const PeerNetwork&) = delete;

    void attach(Gate& gate);
    /// After a commit, on the node's thread: carries out its actions and remembers what it
    /// admitted. Gives back the actions that are answers to questions (Registered, Resolved).
    [[nodiscard]] net::Actions on_committed(const Committed& committed);
    /// The node is opened anew and knows none of its peers.
    void on_trouble();
    /// A connection that asked for `/p2p`.
    void take(const http::Request& request, std::unique_ptr<http::TakenSocket> socket);
    [[nodiscard]] std::optional<net::PeerTraffic> stats(net::PeerId peer) const {
        return transport_->stats(peer);
    }

    /// Says good-bye to the peers; then nothing comes of them any more.
    void stop_peers();
    /// After that, and after the miner.
    void stop_checks();

private:
    [[nodiscard]] bool post(net::PeerEvent event, std::function<void(bool)> taken);
    void note(const net::PeerEvent& event);
    [[nodiscard]] Gate& gate() const { return *attached_.get(); }

    std::promise<Gate*> attach_;
    std::shared_future<Gate*> attached_;
    LineBudget comings_;
    std::mutex told_mutex_;
    std::set<net::PeerId>
        told_;  // guarded; peers whose coming the log has, so that it gets their going
    KnownIds known_;
    CheckPool checks_;
    std::unique_ptr<net::Transport> transport_;
};

}  // namespace cairn
