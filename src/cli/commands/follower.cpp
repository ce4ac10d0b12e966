#include "cli/commands/follower.hpp"

#include <utility>

#include "core/base/ensure.hpp"

namespace cairn::cli {

Follower::Follower(std::string genesis, std::uint64_t first, std::deque<std::string> hashes)
    : genesis_{std::move(genesis)}, first_{first}, known_{std::move(hashes)} {
    ENSURE(!known_.empty());
}

bool Follower::extend(const SeenBlock& block) {
    if (block.previous_hash != tip() || block.index != index() + 1) return false;
    known_.push_back(block.hash);
    if (known_.size() > kKnownMax) {
        known_.pop_front();
        ++first_;
    }
    return true;
}

std::optional<std::uint64_t> Follower::step_back(
    const std::function<HashAt(std::uint64_t)>& hash_at) {
    const std::uint64_t before = index();
    // Blocks below one that is shared are shared: the first that is not is found by halving.
    std::size_t low = 0;
    std::size_t high = known_.size();
    while (low < high) {
        const std::size_t middle = low + (high - low) / 2;
        const HashAt told = hash_at(first_ + middle);
        if (!told.known) return std::nullopt;
        if (told.hash == known_[middle]) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    if (low == 0) {
        first_ = 1;
        known_.assign(1, genesis_);
    } else {
        known_.resize(low);
    }
    return before - index();
}

}  // namespace cairn::cli
