#pragma once

#include <array>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <list>
#include <map>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>

#include "core/base/bytes.hpp"
#include "core/primitives/time.hpp"

namespace cairn {

/// Where a log-in comes from, as far as delays tell sources apart: an IPv4 address, an IPv6 /64
/// (one subscriber's share), or this machine, which is one source however it is written.
class Source {
public:
    static Source loopback() { return Source{}; }
    static Source of_v4(const std::array<std::uint8_t, 4>& address);
    static Source of_v6(const std::array<std::uint8_t, 16>& address);

    [[nodiscard]] bool is_loopback() const { return *this == loopback(); }
    friend auto operator<=>(const Source&, const Source&) = default;

private:
    std::array<std::uint8_t, 16> bytes_{};  // IPv4 as ::ffff:a.b.c.d; all zero: loopback
};

/// Slows down guessing, per (name, source) and, for other machines, per name over all sources, so
/// that many machines guess no faster than a few. Nobody locks an owner out for good: every delay
/// ends, this machine waits for its own failures alone, and so does a source that has logged in as
/// this user before. Names nobody has are treated like any other. Any thread.
///
/// An attempt counts as failed from `admit` on, so that a thousand at once are no way around;
/// `succeeded` takes it back.
class GuessDelay {
public:
    static constexpr std::size_t kPairsMax = 16'384;  // beyond, the least recently used goes
    static constexpr std::size_t kNamesMax = 4'096;
    static constexpr Tick kForgetMs = Tick{60} * 60 * 1000;        // after the last failure
    static constexpr Tick kTrustMs = Tick{30} * 24 * 3600 * 1000;  // after the last success

    /// 0, then 1 s after failure number `free`, doubled by each further one up to `max_ms`.
    struct Growth {
        std::uint32_t free;
        Tick max_ms;
        [[nodiscard]] Tick after(std::uint32_t failures) const;
    };
    static constexpr Growth kPair{3, Tick{15} * 60 * 1000};
    static constexpr Growth kLoopback{3, Tick{60} * 1000};
    static constexpr Growth kName{10, Tick{5} * 60 * 1000};

    /// Milliseconds to wait before `admit` would admit; changes nothing.
    [[nodiscard]] Tick wait(std::string_view name, const Source& source, Tick now) const;
    /// As `wait`; if that is 0, the attempt is under way and counted.
    [[nodiscard]] Tick admit(std::string_view name, const Source& source, Tick now);
    /// The admitted attempt had the right password.
    void succeeded(std::string_view name, const Source& source, Tick now);

private:
    struct Record {
        std::uint32_t failures = 0;
        Tick last_failure = 0;
        Tick free_at = 0;
        Tick trusted_until = 0;
        void forget_old(Tick now);
        void fail(const Growth& growth, Tick now);
    };
    /// A map of bounded size that drops the least recently used.
    template <class Key>
    class Table {
    public:
        explicit Table(std::size_t max) : max_{max} {}
        [[nodiscard]] Record peek(const Key& key) const;
        Record& touch(const Key& key);

    private:
        using Order = std::list<Key>;
        std::size_t max_;
        Order order_;  // most recently used first
        std::map<Key, std::pair<Record, typename Order::iterator>> records_;
    };
    using Pair = std::pair<std::string, Source>;

    [[nodiscard]] Tick wait_locked(const Pair& pair, Tick now) const;

    mutable std::mutex mutex_;  // guards the two below
    Table<Pair> pairs_{kPairsMax};
    Table<std::string> names_{kNamesMax};
};

}  // namespace cairn
