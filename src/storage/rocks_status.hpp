#pragma once

#include <rocksdb/status.h>

#include "ledger/store.hpp"
#include "storage/store_fs.hpp"
#include "storage/store_log.hpp"

namespace cairn {

[[nodiscard]] inline StoreError to_store_error(const rocksdb::Status& status) {
    std::string detail = without_reach(status.ToString());
    StoreFault fault = StoreFault::io;
    if (status.IsNoSpace() || detail.find(kNoSpaceText) != std::string::npos)
        fault = StoreFault::no_space;
    else if (status.IsCorruption())
        fault = StoreFault::corrupt;
    return {fault, std::move(detail)};
}

/// Runs what calls RocksDB; an exception (out of memory, most likely) becomes an I/O error.
template <class Do>
[[nodiscard]] auto guarded(Do&& action) -> decltype(action()) {
    try {
        return action();
    } catch (const std::exception& e) {
        return fail(StoreError{StoreFault::io, e.what()});
    }
}

}  // namespace cairn
