#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "core/consensus/connect.hpp"
#include "ledger/staged.hpp"

namespace cairn {

/// All accounts of a chain that is replayed, however many: what is more than a few MiB goes to a
/// store of its own in a temporary folder, which goes with the book. Errors are sentences.
class AccountBook {
public:
    static constexpr std::size_t kStagedMax = 4UL * 1024 * 1024;  // bytes of rows kept in memory

    /// `staged_max` as it is above but in tests.
    explicit AccountBook(std::size_t staged_max = kStagedMax);
    ~AccountBook();
    AccountBook(const AccountBook&) = delete;
    AccountBook& operator=(const AccountBook&) = delete;

    /// None: never opened. If the book cannot be read, `put` and `compare` tell so.
    [[nodiscard]] std::optional<Account> get(const Address& address) const;
    [[nodiscard]] Result<void, std::string> put(const Address& address, const Account& account);

    /// Holds the table of accounts of `rows` against the book, row by row, and the sum of the
    /// balances against `issued`.
    [[nodiscard]] Result<void, std::string> compare(const Staged& rows, std::uint64_t issued) const;

private:
    class Spill;

    [[nodiscard]] Result<void, std::string> check() const;
    [[nodiscard]] Result<void, std::string> spill();

    const std::size_t staged_max_;
    std::unique_ptr<Spill> spill_;  // null: all is staged
    std::unique_ptr<Staged> rows_;
};

}  // namespace cairn
