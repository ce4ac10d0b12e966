#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/bytes.hpp"
#include "core/base/result.hpp"

namespace cairn {

/// The logical tables of a node. How keys and values look is told by ledger/tables.hpp alone.
enum class Table : std::uint8_t {
    meta,
    headers,
    blocks,
    undo,
    best,
    accounts,
    transactions,
    history,
    pool,
    peers,
};
inline constexpr std::size_t kTables = 10;

struct Row {
    Table table = Table::meta;
    Bytes key;
    std::optional<Bytes> value;  // none: the key goes

    friend bool operator==(const Row&, const Row&) = default;
};

/// One atomic change: the cleared tables first, then the rows, which stand in (table, key) order
/// with at most one a key.
struct Batch {
    std::vector<Table> cleared;
    std::vector<Row> rows;

    [[nodiscard]] bool empty() const { return cleared.empty() && rows.empty(); }
};

enum class StoreFault : std::uint8_t {
    no_space,
    io,
    corrupt,
    displaced,  // it was moved, deleted or replaced by somebody
};
struct StoreError {
    StoreFault fault = StoreFault::io;
    std::string detail;
};

/// How much a scan may return: it stops at whichever is reached first, with at least one row if
/// any.
struct Bounds {
    std::size_t rows = 1000;
    std::size_t bytes = 64 * 1024;
};

/// All tables as of one instant. Any thread; lasts while held.
class Snapshot {
public:
    virtual ~Snapshot() = default;
    [[nodiscard]] virtual Result<std::optional<Bytes>, StoreError> get(Table table,
                                                                       ByteView key) const = 0;
    /// Rows with from <= key < to in key order; an empty `to` is the end of the table.
    [[nodiscard]] virtual Result<std::vector<Row>, StoreError> scan(Table table, ByteView from,
                                                                    ByteView to,
                                                                    Bounds bounds) const = 0;
    /// The same in falling order: the last rows below `to` first.
    [[nodiscard]] virtual Result<std::vector<Row>, StoreError> scan_back(Table table, ByteView from,
                                                                         ByteView to,
                                                                         Bounds bounds) const = 0;
};

/// A small ordered map. One writer at a time; snapshots from any thread.
class Store {
public:
    virtual ~Store() = default;
    [[nodiscard]] virtual std::shared_ptr<const Snapshot> snapshot() const = 0;
    /// Atomic, and durable on return.
    [[nodiscard]] virtual Result<void, StoreError> write(const Batch& batch) = 0;
    /// A copy of the whole store as of now, beside it; its name. Empty where there is nothing to
    /// copy to.
    [[nodiscard]] virtual Result<std::string, StoreError> backup() = 0;
};

}  // namespace cairn
