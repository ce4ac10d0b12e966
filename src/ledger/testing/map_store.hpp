#pragma once

#include <algorithm>
#include <array>
#include <atomic>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "ledger/store.hpp"

namespace cairn::testing {

/// A store of a std::map a table, which is copied when it is written to while a snapshot holds it,
/// and that fails when it is told to. The tests of the ledger stand on it; it is not one of the
/// node's stores.
class MapStore final : public Store {
public:
    using Rows = std::map<Bytes, Bytes>;
    using Tables = std::array<std::shared_ptr<Rows>, kTables>;

    /// Counts operations down; the one that finds zero fails, and all after it while `for_ever`.
    struct Faults {
        std::optional<std::size_t> reads, writes;  // how many succeed; none: all
        bool for_ever = true;
        std::atomic<std::size_t> reads_seen = 0;  // snapshots are read from any thread
        std::size_t writes_seen = 0;

        bool strikes(std::optional<std::size_t>& left) const {
            if (!left) return false;
            if (*left > 0) {
                --*left;
                return false;
            }
            if (!for_ever) left.reset();
            return true;
        }
    };

    [[nodiscard]] std::shared_ptr<const Snapshot> snapshot() const override {
        return std::make_shared<const View>(tables_, faults_);
    }
    [[nodiscard]] Result<void, StoreError> write(const Batch& batch) override {
        ++faults_->writes_seen;
        if (faults_->strikes(faults_->writes))
            return fail(StoreError{StoreFault::io, "write refused"});
        for (std::size_t i = 1; i < batch.rows.size(); ++i) {
            const auto& before = batch.rows[i - 1];
            const auto& row = batch.rows[i];
            if (std::tie(before.table, before.key) >= std::tie(row.table, row.key))
                return fail(StoreError{StoreFault::corrupt, "rows out of order"});
        }
        for (const auto table : batch.cleared) own(table) = {};
        for (const auto& row : batch.rows) set(row.table, row.key, row.value);
        return {};
    }
    [[nodiscard]] Result<std::string, StoreError> backup() override {
        ++backups;
        return std::string{"backup"};
    }

    [[nodiscard]] Faults& faults() { return *faults_; }
    [[nodiscard]] const Rows& rows(Table table) const {
        return *tables_[static_cast<std::size_t>(table)];
    }
    /// Changes a row behind the node's back.
    void tamper(Table table, const Bytes& key, const std::optional<Bytes>& value) {
        set(table, key, value);
    }
    [[nodiscard]] MapStore copy() const {
        MapStore other;
        other.tables_ = tables_;
        return other;
    }
    friend bool operator==(const MapStore& a, const MapStore& b) {
        return std::equal(a.tables_.begin(), a.tables_.end(), b.tables_.begin(),
                          [](const auto& one, const auto& other) { return *one == *other; });
    }

    std::size_t backups = 0;

private:
    class View final : public Snapshot {
    public:
        View(Tables tables, std::shared_ptr<Faults> faults)
            : tables_{std::move(tables)}, faults_{std::move(faults)} {}

        [[nodiscard]] Result<std::optional<Bytes>, StoreError> get(Table table,
                                                                   ByteView key) const override {
            if (auto error = struck()) return fail(std::move(*error));
            const Rows& rows = *tables_[static_cast<std::size_t>(table)];
            const auto found = rows.find(Bytes(key.begin(), key.end()));
            if (found == rows.end()) return std::optional<Bytes>{};
            return std::optional<Bytes>{found->second};
        }
        [[nodiscard]] Result<std::vector<Row>, StoreError> scan(Table table, ByteView from,
                                                                ByteView to,
                                                                Bounds bounds) const override {
            if (auto error = struck()) return fail(std::move(*error));
            const auto [first, last] = range(table, from, to);
            return take(table, first, last, bounds);
        }
        [[nodiscard]] Result<std::vector<Row>, StoreError> scan_back(Table table, ByteView from,
                                                                     ByteView to,
                                                                     Bounds bounds) const override {
            if (auto error = struck()) return fail(std::move(*error));
            const auto [first, last] = range(table, from, to);
            return take(table, std::reverse_iterator{last}, std::reverse_iterator{first}, bounds);
        }

    private:
        [[nodiscard]] std::optional<StoreError> struck() const {
            ++faults_->reads_seen;
            if (!faults_->strikes(faults_->reads)) return std::nullopt;
            return StoreError{StoreFault::io, "read refused"};
        }
        [[nodiscard]] std::pair<Rows::const_iterator, Rows::const_iterator> range(
            Table table, ByteView from, ByteView to) const {
            const Rows& rows = *tables_[static_cast<std::size_t>(table)];
            const auto first = rows.lower_bound(Bytes(from.begin(), from.end()));
            const auto last =
                to.empty() ? rows.end() : rows.lower_bound(Bytes(to.begin(), to.end()));
            return {first, last};
        }
        template <class At>
        static std::vector<Row> take(Table table, At at, At end, Bounds bounds) {
            std::vector<Row> out;
            std::size_t bytes = 0;
            for (; at != end && out.size() < bounds.rows; ++at) {
                bytes += at->first.size() + at->second.size();
                if (!out.empty() && bytes > bounds.bytes) break;
                out.push_back({table, at->first, at->second});
            }
            return out;
        }

        Tables tables_;
        std::shared_ptr<Faults> faults_;
    };

    static Tables empty() {
        Tables tables;
        for (auto& rows : tables) rows = std::make_shared<Rows>();
        return tables;
    }
    /// A table that no snapshot and no other store holds.
    Rows& own(Table table) {
        auto& rows = tables_[static_cast<std::size_t>(table)];
        if (rows.use_count() > 1) rows = std::make_shared<Rows>(*rows);
        return *rows;
    }
    void set(Table table, const Bytes& key, const std::optional<Bytes>& value) {
        if (value)
            own(table)[key] = *value;
        else
            own(table).erase(key);
    }

    Tables tables_ = empty();
    std::shared_ptr<Faults> faults_ = std::make_shared<Faults>();
};

}  // namespace cairn::testing
