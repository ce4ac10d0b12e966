#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "sim/book.hpp"
#include "sim/machine.hpp"
#include "sim/senders.hpp"

namespace cairn::sim {

/// Machines, the network between them, one clock, one seed. Whoever drives it says what happens;
/// the world holds everything that a node commits against its own book, and stops at the first
/// thing that is wrong.
class World {
public:
    /// When worlds begin, unless told otherwise.
    static constexpr UnixSeconds kEpoch = 1'700'000'000;

    /// Funds `senders` accounts if the spec has no allocations of its own.
    World(std::uint64_t seed, ChainSpec spec, std::size_t senders, UnixSeconds epoch = kEpoch);

    /// 10.0.0.1:5000 and so on; not started.
    Machine& add(MachineOptions options = {});
    /// The address of the machine that is added as the `index`th.
    [[nodiscard]] static net::NodeAddress address(std::size_t index);
    [[nodiscard]] std::vector<std::unique_ptr<Machine>>& machines() { return machines_; }
    [[nodiscard]] Machine& machine(std::size_t index) { return *machines_.at(index); }
    void start_all();
    /// Every node is told of every other, and they have found each other.
    void connect_all();

    void run_for(Micros time);
    /// False: it did not come true within that time, or something was wrong.
    bool run_until(const std::function<bool()>& condition, Micros within);
    /// The first thing that was wrong, with its time.
    [[nodiscard]] const std::optional<std::string>& failure() const { return failure_; }
    void fail(const std::string& what);
    /// A block of somebody else than a machine, for the book.
    void know(const CheckedBlock& block);
    /// A machine finds a block; false if it has no template on its tip within a second.
    bool mine(Machine& machine);

    /// All nodes are there and have the same tip.
    [[nodiscard]] bool has_one_tip() const;
    /// All nodes are there and no tip has more work than another.
    [[nodiscard]] bool has_equal_work() const;
    /// All nodes hold the same executable transfers.
    [[nodiscard]] bool has_one_pool() const;
    /// Every node's tip, for people.
    [[nodiscard]] std::string tips() const;
    /// The executable transfers that are not in every pool, for people.
    [[nodiscard]] std::string pool_differences() const;
    /// The machine whose tip has most work; the first of them.
    [[nodiscard]] Machine& best();
    /// Everything that must hold once all have the same tip: each node's rows are those of a node
    /// that has only ever seen that one chain, and no acknowledged transfer is lost.
    void check_settled();

    [[nodiscard]] const std::shared_ptr<const ChainParams>& chain() const { return chain_; }
    [[nodiscard]] Scheduler& scheduler() { return scheduler_; }
    [[nodiscard]] Network& network() { return network_; }
    [[nodiscard]] Trace& trace() { return trace_; }
    [[nodiscard]] Random& random() { return random_; }
    [[nodiscard]] Checker& checker() { return checker_; }
    [[nodiscard]] Senders& senders() { return senders_; }
    [[nodiscard]] const Book& book() const { return book_; }
    /// Blocks that left a best chain somewhere, and the deepest single change.
    [[nodiscard]] std::uint64_t disconnected() const { return disconnected_; }
    [[nodiscard]] std::size_t deepest() const { return deepest_; }
    /// Told when a machine has lost its power.
    std::function<void(Machine&)> on_stopped;

private:
    void check_commit(Machine& machine, const Committed& committed);
    void check_transfers();
    [[nodiscard]] Hash256 replayed(const Node& node);

    std::shared_ptr<const ChainParams> chain_;
    Random random_;
    Scheduler scheduler_;
    Trace trace_;
    Network network_;
    Checker checker_;
    Senders senders_;
    Book book_;
    Surroundings around_;
    std::vector<std::unique_ptr<Machine>> machines_;
    std::map<HostId, Tip> tips_;  // the last durable one of each machine
    std::optional<std::string> failure_;
    std::uint64_t disconnected_ = 0;
    std::size_t deepest_ = 0;
};

/// A chain on which anything is found at the second try, with short eras and an opening. A world
/// gives its senders 1,000 coins each.
[[nodiscard]] ChainSpec simulated_spec();

}  // namespace cairn::sim
