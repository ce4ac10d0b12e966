#pragma once

#include <map>
#include <memory>
#include <optional>
#include <vector>

#include "ledger/store.hpp"

namespace cairn {

/// Rows that are to be written, in (table, key) order, at most one a key.
class Overlay {
public:
    using Key = std::pair<Table, Bytes>;
    /// Looks keys up without a copy of their bytes.
    struct Before {
        using is_transparent = void;
        using View = std::pair<Table, ByteView>;
        static View view(const Key& key) { return {key.first, key.second}; }
        static const View& view(const View& key) { return key; }
        bool operator()(const auto& a, const auto& b) const { return precedes(view(a), view(b)); }

    private:
        static bool precedes(const View& a, const View& b);
    };
    using Map = std::map<Key, std::optional<Bytes>, Before>;

    void set(Table table, Bytes key, std::optional<Bytes> value);
    /// What stands for a key: null if nothing is staged, an empty optional if the key goes.
    [[nodiscard]] const std::optional<Bytes>* find(Table table, ByteView key) const;
    /// Takes over all rows of `upper`, which win.
    void absorb(Overlay&& upper);
    [[nodiscard]] const Map& rows() const { return rows_; }
    /// Keys and values, roughly.
    [[nodiscard]] std::size_t bytes() const { return bytes_; }
    [[nodiscard]] bool empty() const { return rows_.empty(); }
    void clear();
    /// All rows in order; none are left.
    [[nodiscard]] std::vector<Row> take();

private:
    Map rows_;
    std::size_t bytes_ = 0;
};

/// A snapshot plus the rows staged on top; reads see both. With nothing staged it is a plain
/// reader.
///
/// A read that the store fails makes `fault()` tell so from then on and yields nothing: whoever
/// decides upon such reads asks `fault()` before anything leaves, and drops all of it. That keeps
/// the rules free of the disk's errors and still lets none by. What the reader finds to be damaged
/// goes the same way. Not thread-safe: one owner.
class Staged {
public:
    explicit Staged(std::shared_ptr<const Snapshot> snapshot) : snapshot_{std::move(snapshot)} {}
    /// A branch that may fail: reads `below` beneath the rows of `branch`, writes to `branch` only.
    Staged(const Staged& below, Overlay& branch) : below_{&below}, branch_{&branch} {}
    Staged(const Staged&) = delete;
    Staged& operator=(const Staged&) = delete;
    Staged(Staged&&) = delete;
    Staged& operator=(Staged&&) = delete;
    ~Staged() = default;

    [[nodiscard]] std::optional<Bytes> get(Table table, ByteView key) const;
    [[nodiscard]] std::vector<Row> scan(Table table, ByteView from, ByteView to,
                                        Bounds bounds) const;
    /// The last rows below `to` first. Only where nothing of that table is staged (plain readers).
    [[nodiscard]] std::vector<Row> scan_back(Table table, ByteView from, ByteView to,
                                             Bounds bounds) const;
    void put(Table table, Bytes key, Bytes value) {
        own().set(table, std::move(key), std::move(value));
    }
    void erase(Table table, Bytes key) { own().set(table, std::move(key), std::nullopt); }
    /// Empties a table: what the snapshot holds of it is gone, staged rows of it as well.
    void clear(Table table);
    void absorb(Overlay&& branch) { own().absorb(std::move(branch)); }

    [[nodiscard]] const std::optional<StoreError>& fault() const;
    /// Makes `fault()` tell so, also of all that stands below; the first one stays.
    void report(StoreError error) const;
    [[nodiscard]] bool empty() const { return rows_.empty() && cleared_.empty(); }
    [[nodiscard]] std::size_t bytes() const { return rows_.bytes(); }
    [[nodiscard]] Batch to_batch() const&;
    /// The same without a copy; nothing is staged afterwards.
    [[nodiscard]] Batch to_batch() &&;

private:
    Overlay& own() { return branch_ != nullptr ? *branch_ : rows_; }
    [[nodiscard]] const Overlay& own() const { return branch_ != nullptr ? *branch_ : rows_; }
    [[nodiscard]] std::vector<Row> scan_below(Table table, ByteView from, ByteView to,
                                              Bounds bounds) const;
    [[nodiscard]] bool is_cleared(Table table) const;

    std::shared_ptr<const Snapshot> snapshot_;
    const Staged* below_ = nullptr;
    Overlay* branch_ = nullptr;
    Overlay rows_;
    std::vector<Table> cleared_;
    mutable std::optional<StoreError> fault_;
};

}  // namespace cairn
