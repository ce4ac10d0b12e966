#pragma once

#include <array>
#include <deque>
#include <string>

#include "app/account_book.hpp"
#include "core/consensus/connect.hpp"
#include "core/consensus/header_rules.hpp"
#include "ledger/tables.hpp"

namespace cairn {

/// Walks a best chain from genesis on, holding every rule against every block and every row of the
/// store against what the blocks make of it. Memory does not grow with the chain. Headers and
/// blocks of the branches that lost are held against one another: no signature of theirs is
/// checked. The first difference ends it, as a sentence.
class Replay {
public:
    /// `accounts_max`: bytes of accounts kept in memory, as in AccountBook.
    Replay(const ChainParams& chain, const Staged& rows,
           std::size_t accounts_max = AccountBook::kStagedMax);

    /// The next block of the chain, checked alone already.
    [[nodiscard]] Result<void, std::string> add(const CheckedBlock& block);
    /// After the last: genesis, tip, accounts, pool, and that no table has rows too many.
    [[nodiscard]] Result<void, std::string> finish();

private:
    [[nodiscard]] Result<void, std::string> check_rows(const CheckedBlock& block,
                                                       const Connected& change,
                                                       std::uint64_t issued_before,
                                                       UnixSeconds anchor);
    [[nodiscard]] Result<void, std::string> keep(const Connected& change);
    /// Whether the store holds these rows, which are counted.
    [[nodiscard]] Result<void, std::string> hold(const Staged& expected);
    [[nodiscard]] Result<void, std::string> check_pool() const;
    [[nodiscard]] Result<void, std::string> check_pool_memory() const;
    [[nodiscard]] Result<void, std::string> check_branches() const;
    [[nodiscard]] Result<void, std::string> check_branch_header(const BlockHash& hash) const;
    [[nodiscard]] Result<void, std::string> check_branch_body(const BlockHash& hash,
                                                              const HeaderRecord& record) const;
    template <class Each>
    void for_each(Table table, Each each) const;
    [[nodiscard]] std::size_t count(Table table) const;
    [[nodiscard]] std::string at(const std::string& what) const;

    const ChainParams& chain_;
    const Staged& rows_;
    HeaderRecord last_;
    BlockHash last_hash_;
    std::deque<UnixSeconds> times_;
    AccountBook accounts_;
    Result<void, std::string> genesis_;  // whether its accounts could be kept
    std::uint64_t issued_ = 0;
    std::array<std::size_t, kTables> counts_{};  // rows that the blocks account for
};

}  // namespace cairn
