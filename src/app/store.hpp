#pragma once

#include <functional>
#include <memory>
#include <string>

#include "core/base/result.hpp"
#include "ledger/store.hpp"

namespace cairn {

/// A store of either kind, and what makes it writable again after a failed write.
struct OpenedStore {
    std::unique_ptr<Store> store;
    std::function<Result<void, StoreError>()> recover;
    /// Holds every file against its checksums.
    std::function<Result<void, StoreError>()> verify;
};

/// What a store may use of memory and files; what is 0 is as the store would have it.
struct StoreSizes {
    std::size_t cache_bytes = 0;
    std::size_t memtable_bytes = 0;
    std::size_t open_files = 0;
};

/// "rocksdb" in `<datadir>/store`, or "memory". The error is a sentence.
[[nodiscard]] Result<OpenedStore, std::string> open_store(const std::string& kind,
                                                          const std::string& datadir,
                                                          const StoreSizes& sizes = {});

}  // namespace cairn
