#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <optional>
#include <string>

namespace cairn::cli {

/// A block as its line of `watch` tells it.
struct SeenBlock {
    std::uint64_t index = 0;
    std::string hash;
    std::string previous_hash;
    std::string timestamp;
    std::size_t transactions = 0;
};

/// What a follower knows of the best chain: the newest hashes, one after another, and genesis.
/// Pure; `watch` asks the node and tells it the answers.
class Follower {
public:
    /// A reorganisation that goes below what is known is told as one back to genesis.
    static constexpr std::size_t kKnownMax = 10'000;

    /// `hashes` are those of the best chain from `first` to its tip; at least one.
    Follower(std::string genesis, std::uint64_t first, std::deque<std::string> hashes);

    [[nodiscard]] std::uint64_t index() const { return first_ + known_.size() - 1; }
    [[nodiscard]] const std::string& tip() const { return known_.back(); }

    /// Whether `block` is the one after the tip; if so it is the tip from now on.
    [[nodiscard]] bool extend(const SeenBlock& block);

    /// Goes back to the last known block that is still on the best chain. `hash_at` tells that
    /// chain's hash at an index, nothing if there is none; it is asked about 14 times. Returns how
    /// many blocks were left; nothing if `hash_at` said that it cannot know, and then nothing has
    /// changed.
    struct HashAt {
        bool known = true;  // false: the node did not answer
        std::string hash;   // empty: no such block
    };
    [[nodiscard]] std::optional<std::uint64_t> step_back(
        const std::function<HashAt(std::uint64_t)>& hash_at);

private:
    std::string genesis_;
    std::uint64_t first_;            // index of known_.front()
    std::deque<std::string> known_;  // never empty
};

}  // namespace cairn::cli
