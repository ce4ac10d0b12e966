#include "core/consensus/connect.hpp"

#include <algorithm>
#include <set>

#include "core/base/ensure.hpp"
#include "core/primitives/coins.hpp"

namespace cairn {
namespace {

/// Accounts under change, and what was issued so far.
class Books {
public:
    Books(AccountSet accounts, std::uint64_t issued, std::uint64_t opening)
        : accounts_{std::move(accounts)}, before_{accounts_}, issued_{issued}, opening_{opening} {}

    /// The account of `address`, opened if never seen.
    Account& open(const Address& address) {
        const auto found = accounts_.find(address);
        ENSURE(found != accounts_.end());  // `touched` named it and the caller loaded it
        if (!found->second) {
            const std::uint64_t gift = std::min(opening_, Amount::kMaxUnits - issued_);
            issued_ += gift;
            found->second = Account{gift, 0};
        }
        return *found->second;
    }
    /// The account of `address` as `open` would give it.
    [[nodiscard]] Account look(const Address& address) const {
        const auto& account = accounts_.at(address);
        return account.value_or(Account{std::min(opening_, Amount::kMaxUnits - issued_), 0});
    }
    void issue(std::uint64_t units) { issued_ += units; }
    [[nodiscard]] std::uint64_t issued() const { return issued_; }

    [[nodiscard]] Connected close() && {
        Connected result;
        result.issued = issued_;
        for (auto& [address, account] : accounts_) {
            const auto& old = before_.at(address);
            if (account == old) continue;
            result.after.emplace_back(address, *account);
            result.before.emplace_back(address, old);
        }
        return result;
    }

private:
    AccountSet accounts_;
    AccountSet before_;
    std::uint64_t issued_;
    std::uint64_t opening_;
};

/// On error nothing has changed.
Result<void, Rejection> apply(const CheckedTransfer& transfer, Books& books) {
    const Account before = books.look(transfer.sender());
    if (transfer.nonce() != before.nonce)
        return fail(Rejection{
            Rule::nonce, "nonce " + std::to_string(before.nonce),
            std::to_string(transfer.nonce()) + " (transfer " + transfer.id().to_string() + ")"});
    if (before.balance < transfer.cost())
        return fail(Rejection{
            Rule::overdraft,
            "a balance of at least " + format_coin_units(transfer.cost()) + " coins",
            format_coin_units(before.balance) + " (transfer " + transfer.id().to_string() + ")"});
    Account& sender = books.open(transfer.sender());
    sender.balance -= transfer.cost();
    sender.nonce += 1;
    books.open(transfer.recipient()).balance += transfer.amount();
    return {};
}

/// Applies the transfers in order; the sum of their fees. Each fee was debited from a balance, so
/// the sum is within the cap.
Result<std::uint64_t, Rejection> apply(const std::vector<TransferPtr>& transfers, Books& books) {
    std::uint64_t fees = 0;
    for (const auto& transfer : transfers) {
        if (auto done = apply(*transfer, books); !done) return fail(done.error());
        fees += transfer->fee();
    }
    return fees;
}

Result<void, Rejection> apply(const Reward& reward, std::uint64_t fees,
                              const ConnectContext& context, const ChainSpec& spec, Books& books) {
    if (reward.height != context.height)
        return fail(Rejection{Rule::reward_height, std::to_string(context.height),
                              std::to_string(reward.height)});
    const std::uint64_t subsidy = subsidy_at(spec, context.height, books.issued());
    if (reward.amount != subsidy + fees)
        return fail(Rejection{Rule::reward_amount, format_coin_units(subsidy + fees) + " coins",
                              format_coin_units(reward.amount)});
    books.issue(subsidy);
    books.open(reward.recipient).balance += reward.amount;
    return {};
}

}  // namespace

std::vector<Address> touched(const CheckedBlock& block) {
    std::vector<Address> addresses;
    addresses.reserve(block.transfers.size() * 2 + 1);
    for (const auto& transfer : block.transfers) {
        addresses.push_back(transfer->sender());
        addresses.push_back(transfer->recipient());
    }
    addresses.push_back(block.reward.recipient);
    std::sort(addresses.begin(), addresses.end());
    addresses.erase(std::unique(addresses.begin(), addresses.end()), addresses.end());
    return addresses;
}

std::uint64_t subsidy_at(const ChainSpec& spec, Height height, std::uint64_t issued) {
    const std::uint64_t era = (height - 1) / spec.halving_interval;
    if (era >= 64) return 0;
    return std::min(spec.subsidy >> era, Amount::kMaxUnits - issued);
}

Result<Connected, Rejection> connect_block(const CheckedBlock& block, AccountSet accounts,
                                           const ConnectContext& context, const ChainSpec& spec) {
    Books books{std::move(accounts), context.issued, spec.opening};
    const auto fees = apply(block.transfers, books);
    if (!fees) return fail(fees.error());
    if (auto done = apply(block.reward, *fees, context, spec, books); !done)
        return fail(done.error());
    return std::move(books).close();
}

Connectable connectable(const std::vector<TransferPtr>& wanted, AccountSet accounts,
                        const ConnectContext& context, const ChainSpec& spec) {
    Books books{std::move(accounts), context.issued, spec.opening};
    Connectable result;
    std::set<Address> left_out;
    std::uint64_t fees = 0;
    for (const auto& transfer : wanted) {
        if (left_out.contains(transfer->sender())) continue;
        if (auto done = apply(*transfer, books); !done) {
            left_out.insert(transfer->sender());
            result.refused.emplace_back(transfer, std::move(done.error()));
            continue;
        }
        fees += transfer->fee();
        result.transfers.push_back(transfer);
    }
    result.reward = subsidy_at(spec, context.height, books.issued()) + fees;
    return result;
}

bool is_near_cap(std::size_t transfers, const ConnectContext& context, const ChainSpec& spec) {
    if (spec.opening == 0) return false;
    const std::uint64_t left = Amount::kMaxUnits - context.issued;
    const std::uint64_t subsidy = subsidy_at(spec, context.height, context.issued);
    return subsidy >= left || (left - subsidy) / spec.opening < std::uint64_t{transfers} * 2;
}

Connected connect_genesis(const ChainParams& params) {
    AccountSet accounts;
    for (const auto& allocation : params.spec().allocations)
        accounts.emplace(allocation.recipient, std::nullopt);
    Books books{std::move(accounts), 0, params.spec().opening};
    for (const auto& allocation : params.spec().allocations) {
        books.open(allocation.recipient).balance += allocation.amount;
        books.issue(allocation.amount);
    }
    return std::move(books).close();
}

}  // namespace cairn
