#pragma once

#include <deque>
#include <set>

#include "core/primitives/digest.hpp"

namespace cairn::net {

/// The last so many ids of a stream, in a set that is ordered because senders choose what is in it.
class KnownItems {
public:
    explicit KnownItems(std::size_t most) : most_{most} {}
    KnownItems(const KnownItems&) = delete;
    KnownItems& operator=(const KnownItems&) = delete;

    /// False: it was known. The oldest is forgotten when there is no room.
    bool insert(const Txid& id) {
        const auto [place, fresh] = ids_.insert(id);
        if (!fresh) return false;
        order_.push_back(place);
        if (order_.size() > most_) {
            ids_.erase(order_.front());
            order_.pop_front();
        }
        return true;
    }
    [[nodiscard]] bool contains(const Txid& id) const { return ids_.contains(id); }
    [[nodiscard]] std::size_t size() const { return ids_.size(); }
    void clear() {
        order_.clear();
        ids_.clear();
    }

private:
    std::size_t most_;
    std::set<Txid> ids_;
    std::deque<std::set<Txid>::iterator> order_;
};

}  // namespace cairn::net
