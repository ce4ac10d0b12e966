#pragma once

#include <array>
#include <memory>
#include <mutex>

#include "ledger/store.hpp"
#include "storage/persistent_map.hpp"

namespace cairn {

/// The twin of RocksStore that forgets everything at exit: `--store memory`, tests and simulation.
///
/// Copy on write: a snapshot is one pointer, a write costs O(changed rows x log rows), and neither
/// ever waits for the other longer than the exchange of that pointer.
/// Threads: one writer at a time, snapshots from any.
class MemoryStore final : public Store {
public:
    MemoryStore();

    [[nodiscard]] std::shared_ptr<const Snapshot> snapshot() const override;
    [[nodiscard]] Result<void, StoreError> write(const Batch& batch) override;
    /// Always empty: there is nothing to copy to.
    [[nodiscard]] Result<std::string, StoreError> backup() override;

    /// All tables; a snapshot is one such value.
    using Tables = std::array<PersistentMap, kTables>;

private:
    class View;

    mutable std::mutex mutex_;
    std::shared_ptr<const View> view_;  // guarded by mutex_, never null
};

}  // namespace cairn
