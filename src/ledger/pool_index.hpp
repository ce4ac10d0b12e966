#pragma once

#include <array>
#include <unordered_set>

#include "ledger/pool_memory.hpp"
#include "ledger/pool_tables.hpp"

namespace cairn {

/// The pool's transfers by id. It has 256 parts, so that when a table grows only a 256th of it is
/// moved. It points to entries that stay where they are.
class PoolIndex {
public:
    /// Bytes of memory that an entry takes here: its node, and three places of the table at most.
    static constexpr std::size_t kMemory = heap_size(2 * sizeof(void*)) + 3 * sizeof(void*);

    [[nodiscard]] const Pending* find(const Txid& id) const {
        const auto& part = parts_[id.bytes.back()];
        const auto place = part.find(id);
        return place == part.end() ? nullptr : *place;
    }
    [[nodiscard]] bool contains(const Txid& id) const { return find(id) != nullptr; }
    [[nodiscard]] std::size_t size() const { return size_; }
    void insert(const Pending& entry) {
        size_ += parts_[id_of(&entry).bytes.back()].insert(&entry).second ? 1 : 0;
    }
    void erase(const Txid& id) {
        auto& part = parts_[id.bytes.back()];
        const auto place = part.find(id);
        if (place == part.end()) return;
        part.erase(place);
        --size_;
    }

private:
    static const Txid& id_of(const Txid& id) { return id; }
    static const Txid& id_of(const Pending* entry) { return entry->transfer->id(); }
    struct Hash {
        using is_transparent = void;
        std::size_t operator()(const auto& which) const noexcept {
            return std::hash<Txid>{}(id_of(which));
        }
    };
    struct Equal {
        using is_transparent = void;
        bool operator()(const auto& a, const auto& b) const noexcept {
            return id_of(a) == id_of(b);
        }
    };

    std::array<std::unordered_set<const Pending*, Hash, Equal>, 256> parts_;
    std::size_t size_ = 0;
};

}  // namespace cairn
