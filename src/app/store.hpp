#pragma once

#include <functional>
#include <memory>
#include <string>

#include "core/base/result.hpp"
#include "ledger/store.hpp"

namespace cairn {

/// A store of either kind, and what watches over it and makes it writable again.
struct OpenedStore {
    std::unique_ptr<Store> store;
    std::function<Result<void, StoreError>()> recover;
    /// Holds every file against its checksums.
    std::function<Result<void, StoreError>()> verify;
    /// Whether it can still be written to, as far as can be seen without writing.
    std::function<Result<void, StoreError>()> check;
};

/// What a store may use of memory and files; what is 0 is as the store would have it.
struct StoreSizes {
    std::size_t cache_bytes = 0;     // blocks of files, indexes, filters
    std::size_t memtable_bytes = 0;  // one memtable; all of them together take three such
    std::size_t open_files = 0;
};

/// Hears what the store has to say beside its answers, a line at a time. Any thread.
using StoreNote = std::function<void(const std::string&)>;

/// "rocksdb" in `<datadir>/store`, or "memory". The error is a sentence.
[[nodiscard]] Result<OpenedStore, std::string> open_store(const std::string& kind,
                                                          const std::string& datadir,
                                                          const StoreSizes& sizes = {},
                                                          StoreNote note = {});
/// `<datadir>/store` for reading: nothing is changed, so that the medium may be read-only.
[[nodiscard]] Result<OpenedStore, std::string> open_store_to_read(const std::string& datadir);

}  // namespace cairn
