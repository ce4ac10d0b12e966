#pragma once

#include <functional>
#include <string>

#include "core/crypto/sha256.hpp"
#include "sim/scheduler.hpp"

namespace cairn::sim {

/// Everything that happens in a world, hashed in its order: two runs are the same history exactly
/// if their digests are equal.
class Trace {
public:
    enum class Event : std::uint8_t { open, frame, close, dial_failed, commit, note };
    /// Told in words as well, to whoever wants to read along; null by default.
    std::function<void(Micros, const std::string&)> listener;

    void add(Micros when, Event event, std::uint64_t a, std::uint64_t b, ByteView bytes);
    void say(Micros when, const std::string& words);
    [[nodiscard]] Hash256 digest() const;
    [[nodiscard]] std::uint64_t events() const { return events_; }

private:
    Sha256 hasher_;
    std::uint64_t events_ = 0;
};

}  // namespace cairn::sim
