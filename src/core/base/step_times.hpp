#pragma once

#include <algorithm>
#include <array>
#include <atomic>
#include <bit>
#include <cstddef>
#include <cstdint>

namespace cairn {

/// How long the steps of a thread took, as a histogram: one thread (or several) adds, any thread
/// reads, nobody waits. What a reader sees of a step that is being added may be part of it.
///
/// Units: nanoseconds of thread CPU, so that waits for a disk, a lock or a turn do not count.
class StepTimes {
public:
    /// Bucket i counts the steps that took less than 2^i microseconds, and not less than half of
    /// that; the last, which begins at 67 s, has no limit.
    static constexpr std::size_t kBuckets = 28;

    void add(std::uint64_t ns) noexcept {
        const auto bucket = static_cast<std::size_t>(std::bit_width(ns / 1'000));
        buckets_[std::min(bucket, kBuckets - 1)].fetch_add(1, std::memory_order_relaxed);
        std::uint64_t longest = longest_.load(std::memory_order_relaxed);
        while (ns > longest &&
               !longest_.compare_exchange_weak(longest, ns, std::memory_order_relaxed)) {
        }
    }

    [[nodiscard]] std::uint64_t longest_ns() const noexcept {
        return longest_.load(std::memory_order_relaxed);
    }
    [[nodiscard]] std::uint64_t count(std::size_t bucket) const noexcept {
        return buckets_[bucket].load(std::memory_order_relaxed);
    }
    /// Of all buckets.
    [[nodiscard]] std::uint64_t count() const noexcept {
        std::uint64_t all = 0;
        for (std::size_t i = 0; i < kBuckets; ++i) all += count(i);
        return all;
    }

private:
    std::array<std::atomic<std::uint64_t>, kBuckets> buckets_{};
    std::atomic<std::uint64_t> longest_{0};
};

}  // namespace cairn
