#include "app/node_thread.hpp"

#include <chrono>
#include <utility>

namespace cairn {

Result<std::unique_ptr<NodeThread>, OpenError> NodeThread::start(
    std::shared_ptr<const ChainParams> chain, Store& store, NodeOptions options,
    NodeThreadHooks hooks) {
    std::unique_ptr<NodeThread> owner{new NodeThread{std::move(hooks.now)}};
    DriverPorts ports;
    ports.recover = std::move(hooks.recover);
    ports.check = std::move(hooks.check);
    ports.committed = std::move(hooks.committed);
    ports.trouble = std::move(hooks.trouble);
    ports.cpu = std::move(hooks.cpu);
    ports.late = std::move(hooks.late);
    ports.publish = [raw = owner.get()](ViewPtr view) {
        const std::lock_guard lock{raw->view_mutex_};
        raw->view_.swap(view);  // the old one is let go outside the lock
    };
    auto driver =
        Driver::open(std::move(chain), store, std::move(options), std::move(ports), owner->now_());
    if (!driver) return fail(std::move(driver.error()));
    owner->driver_ = std::move(*driver);
    owner->bad_pool_rows_ = owner->driver_->node()->bad_pool_rows();
    owner->bad_peer_rows_ = owner->driver_->node()->bad_peer_rows();
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
        if (stopping_ || !lanes_.post(lane, std::move(command))) return false;
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

Group NodeThread::take() {
    std::unique_lock lock{queue_mutex_};
    if (!driver_->has_more())
        wake_.wait_for(lock, std::chrono::milliseconds{Driver::kTickMs},
                       [&] { return stopping_ || mining_changed_ || !lanes_.empty(); });
    if (std::exchange(mining_changed_, false)) driver_->set_mining(mining_);
    return lanes_.take(now_().steady);
}

void NodeThread::give_back(std::vector<QueuedCommand> rest) {
    const std::lock_guard lock{queue_mutex_};
    lanes_.give_back(std::move(rest));
}

void NodeThread::run() {
    for (;;) {
        Group group = take();
        if (group.empty()) {
            const std::lock_guard lock{queue_mutex_};
            if (stopping_ && lanes_.empty()) return;
        }
        give_back(driver_->finish(driver_->work(std::move(group), now_())));
        driver_->tend(now_());
    }
}

}  // namespace cairn
