#include "storage/memory_store.hpp"

#include <utility>

#include "storage/scan_budget.hpp"

namespace cairn {

class MemoryStore::View final : public Snapshot {
    static auto collector(Table table, Bounds bounds, std::vector<Row>& rows) {
        return [table, &rows, budget = ScanBudget{bounds}](const Bytes& key,
                                                           const Bytes& value) mutable {
            if (!budget.take(key.size(), value.size())) return false;
            rows.push_back({table, key, value});
            return true;
        };
    }

public:
    explicit View(Tables tables) : tables_{std::move(tables)} {}

    [[nodiscard]] Result<std::optional<Bytes>, StoreError> get(Table table,
                                                               ByteView key) const override {
        const Bytes* value = map(table).find(key);
        return value == nullptr ? std::nullopt : std::optional{*value};
    }
    [[nodiscard]] Result<std::vector<Row>, StoreError> scan(Table table, ByteView from, ByteView to,
                                                            Bounds bounds) const override {
        std::vector<Row> rows;
        map(table).ascend(from, to, collector(table, bounds, rows));
        return rows;
    }
    [[nodiscard]] Result<std::vector<Row>, StoreError> scan_back(Table table, ByteView from,
                                                                 ByteView to,
                                                                 Bounds bounds) const override {
        std::vector<Row> rows;
        map(table).descend(from, to, collector(table, bounds, rows));
        return rows;
    }
    [[nodiscard]] const Tables& tables() const { return tables_; }

private:
    [[nodiscard]] const PersistentMap& map(Table table) const {
        return tables_[static_cast<std::size_t>(table)];
    }
    Tables tables_;
};

MemoryStore::MemoryStore() : view_{std::make_shared<const View>(Tables{})} {}

std::shared_ptr<const Snapshot> MemoryStore::snapshot() const {
    const std::scoped_lock lock{mutex_};
    return view_;
}

Result<void, StoreError> MemoryStore::write(const Batch& batch) {
    std::shared_ptr<const View> before;
    {
        const std::scoped_lock lock{mutex_};
        before = view_;
    }
    Tables tables = before->tables();
    for (const Table table : batch.cleared) tables[static_cast<std::size_t>(table)] = {};
    for (const Row& row : batch.rows) {
        PersistentMap& map = tables[static_cast<std::size_t>(row.table)];
        map = row.value ? map.set(row.key, *row.value) : map.erase(row.key);
    }
    auto after = std::make_shared<const View>(std::move(tables));
    const std::scoped_lock lock{mutex_};
    view_.swap(after);  // `before` still holds the old view: nothing is freed under the lock
    return {};
}

Result<std::string, StoreError> MemoryStore::backup() { return std::string{}; }

}  // namespace cairn
