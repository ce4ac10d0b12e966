#include "node/driver.hpp"

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

namespace cairn {
namespace {

/// What a command of each lane is called in the log.
constexpr std::array<std::string_view, kLanes> kLaneNames{"block", "peer", "transfer"};

void fail_all(std::vector<QueuedCommand>& commands, const StoreError& error) {
    for (auto& waiting : commands) waiting.command->done(fail(error));
    commands.clear();
}

}  // namespace

Result<std::unique_ptr<Driver>, OpenError> Driver::open(std::shared_ptr<const ChainParams> chain,
                                                        Store& store, NodeOptions options,
                                                        DriverPorts ports, Now now) {
    std::unique_ptr<Driver> driver{
        new Driver{std::move(chain), store, std::move(options), std::move(ports)}};
    auto first = driver->open_node(now);
    if (!first) return fail(std::move(first.error()));
    driver->publish(std::move(first->view));
    return driver;
}

Result<Committed, OpenError> Driver::open_node(Now now) {
    NodeOptions options = options_;
    // Generations go on rising: who waits for one of them must not wait for ever.
    if (view_) options.first_generation = view_->generation + 1;
    Result<Committed, OpenError> first;
    begin_measuring();
    measure("open", true, [&] {
        auto node = Node::open(chain_, store_, std::move(options), now);
        if (!node) {
            first = fail(std::move(node.error()));
            return;
        }
        (*node)->set_mining(mining_);
        auto committed = (*node)->commit(now);
        if (!committed) {
            first = fail(OpenError{std::move(committed.error().detail)});
            return;
        }
        node_ = std::move(*node);
        first = std::move(*committed);
    });
    return first;
}

void Driver::publish(ViewPtr view) {
    view_ = std::move(view);
    ports_.publish(view_);
}

/// Connecting (or undoing) a block may take longer than other steps, by the transactions in it; of
/// several in one step the largest counts, since it could have ended after any of them.
template <class Step>
void Driver::measure(std::string_view what, bool exempt, Step step) {
    step();
    if (!ports_.cpu) return;
    const std::uint64_t now = ports_.cpu();
    const std::uint64_t took = now - std::exchange(cpu_, now);
    if (node_) largest_moved_ = std::max(largest_moved_, node_->take_largest_moved());
    const std::uint64_t allowed = kSliceNs + largest_moved_ * kTransactionNs;
    const bool is_allowed = exempt || (took > kSliceNs && took <= allowed);
    (is_allowed ? times_.exempt : times_.steps).add(took);
    if (!is_allowed && took > kSliceNs && ports_.late) ports_.late(what, took);
}

void Driver::run(Group group, Turn& turn, Now now) {
    std::optional<Lane> lane;
    std::uint64_t lane_began = 0;
    std::uint32_t largest_of_group = 0;
    for (auto& waiting : group.commands) {
        const bool first_of_lane = lane != waiting.lane;
        if (first_of_lane) {
            lane = waiting.lane;
            lane_began = cpu_;
        }
        const bool lane_is_over = !first_of_lane && cpu_ - lane_began > kLaneNs;
        if (lane_is_over || node_->rows().bytes() > kGroupBytes) {
            turn.rest.push_back(std::move(waiting));
            continue;
        }
        if (waiting.command->abandoned()) {
            turn.dropped.push_back(std::move(waiting));
            continue;
        }
        largest_moved_ = 0;
        measure(kLaneNames[static_cast<std::size_t>(*lane)], waiting.command->alone(),
                [&] { waiting.command->run(*node_, now); });
        largest_of_group = std::max(largest_of_group, largest_moved_);
        turn.ran.push_back(std::move(waiting));
    }
    largest_moved_ = largest_of_group;
}

Driver::Turn Driver::work(Group group, Now now) {
    Turn turn;
    if (!node_) {
        turn.ran = std::move(group.commands);
        turn.outcome = fail(trouble_);
        return turn;
    }
    begin_measuring();
    largest_moved_ = 0;
    const Tick heard_until = group.heard_until;
    run(std::move(group), turn, now);
    if (node_->has_more()) measure("slice", false, [&] { node_->step(now); });
    if (now.steady >= next_tick_) {
        measure("tick", false, [&] { node_->on_tick(now, heard_until); });
        next_tick_ = now.steady + kTickMs;
    }
    measure("commit", false, [&] { turn.outcome = node_->commit(now); });
    if (turn.outcome) return turn;
    turn.failed = true;
    halt(turn.outcome.error(), now);
    return turn;
}

/// The store has failed: the node is thrown away until it comes back.
void Driver::halt(const StoreError& error, Now now) {
    node_.reset();
    next_recovery_ = now.steady + kRecoverMs;
    trouble_ = error;
}

void Driver::tell_halted() {
    auto halted = std::make_shared<View>(*view_);
    halted->read_only = true;
    halted->read_only_why = trouble_.detail;
    publish(std::move(halted));
    ports_.trouble(&trouble_);
}

std::vector<QueuedCommand> Driver::finish(Turn turn) {
    begin_measuring();
    fail_all(turn.dropped, StoreError{StoreFault::io, "nobody waited for it any more"});
    if (!turn.outcome) {
        if (turn.failed) tell_halted();
        fail_all(turn.ran, turn.outcome.error());
        fail_all(turn.rest, turn.outcome.error());
        return {};
    }
    const Committed& committed = *turn.outcome;
    const ViewPtr before = view_;
    publish(committed.view);
    for (auto& waiting : turn.ran)
        measure("answer", false, [&] { waiting.command->done(committed.view); });
    if (committed.view != before || committed.work || !committed.actions.empty())
        measure("actions", false, [&] { ports_.committed(committed); });
    return std::move(turn.rest);
}

void Driver::tend(Now now) {
    if (!node_) return recover(now);
    if (!ports_.check || now.steady < next_check_) return;
    next_check_ = now.steady + kCheckMs;
    const auto well = ports_.check();
    if (well) return;
    halt(well.error(), now);
    tell_halted();
}

void Driver::recover(Now now) {
    if (now.steady < next_recovery_) return;
    next_recovery_ = now.steady + kRecoverMs;
    if (!ports_.recover()) return;
    auto first = open_node(now);
    if (!first) return;
    publish(first->view);
    ports_.trouble(nullptr);
    ports_.committed(*first);
}

void Driver::set_mining(bool on) {
    mining_ = on;
    if (node_) node_->set_mining(on);
}

}  // namespace cairn
