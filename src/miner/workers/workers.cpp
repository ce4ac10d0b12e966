#include "miner/workers/workers.hpp"

#include <algorithm>
#include <chrono>
#include <utility>

#include "miner/search.hpp"
#include "miner/workers/lowest_priority.hpp"

namespace cairn {
namespace {

constexpr std::uint64_t kNonces = std::uint64_t{1} << 32;

/// How many nonces take about a millisecond on this CPU, learnt as the slices go by.
class Slice {
public:
    [[nodiscard]] std::uint64_t nonces() const { return nonces_; }

    void took(std::chrono::steady_clock::duration time) {
        constexpr std::chrono::microseconds kGoal{1000};
        if (time < kGoal / 2) nonces_ = std::min(nonces_ * 2, kMax);
        if (time > kGoal * 2) nonces_ = std::max(nonces_ / 2, kMin);
    }

private:
    static constexpr std::uint64_t kMin = 1U << 8;
    static constexpr std::uint64_t kMax = 1U << 20;
    std::uint64_t nonces_ = 1U << 12;
};

}  // namespace

Workers::Workers(std::uint32_t threads, Found found)
    : thread_count_{threads}, found_{std::move(found)} {
    threads_.reserve(threads);
    for (std::uint32_t worker = 0; worker < threads; ++worker)
        threads_.emplace_back([this, worker] { run(worker); });
}

Workers::~Workers() { stop(); }

void Workers::set(std::shared_ptr<const Job> job) {
    {
        const std::lock_guard lock{mutex_};
        job_.swap(job);
        version_.fetch_add(1, std::memory_order_release);
    }
    changed_.notify_all();
}

void Workers::stop() {
    {
        const std::lock_guard lock{mutex_};
        stopping_ = true;
        job_.reset();
        version_.fetch_add(1, std::memory_order_release);
    }
    changed_.notify_all();
    for (auto& thread : threads_) thread.join();
    threads_.clear();
}

void Workers::run(std::uint32_t worker) {
    take_lowest_priority();
    std::uint64_t version = 0;
    for (;;) {
        const auto posted = wait_for_other_than(version);
        if (!posted) return;
        version = posted->version;
        work_on(*posted, worker);
    }
}

std::optional<Workers::Posted> Workers::wait_for_other_than(std::uint64_t version) {
    std::unique_lock lock{mutex_};
    changed_.wait(lock, [&] { return stopping_ || (job_ && !is_current(version)); });
    if (stopping_) return std::nullopt;
    return Posted{job_, version_.load(std::memory_order_relaxed)};
}

bool Workers::take_off(std::uint64_t version) {
    const std::lock_guard lock{mutex_};
    if (!is_current(version)) return false;
    job_.reset();
    version_.fetch_add(1, std::memory_order_release);
    return true;
}

void Workers::work_on(const Posted& posted, std::uint32_t worker) {
    const Job& job = *posted.job;
    Slice slice;
    for (std::uint64_t extranonce = job.first_extranonce + worker;; extranonce += thread_count_) {
        BlockHeader header = job.header(worker, extranonce);
        for (std::uint64_t next = 0; next < kNonces;) {
            if (!is_current(posted.version)) return;
            const auto first = static_cast<std::uint32_t>(next);
            const std::uint64_t count = std::min(slice.nonces(), kNonces - next);
            const auto start = std::chrono::steady_clock::now();
            const auto nonce = search(header, {first, count}, job.target);
            slice.took(std::chrono::steady_clock::now() - start);
            hashes_.fetch_add(nonce ? std::uint64_t{*nonce - first} + 1 : count,
                              std::memory_order_relaxed);
            next += count;
            if (!nonce) continue;
            if (!take_off(posted.version)) return;
            header.nonce = *nonce;
            found_(job, extranonce, header);
            return;
        }
    }
}

}  // namespace cairn
