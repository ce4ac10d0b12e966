#include "app/account_book.hpp"

#include <cstdlib>
#include <filesystem>
#include <system_error>
#include <utility>
#include <vector>

#include "core/base/hex.hpp"
#include "core/primitives/codec.hpp"
#include "ledger/tables.hpp"
#include "storage/memory_store.hpp"
#include "storage/rocks_store.hpp"

namespace cairn {
namespace {

/// The rows of a table, front to back, a page in memory.
class AccountRows {
public:
    explicit AccountRows(const Staged& rows) : rows_{rows} { read(); }
    /// Null after the last.
    [[nodiscard]] const Row* row() const { return at_ < page_.size() ? &page_[at_] : nullptr; }
    void next() {
        if (++at_ == page_.size()) read();
    }

private:
    void read() {
        page_ = rows_.scan(Table::accounts, from_, {}, Bounds{});
        at_ = 0;
        if (page_.empty()) return;
        from_ = page_.back().key;
        from_.push_back(0);
    }
    const Staged& rows_;
    Bytes from_;
    std::vector<Row> page_;
    std::size_t at_ = 0;
};

}  // namespace

/// The store in a temporary folder.
class AccountBook::Spill {
public:
    static Result<std::unique_ptr<Spill>, std::string> make() {
        std::error_code error;
        const auto base = std::filesystem::temp_directory_path(error);
        std::string folder = (base / "cairn-accounts-XXXXXX").string();
        if (error || ::mkdtemp(folder.data()) == nullptr)
            return fail(
                "there are too many accounts to hold in memory, and no temporary folder can "
                "be made in " +
                base.string() + " (TMPDIR): " +
                (error ? error : std::error_code{errno, std::generic_category()}).message());
        std::unique_ptr<Spill> spill{new Spill{std::move(folder)}};
        auto store = RocksStore::open(spill->folder_ + "/store", {});
        if (!store) return fail(std::move(store.error().sentence));
        spill->store_ = std::move(*store);
        return spill;
    }
    Spill(const Spill&) = delete;
    Spill& operator=(const Spill&) = delete;
    ~Spill() {
        store_.reset();
        std::error_code ignored;
        std::filesystem::remove_all(folder_, ignored);
    }
    [[nodiscard]] RocksStore& store() { return *store_; }

private:
    explicit Spill(std::string folder) : folder_{std::move(folder)} {}
    std::string folder_;
    std::unique_ptr<RocksStore> store_;
};

AccountBook::AccountBook(std::size_t staged_max)
    : staged_max_{staged_max}, rows_{std::make_unique<Staged>(MemoryStore{}.snapshot())} {}

AccountBook::~AccountBook() = default;

std::optional<Account> AccountBook::get(const Address& address) const {
    return tables::account(*rows_, address);
}

Result<void, std::string> AccountBook::put(const Address& address, const Account& account) {
    tables::put_account(*rows_, address, account);
    return rows_->bytes() < staged_max_ ? check() : spill();
}

Result<void, std::string> AccountBook::check() const {
    if (rows_->fault()) return fail("the accounts cannot be kept: " + rows_->fault()->detail);
    return {};
}

Result<void, std::string> AccountBook::spill() {
    if (auto sound = check(); !sound) return sound;
    if (!spill_) {
        auto made = Spill::make();
        if (!made) return fail(std::move(made.error()));
        spill_ = std::move(*made);
    }
    if (auto written = spill_->store().write(std::move(*rows_).to_batch()); !written)
        return fail("the accounts cannot be kept: " + written.error().detail);
    rows_ = std::make_unique<Staged>(spill_->store().snapshot());
    return {};
}

Result<void, std::string> AccountBook::compare(const Staged& rows, std::uint64_t issued) const {
    std::uint64_t sum = 0;
    AccountRows stored{rows};
    for (AccountRows known{*rows_}; known.row() != nullptr; known.next(), stored.next()) {
        const Row* found = stored.row();
        if (found == nullptr || *found != *known.row())
            return found != nullptr && found->key < known.row()->key
                       ? fail(std::string{"there are accounts of no block"})
                       : fail("account " + to_hex(known.row()->key) +
                              " is not what the blocks make it");
        sum += Reader{*known.row()->value}.integer<std::uint64_t>();
    }
    if (auto sound = check(); !sound) return sound;
    if (stored.row() != nullptr) return fail(std::string{"there are accounts of no block"});
    if (sum != issued) return fail(std::string{"the balances do not sum up to what was issued"});
    return {};
}

}  // namespace cairn
