#pragma once

#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "net/serve/answers.hpp"
#include "node/driver.hpp"
#include "sim/checker.hpp"
#include "sim/network.hpp"
#include "storage/simulated_disk.hpp"

namespace cairn::sim {

/// What a machine stands in; all of it outlives the machine.
struct Surroundings {
    std::shared_ptr<const ChainParams> chain;
    Scheduler& scheduler;
    Network& network;
    Trace& trace;
    Checker& checker;
    UnixSeconds epoch = 0;  // the wall clock when the world begins
    /// After each durable commit of a node.
    std::function<void(class Machine&, const Committed&)> committed;
    /// A block that a machine has found, before its node hears of it.
    std::function<void(class Machine&, const BlockPtr&)> found;
    /// A machine without power, so that somebody turns it on again.
    std::function<void(class Machine&)> stopped;
};

struct MachineOptions {
    net::NodeAddress address;
    std::int64_t skew = 0;  // seconds its wall clock is ahead
    bool gossip = true;
    std::vector<net::NodeAddress> connect;
    std::uint64_t seed = 0;
    Micros write_takes = 2 * kMillisecond;
    std::uint64_t slowness = 1;  // what its own thread does takes so many times as long
    Ledger::Limits ledger;
};

/// A computer with a disk and a real `Node` on it, run by the same `Driver` and answering by the
/// same `Answers` as the process: only threads, sockets and the clock are played.
class Machine final : public Host {
public:
    /// What the node's thread is asked to do. `done`: true once it is durable, false if nothing of
    /// it was kept; never if the power went first.
    struct Job {
        std::function<void(Node&, Now)> run;
        std::function<void(bool)> done;
        /// CPU that it takes, beyond what every command does.
        Micros takes = 0;
    };

    Machine(const Surroundings& around, MachineOptions options);

    /// Starts the process; nothing if it runs already.
    void start();
    /// Ends the process as kill -9 does: what is staged is gone, the other ends hear of it.
    void kill();
    /// The power goes: nobody hears of it.
    void power_off();
    /// The power goes during the `nth` write from now, as `SimulatedDisk::crash_at`.
    void crash_at(std::uint64_t nth, SimulatedDisk::InFlight in_flight) {
        disk_.crash_at(nth, in_flight);
    }
    /// Takes a crash back that was planned and has not come.
    void crash_never() {
        if (!disk_.stopped()) disk_.restart();
    }
    void fail_writes(std::uint64_t count, StoreFault fault) { disk_.fail_next(count, fault); }
    void set_write_time(Micros takes) { options_.write_takes = takes; }
    void set_slowness(std::uint64_t times) { options_.slowness = times; }

    /// False: no process runs, or its lane is full.
    bool post(Lane lane, Job job);
    void set_mining(bool on);
    /// Finds a block on the newest template, the moment it is called. False: it has none.
    bool mine(const Address& to);
    /// Its newest template stands on its tip.
    [[nodiscard]] bool mines_on_tip() const {
        return node() && template_ && template_->previous == node()->ledger().tip().hash;
    }
    void register_nodes(const std::vector<std::string>& texts, Tick within);
    void resolve(Tick within);
    /// What the last of these ended in.
    [[nodiscard]] const std::optional<net::RegisterOutcome>& registered() const {
        return registered_;
    }
    [[nodiscard]] const std::optional<net::ResolveOutcome>& resolved() const { return resolved_; }

    /// Null while the process is down or its store is being opened anew.
    [[nodiscard]] const Node* node() const { return driver_ ? driver_->node() : nullptr; }
    [[nodiscard]] const ViewPtr& view() const { return view_; }
    [[nodiscard]] const SimulatedDisk& disk() const { return disk_; }
    [[nodiscard]] Now now() const;
    [[nodiscard]] HostId id() const { return id_; }
    [[nodiscard]] const net::NodeAddress& address() const { return options_.address; }
    [[nodiscard]] const net::NodeKey& key() const { return key_; }
    /// Nothing waits and nothing is being worked on.
    [[nodiscard]] bool is_idle() const { return !busy_ && lanes_.empty(); }
    /// How long its node's thread has been at work.
    [[nodiscard]] Micros worked() const { return worked_; }
    /// The longest step of it since the process began, in its own time: not that of a slow machine.
    [[nodiscard]] Micros longest_step() const { return longest_step_; }
    /// Why the last connections were closed by this side, newest last, bounded.
    [[nodiscard]] const std::deque<std::pair<ConnectionId, std::string>>& closed() const {
        return closed_;
    }

    [[nodiscard]] net::Hello hello() const override;
    [[nodiscard]] bool is_on() const override { return powered_; }
    [[nodiscard]] std::uint64_t process() const override { return process_; }
    [[nodiscard]] bool listens() const override { return node() != nullptr; }
    [[nodiscard]] bool reads(ConnectionId connection) const override;
    void on_open(ConnectionId connection, const net::Hello& other) override;
    void on_dial_failed(const net::NodeAddress& to, const std::string& why,
                        net::DialFault fault) override;
    void on_frame(ConnectionId connection, const SharedBytes& frame) override;
    void on_close(ConnectionId connection, const std::string& why) override;
    void on_drained(ConnectionId connection) override;

private:
    struct Peer {
        std::size_t unseen = 0;  // its messages before the node
        net::Answers answers;
    };
    class JobCommand;

    /// Wraps `what` so that it does not happen to a later process.
    [[nodiscard]] Scheduler::What of_this_process(Scheduler::What what);
    void wake();
    void work();
    void carry_out(const net::Actions& actions);
    void deliver(const net::Checked& checked, std::size_t size);
    void tell(std::function<void(Node&, Now)> what);
    void tell_all();
    void post_of(ConnectionId connection, std::size_t size, std::function<void(Node&, Now)> what);
    void serve(ConnectionId connection, Peer& peer);
    /// `ban`: for what the other side sent.
    void hang_up(ConnectionId connection, const std::string& why, bool ban);
    void tell_closed(ConnectionId connection, const std::string& why, bool ban);
    void open_node();
    void write_failed();
    void forget_process();
    void spend(Micros takes);
    [[nodiscard]] std::uint64_t cpu();
    void tick();

    Surroundings around_;
    MachineOptions options_;
    HostId id_;
    net::NodeKey key_;
    SimulatedDisk disk_;
    std::unique_ptr<Driver> driver_;
    ViewPtr view_;
    TemplatePtr template_;
    std::uint64_t generation_ = 1;
    std::uint64_t process_ = 0;  // of the one that runs
    std::uint64_t processes_ = 0;
    std::map<ConnectionId, Peer> peers_;
    Lanes lanes_;
    std::deque<std::function<void(Node&, Now)>> untold_;  // what must not be lost, of peers
    bool powered_ = true;
    bool busy_ = false;
    bool woken_ = false;
    bool mining_ = false;
    std::uint64_t extranonce_ = 0;
    net::Ticket next_ticket_ = 1;
    Micros worked_ = 0;    // the node's thread
    Micros own_time_ = 0;  // the same, were it not slow
    Micros longest_step_ = 0;
    std::uint64_t moved_ = 0;  // blocks whose cost is counted
    std::optional<net::RegisterOutcome> registered_;
    std::optional<net::ResolveOutcome> resolved_;
    std::deque<std::pair<ConnectionId, std::string>> closed_;
};

}  // namespace cairn::sim
