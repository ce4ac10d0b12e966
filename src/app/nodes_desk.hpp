#pragma once

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <variant>

#include "api/nodes_desk.hpp"
#include "app/inventories.hpp"
#include "net/actions.hpp"
#include "net/transport/transport.hpp"
#include "node/gate.hpp"

namespace cairn {

/// Takes questions about other nodes to the node's thread and brings the answers back: at once
/// where the node knows them, else when it says so in its actions (`on_registered`, `on_resolved`).
/// Every question ends: with its answer, or with a failure when the store fails, the caller leaves
/// or the node stops. Any thread.
class GateNodesDesk final : public NodesDesk {
public:
    /// Questions that wait for other nodes.
    static constexpr std::size_t kWaitingMax = 256;
    static constexpr Tick kRegisterMs = 15'000;
    using BytesOf = std::function<std::optional<net::PeerTraffic>(net::PeerId)>;

    GateNodesDesk(Gate& gate, InventoryRounds& rounds, BytesOf bytes_of);
    ~GateNodesDesk() override;

    void register_nodes(std::vector<std::string> texts, std::stop_token stop, May may,
                        Done<RegisterOutcome> done) override;
    void remove(std::string address, May may, Done<RemoveOutcome> done) override;
    void list(Done<std::vector<ListedNode>> done) override;
    void resolve(std::uint32_t seconds, std::stop_token stop, May may,
                 Done<ResolveOutcome> done) override;
    void inventories(Done<Inventories> done) override;

    /// What the node told with a commit; the node's thread.
    void on_registered(const net::Registered& told);
    void on_resolved(const net::Resolved& told);
    /// The node was opened anew after a failed write: it knows nothing of what was asked.
    void on_trouble();
    /// Fails what waits, and whatever comes afterwards.
    void stop();

private:
    using AnyDone = std::variant<Done<RegisterOutcome>, Done<ResolveOutcome>>;
    struct Waiting {
        explicit Waiting(AnyDone what) : done{std::move(what)} {}
        AnyDone done;
        // Ends the wait when the caller leaves.
        std::optional<std::stop_callback<std::function<void()>>> on_stop;
    };
    using WaitingPtr = std::shared_ptr<Waiting>;
    /// What the node's thread is to begin.
    using Begin = std::function<void(Node&, net::Ticket, Now)>;

    void ask(AnyDone done, std::stop_token stop, May may, Begin begin);
    [[nodiscard]] WaitingPtr take(net::Ticket ticket);
    void fail_one(net::Ticket ticket, const NodesFailure& failure);
    void fail_all(const NodesFailure& failure);

    Gate& gate_;
    InventoryRounds& rounds_;
    const BytesOf bytes_of_;

    std::mutex mutex_;  // guards what follows, never held while calling out
    std::map<net::Ticket, WaitingPtr> waiting_;
    net::Ticket last_ticket_ = 0;
    bool stopping_ = false;
};

}  // namespace cairn
