#include "app/store.hpp"

#include <filesystem>
#include <utility>

#include "storage/memory_store.hpp"
#include "storage/rocks_store.hpp"

namespace cairn {
namespace {

Result<OpenedStore, std::string> of_rocks(
    Result<std::unique_ptr<RocksStore>, OpenStoreError> opened) {
    if (!opened) return fail(std::move(opened.error().sentence));
    RocksStore* rocks = opened->get();
    return OpenedStore{std::move(*opened), [rocks] { return rocks->recover(); },
                       [rocks] { return rocks->verify(); }, [rocks] { return rocks->check(); }};
}

}  // namespace

Result<OpenedStore, std::string> open_store(const std::string& kind, const std::string& datadir,
                                            const StoreSizes& sizes, StoreNote note) {
    if (kind == "memory") {
        const auto fine = [] { return Result<void, StoreError>{}; };
        return OpenedStore{std::make_unique<MemoryStore>(), fine, fine, fine};
    }
    const std::filesystem::path base = std::filesystem::absolute(datadir);
    RocksStoreOptions options;
    options.backups = base / "backups";
    options.note = std::move(note);
    if (sizes.cache_bytes != 0) options.cache_bytes = sizes.cache_bytes;
    if (sizes.memtable_bytes != 0) {
        options.memtable_bytes = sizes.memtable_bytes;
        options.write_buffer_bytes = 3 * sizes.memtable_bytes;
    }
    if (sizes.open_files != 0) options.open_files = static_cast<int>(sizes.open_files);
    return of_rocks(RocksStore::open(base / "store", options));
}

Result<OpenedStore, std::string> open_store_to_read(const std::string& datadir) {
    return of_rocks(RocksStore::open_read_only(std::filesystem::absolute(datadir) / "store", {}));
}

}  // namespace cairn
