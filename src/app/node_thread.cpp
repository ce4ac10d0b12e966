#include "app/node_thread.hpp"

#include <algorithm>
#include <chrono>
#include <utility>

namespace cairn {

NodeThread::NodeThread(std::shared_ptr<const ChainParams> chain, Store& store, NodeOptions options,
                       NodeThreadHooks hooks)
    : chain_{std::move(chain)},
      store_{store},
      options_{std::move(options)},
      hooks_{std::move(hooks)} {}

Result<std::unique_ptr<NodeThread>, OpenError> NodeThread::start(
    std::shared_ptr<const ChainParams> chain, Store& store, NodeOptions options,
    NodeThreadHooks hooks) {
    std::unique_ptr<NodeThread> owner{
        new NodeThread{std::move(chain), store, std::move(options), std::move(hooks)}};
    auto node = Node::open(owner->chain_, store, owner->options_, owner->hooks_.now());
    if (!node) return fail(node.error());
    owner->node_ = std::move(*node);
    owner->bad_pool_rows_ = owner->node_->bad_pool_rows();
    owner->bad_peer_rows_ = owner->node_->bad_peer_rows();
    auto first = owner->node_->commit(owner->hooks_.now());
    if (!first) return fail(OpenError{first.error().detail});
    owner->publish(first->view);
    owner->thread_ = std::thread{[raw = owner.get()] { raw->run(); }};
    return owner;
}

NodeThread::~NodeThread() { stop(); }

void NodeThread::stop() {
    {
        const std::lock_guard lock{queue_mutex_};
        stopping_ = true;
    }
    wake_.notify_one();
    if (thread_.joinable()) thread_.join();
}

bool NodeThread::post(Lane lane, std::unique_ptr<Command> command) {
    {
        const std::lock_guard lock{queue_mutex_};
        auto& waiting = lanes_[static_cast<std::size_t>(lane)];
        constexpr std::array<std::size_t, kLanes> kMost{kBlocksMax, kPeersMax, kTransfersMax};
        if (stopping_ || waiting.size() >= kMost[static_cast<std::size_t>(lane)]) return false;
        waiting.push_back(std::move(command));
    }
    wake_.notify_one();
    return true;
}

void NodeThread::set_mining(bool on) {
    {
        const std::lock_guard lock{queue_mutex_};
        mining_changed_ = mining_changed_ || mining_ != on;
        mining_ = on;
    }
    wake_.notify_one();
}

ViewPtr NodeThread::view() const {
    const std::lock_guard lock{view_mutex_};
    return view_;
}

void NodeThread::publish(ViewPtr view) {
    const std::lock_guard lock{view_mutex_};
    view_ = std::move(view);
}

NodeThread::Group NodeThread::take(bool more_work) {
    const auto waiting = [this] {
        return std::any_of(lanes_.begin(), lanes_.end(),
                           [](const auto& lane) { return !lane.empty(); });
    };
    std::unique_lock lock{queue_mutex_};
    if (!more_work)
        wake_.wait_for(lock, std::chrono::milliseconds{kTickMs},
                       [&] { return stopping_ || mining_changed_ || waiting(); });
    Group group;
    for (auto& lane : lanes_) {
        const bool of_peers = &lane == &lanes_[static_cast<std::size_t>(Lane::peers)];
        const std::size_t most = of_peers ? group.size() + kPeersOfGroup : kGroupMax;
        while (!lane.empty() && group.size() < most) {
            if (lane.front()->alone() && !group.empty()) return group;
            group.push_back(std::move(lane.front()));
            lane.pop_front();
            if (group.back()->alone()) return group;
        }
    }
    return group;
}

void NodeThread::fail_all(Group& group, const StoreError& error) {
    for (auto& command : group) command->done(fail(error));
    group.clear();
}

void NodeThread::work_on(Group& group) {
    const Now now = hooks_.now();
    if (!node_) {
        fail_all(group, trouble_);
        return;
    }
    Group rest;
    for (auto command = group.begin(); command != group.end(); ++command) {
        if (node_->rows().bytes() > kGroupBytes) {
            rest.assign(std::make_move_iterator(command), std::make_move_iterator(group.end()));
            group.erase(command, group.end());
            break;
        }
        (*command)->run(*node_, now);
    }
    node_->step(now);
    if (now.steady >= next_tick_) {
        node_->on_tick(now);
        next_tick_ = now.steady + kTickMs;
    }
    const auto before = view();
    auto committed = node_->commit(now);
    if (!committed) {
        halt(committed.error());
        fail_all(group, committed.error());
        fail_all(rest, committed.error());
        return;
    }
    publish(committed->view);
    for (auto& command : group) command->done(committed->view);
    if (committed->view != before || committed->work || !committed->actions.empty())
        hooks_.committed(*committed);
    group = std::move(rest);
}

void NodeThread::halt(StoreError error) {
    node_.reset();
    next_recovery_ = hooks_.now().steady + kRecoverMs;
    trouble_ = std::move(error);
    auto halted = std::make_shared<View>(*view());
    halted->read_only = true;
    halted->read_only_why = trouble_.detail;
    publish(std::move(halted));
    hooks_.trouble(&trouble_);
}

void NodeThread::check_store() {
    const Tick now = hooks_.now().steady;
    if (!node_ || !hooks_.check || now < next_check_) return;
    next_check_ = now + kCheckMs;
    if (auto well = hooks_.check(); !well) halt(std::move(well.error()));
}

void NodeThread::recover() {
    const Now now = hooks_.now();
    if (now.steady < next_recovery_) return;
    next_recovery_ = now.steady + kRecoverMs;
    if (!hooks_.recover()) return;
    // Generations go on rising: who waits for one of them must not wait for ever.
    NodeOptions options = options_;
    options.first_generation = view()->generation + 1;
    auto node = Node::open(chain_, store_, options, now);
    if (!node) return;
    auto committed = (*node)->commit(now);
    if (!committed) return;
    node_ = std::move(*node);
    {
        const std::lock_guard lock{queue_mutex_};
        mining_changed_ = true;
    }
    publish(committed->view);
    hooks_.trouble(nullptr);
    hooks_.committed(*committed);
}

void NodeThread::run() {
    for (;;) {
        Group group = take(node_ && node_->has_more());
        {
            const std::lock_guard lock{queue_mutex_};
            if (std::exchange(mining_changed_, false) && node_) node_->set_mining(mining_);
            if (stopping_ && group.empty()) return;
        }
        do work_on(group);
        while (!group.empty());
        check_store();
        if (!node_) recover();
    }
}

}  // namespace cairn
