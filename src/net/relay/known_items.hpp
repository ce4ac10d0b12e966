#pragma once

#include <algorithm>
#include <cstdint>
#include <deque>
#include <vector>

#include "core/primitives/digest.hpp"
#include "net/relay/txid_mark.hpp"

namespace cairn::net {

/// The last so many ids of a stream, 8 bytes of each: there is one such for every peer. Two ids
/// that share these count as one; who makes such ids only keeps himself from being told something.
/// With a secret nobody can make ids that stand in each other's way.
class KnownItems {
public:
    explicit KnownItems(std::size_t most, std::uint64_t secret = 0) : most_{most}, mark_{secret} {}
    KnownItems(const KnownItems&) = delete;
    KnownItems& operator=(const KnownItems&) = delete;

    /// False: it was known. The oldest is forgotten when there is no room.
    bool insert(const Txid& id) {
        const std::uint64_t mark = mark_of(id);
        if (!slots_.empty() && slots_[slot_of(mark)] == mark) return false;
        if (order_.size() == most_) {
            erase(order_.front());
            order_.pop_front();
        }
        if (2 * (order_.size() + 1) > slots_.size()) grow();
        slots_[slot_of(mark)] = mark;
        order_.push_back(mark);
        return true;
    }
    [[nodiscard]] bool contains(const Txid& id) const {
        const std::uint64_t mark = mark_of(id);
        return !slots_.empty() && slots_[slot_of(mark)] == mark;
    }
    [[nodiscard]] std::size_t size() const { return order_.size(); }
    void clear() {
        order_.clear();
        slots_.clear();
    }

private:
    static constexpr std::uint64_t kEmpty = 0;

    [[nodiscard]] std::uint64_t mark_of(const Txid& id) const {
        const std::uint64_t mark = mark_(id);
        return mark == kEmpty ? 1 : mark;
    }
    [[nodiscard]] std::size_t home_of(std::uint64_t mark) const {
        return static_cast<std::size_t>(mark) & (slots_.size() - 1);
    }
    /// Where it stands, or would: the first free slot from its home on.
    [[nodiscard]] std::size_t slot_of(std::uint64_t mark) const {
        std::size_t at = home_of(mark);
        while (slots_[at] != kEmpty && slots_[at] != mark) at = (at + 1) & (slots_.size() - 1);
        return at;
    }
    /// What stands behind it moves up, so that no search ends too early.
    void erase(std::uint64_t mark) {
        const std::size_t wrap = slots_.size() - 1;
        std::size_t gap = slot_of(mark);
        for (std::size_t at = (gap + 1) & wrap; slots_[at] != kEmpty; at = (at + 1) & wrap) {
            const std::size_t from_home = (at - home_of(slots_[at])) & wrap;
            if (from_home < ((at - gap) & wrap)) continue;
            slots_[gap] = slots_[at];
            gap = at;
        }
        slots_[gap] = kEmpty;
    }
    void grow() {
        slots_.assign(std::max<std::size_t>(16, 2 * slots_.size()), kEmpty);
        for (const std::uint64_t mark : order_) slots_[slot_of(mark)] = mark;
    }

    std::size_t most_;
    TxidMark mark_;
    std::vector<std::uint64_t> slots_;  // a power of two of them, half are free at least
    std::deque<std::uint64_t> order_;
};

}  // namespace cairn::net
