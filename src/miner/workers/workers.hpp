#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>
#include <vector>

#include "core/base/u256.hpp"
#include "core/primitives/header.hpp"

namespace cairn {

/// What is to be searched, as a value that all workers share.
struct Job {
    std::uint64_t generation = 0;  // the caller's own mark; workers do not read it
    U256 target;
    /// The header to search under an extranonce: called on the worker's thread, maybe by several at
    /// once, never twice with the same extranonce. Must not throw.
    std::function<BlockHeader(std::uint32_t worker, std::uint64_t extranonce)> header;
    std::uint64_t first_extranonce = 0;  // later ones count up from here, round the end of 64 bits
    std::shared_ptr<const void> context = {};  // the caller's own; workers do not read it
};

/// Threads of the lowest scheduling priority that search for the nonce of one job at a time.
///
/// The job lies on a board with a single slot. Workers look between slices of about a millisecond
/// whether the slot has changed. The worker that finds a header takes the job off the board, so
/// that a job is found at most once; then the workers sleep until there is another.
class Workers {
public:
    /// Called on the worker that found `header`, outside every lock; may call `set` and `clear`,
    /// not `stop`. Must not throw.
    using Found =
        std::function<void(const Job& job, std::uint64_t extranonce, const BlockHeader& header)>;

    /// Starts `threads` workers, which sleep.
    Workers(std::uint32_t threads, Found found);
    Workers(const Workers&) = delete;
    Workers& operator=(const Workers&) = delete;
    /// Stops.
    ~Workers();

    /// Replaces the job. A header of the one before, found at this very moment, may still be
    /// reported. Any thread; does not wait for the workers.
    void set(std::shared_ptr<const Job> job);
    /// Takes the job away; the same holds.
    void clear() { set(nullptr); }
    /// Ends all workers and waits for them: nothing is reported afterwards. For good; may be
    /// repeated.
    void stop();

    /// Headers hashed so far by all workers. Any thread.
    [[nodiscard]] std::uint64_t hashes() const { return hashes_.load(std::memory_order_relaxed); }

private:
    struct Posted {
        std::shared_ptr<const Job> job;
        std::uint64_t version = 0;
    };
    void run(std::uint32_t worker);
    void work_on(const Posted& posted, std::uint32_t worker);
    /// Waits for a job that is not of `version`; none once stopped.
    [[nodiscard]] std::optional<Posted> wait_for_other_than(std::uint64_t version);
    /// Takes the job off the board if it still is the one of `version`.
    [[nodiscard]] bool take_off(std::uint64_t version);
    [[nodiscard]] bool is_current(std::uint64_t version) const {
        return version_.load(std::memory_order_acquire) == version;
    }

    const std::uint32_t thread_count_;
    const Found found_;

    std::mutex mutex_;
    std::condition_variable changed_;
    std::shared_ptr<const Job> job_;  // under mutex_
    bool stopping_ = false;           // under mutex_
    // Written under mutex_. Workers read it without: a thread of the lowest priority that was put
    // aside inside a lock would hold up whoever posts a job.
    std::atomic<std::uint64_t> version_{0};

    std::atomic<std::uint64_t> hashes_{0};
    std::vector<std::thread> threads_;
};

}  // namespace cairn
