#pragma once

#include <map>
#include <optional>
#include <utility>
#include <vector>

#include "core/base/result.hpp"
#include "core/consensus/checked.hpp"
#include "core/consensus/rejection.hpp"
#include "core/primitives/amount.hpp"

namespace cairn {

struct Account {
    std::uint64_t balance = 0;  // base units
    std::uint64_t nonce = 0;    // of its next transfer
    friend bool operator==(const Account&, const Account&) = default;
};

/// The accounts a block touches as they were before it; none: never opened. The shell loads what
/// `touched` names, the rule decides, the shell stores.
using AccountSet = std::map<Address, std::optional<Account>>;

/// Every address whose account `block` may open, debit or credit.
[[nodiscard]] std::vector<Address> touched(const CheckedBlock& block);

/// What connecting a block changes: accounts after it, and how each stood before (the undo record).
struct Connected {
    std::vector<std::pair<Address, Account>> after;
    std::vector<std::pair<Address, std::optional<Account>>> before;
    std::uint64_t issued = 0;  // after the block, base units
};

struct ConnectContext {
    Height height = 0;         // of the block itself
    std::uint64_t issued = 0;  // before the block, base units
};

/// Rules 9 and 10: applies `block` to the accounts it touches; on error nothing has changed.
///
/// Errors: `nonce`, `overdraft`, `reward_height`, `reward_amount`.
/// Source: docs/consensus.md; the reward's height as in BIP34.
[[nodiscard]] Result<Connected, Rejection> connect_block(const CheckedBlock& block,
                                                         AccountSet accounts,
                                                         const ConnectContext& context,
                                                         const ChainSpec& spec);

/// Those of some transfers that connect one after another, in their order.
struct Connectable {
    std::vector<TransferPtr> transfers;
    std::uint64_t reward = 0;  // rule 10's amount for a block of them, base units
    /// The first of each sender that does not connect; what follows it of its sender is left out
    /// too.
    std::vector<std::pair<TransferPtr, Rejection>> refused;
};
/// `accounts` as in `connect_block`, less the reward's recipient. `nonce` and `overdraft` are
/// asked.
[[nodiscard]] Connectable connectable(const std::vector<TransferPtr>& wanted, AccountSet accounts,
                                      const ConnectContext& context, const ChainSpec& spec);

/// Whether a block of that many transfers may open so many accounts that the cap cuts an opening or
/// the subsidy: only then does it matter which accounts they are.
[[nodiscard]] bool is_near_cap(std::size_t transfers, const ConnectContext& context,
                               const ChainSpec& spec);

/// The subsidy at a height when `issued` units exist already, base units.
[[nodiscard]] std::uint64_t subsidy_at(const ChainSpec& spec, Height height, std::uint64_t issued);

/// The accounts and `issued` that the genesis block of `params` leaves.
[[nodiscard]] Connected connect_genesis(const ChainParams& params);

}  // namespace cairn
