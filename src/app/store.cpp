#include "app/store.hpp"

#include <filesystem>

#include "storage/memory_store.hpp"
#include "storage/rocks_store.hpp"

namespace cairn {

Result<OpenedStore, std::string> open_store(const std::string& kind, const std::string& datadir,
                                            const StoreSizes& sizes) {
    if (kind == "memory") {
        const auto fine = [] { return Result<void, StoreError>{}; };
        return OpenedStore{std::make_unique<MemoryStore>(), fine, fine};
    }
    const std::filesystem::path base = std::filesystem::absolute(datadir);
    RocksStoreOptions options;
    options.backups = base / "backups";
    if (sizes.cache_bytes != 0) options.cache_bytes = sizes.cache_bytes;
    if (sizes.memtable_bytes != 0) options.memtable_bytes = sizes.memtable_bytes;
    if (sizes.open_files != 0) options.open_files = static_cast<int>(sizes.open_files);
    auto opened = RocksStore::open(base / "store", options);
    if (!opened) return fail(opened.error().sentence);
    RocksStore* rocks = opened->get();
    return OpenedStore{std::move(*opened), [rocks] { return rocks->recover(); },
                       [rocks] { return rocks->verify(); }};
}

}  // namespace cairn
