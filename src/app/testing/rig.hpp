#pragma once

#include <atomic>
#include <chrono>
#include <future>
#include <memory>
#include <mutex>
#include <utility>

#include "app/node_thread.hpp"
#include "core/testing/keys.hpp"
#include "node/commands.hpp"
#include "storage/memory_store.hpp"

namespace cairn::testing {

/// The store in memory, which fails when told to and counts what is written.
class UnsureStore final : public Store {
public:
    [[nodiscard]] std::shared_ptr<const Snapshot> snapshot() const override {
        return store_.snapshot();
    }
    [[nodiscard]] Result<void, StoreError> write(const Batch& batch) override {
        if (failing) return fail(StoreError{StoreFault::no_space, "the disk is full"});
        ++writes;
        return store_.write(batch);
    }
    [[nodiscard]] Result<std::string, StoreError> backup() override { return store_.backup(); }

    std::atomic<bool> failing = false;
    std::atomic<int> writes = 0;

private:
    MemoryStore store_;
};

/// Waits for what another thread is about to do; fails the test instead of hanging it.
template <class T>
[[nodiscard]] T get(std::future<T> future) {
    if (future.wait_for(std::chrono::minutes{2}) != std::future_status::ready)
        throw std::runtime_error{"nothing came within two minutes"};
    return future.get();
}

using Outcome = Result<ViewPtr, StoreError>;

/// A node's thread on such a store, with a clock that is set by hand.
class NodeRig {
public:
    explicit NodeRig(ChainSpec spec = easy_spec()) : chain{params_of(std::move(spec))} {}

    void start(std::function<void(const Committed&)> committed = [](const Committed&) {}) {
        NodeThreadHooks hooks;
        hooks.now = [this] { return now(); };
        hooks.recover = [this]() -> Result<void, StoreError> {
            if (store.failing) return fail(StoreError{StoreFault::no_space, "still full"});
            if (taken_away) return fail(StoreError{StoreFault::displaced, "still gone"});
            return {};
        };
        hooks.check = [this]() -> Result<void, StoreError> {
            if (taken_away) return fail(StoreError{StoreFault::displaced, "gone"});
            return {};
        };
        hooks.committed = std::move(committed);
        hooks.trouble = [this](const StoreError* error) {
            if (error != nullptr)
                ++failures;
            else
                recovered.set_value();
        };
        auto started = NodeThread::start(chain, store, {}, std::move(hooks));
        if (!started) throw std::runtime_error{started.error().detail};
        node = std::move(*started);
    }
    [[nodiscard]] Now now() const { return {steady, wall}; }

    /// Posts a command; what comes of it, or nothing if the lane refuses it.
    template <class Run>
    std::optional<std::future<Outcome>> post(Lane lane, Run run, bool alone = false) {
        auto promise = std::make_shared<std::promise<Outcome>>();
        auto future = promise->get_future();
        const bool taken = node->post(lane, make_command(
                                                [run = std::move(run)](Node& on, Now at) {
                                                    run(on, at);
                                                    return 0;
                                                },
                                                [promise](std::optional<int>, Outcome outcome) {
                                                    promise->set_value(std::move(outcome));
                                                },
                                                alone));
        if (!taken) return std::nullopt;
        return future;
    }
    /// A command that stages one row.
    auto post_row(Lane lane, std::uint8_t number, bool alone = false) {
        return post(lane, row(number), alone);
    }
    static std::function<void(Node&, Now)> row(std::uint8_t number) {
        return [number](Node& on, Now at) { on.remember_idempotency(key(number), Txid{}, at); };
    }
    static Hash256 key(std::uint8_t number) {
        Hash256 key;
        key.bytes.fill(number);
        return key;
    }
    /// Whether the row is in the last published view.
    [[nodiscard]] bool has_row(std::uint8_t number) const {
        const Staged rows{node->view()->store};
        return tables::idempotency(rows, key(number), now().wall).has_value();
    }

    /// Holds the node's thread inside a command until released.
    class Blocked {
    public:
        explicit Blocked(NodeRig& rig) {
            auto entered = std::make_shared<std::promise<void>>();
            auto inside = entered->get_future();
            done_ =
                rig.post(Lane::blocks, [entered, gate = gate_.get_future().share()](Node&, Now) {
                    entered->set_value();
                    gate.wait();
                });
            get(std::move(inside));
        }
        void release() {
            gate_.set_value();
            (void)get(std::move(*done_));
        }
        void let_go() { gate_.set_value(); }

    private:
        std::promise<void> gate_;
        std::optional<std::future<Outcome>> done_;
    };

    std::shared_ptr<const ChainParams> chain;
    UnsureStore store;
    std::atomic<Tick> steady = 1'000'000;
    std::atomic<UnixSeconds> wall = 1'500'000'000;
    std::atomic<int> failures = 0;
    std::atomic<bool> taken_away = false;
    std::promise<void> recovered;
    std::unique_ptr<NodeThread> node;  // last: its hooks read what stands above
};

}  // namespace cairn::testing
