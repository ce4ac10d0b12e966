#include "sim/book.hpp"

#include <algorithm>

#include "core/primitives/codec.hpp"

namespace cairn::sim {

Book::Book(const ChainParams& params) : params_{params} {
    Page page;
    page.height = 1;
    for (const auto& [recipient, amount] : params.spec().allocations) {
        open(recipient, page).balance += amount;
        page.issued += amount;
    }
    (void)seal(page);
    pages_.emplace(params.genesis().hash, std::move(page));
}

Account& Book::open(const Address& who, Page& page) const {
    const auto known = page.accounts.find(who);
    if (known != page.accounts.end()) return known->second;
    const std::uint64_t gift = std::min(params_.spec().opening, Amount::kMaxUnits - page.issued);
    page.issued += gift;
    return page.accounts.emplace(who, Account{gift, 0}).first->second;
}

std::optional<std::string> Book::seal(Page& page) {
    Sha256 hasher;
    std::uint64_t sum = 0;
    for (const auto& [address, account] : page.accounts) {
        Writer row;
        row.integer(account.balance).integer(account.nonce);
        hasher.write(address.bytes).write(row.take());
        sum += account.balance;
    }
    Writer issued;
    page.digest = hasher.write(issued.integer(page.issued).take()).finish();
    if (sum == page.issued) return std::nullopt;
    return "balances sum up to " + std::to_string(sum) + ", issued were " +
           std::to_string(page.issued);
}

std::optional<std::string> Book::add(const CheckedBlock& block) {
    const auto parent = pages_.find(block.header.header.previous_hash);
    if (parent == pages_.end() || has(block.header.hash)) return std::nullopt;
    Page page{parent->second.height + 1, parent->second.accounts, parent->second.issued, {}};
    std::uint64_t fees = 0;
    for (const auto& transfer : block.transfers) {
        Account& sender = open(transfer->sender(), page);
        if (sender.nonce != transfer->nonce()) return "a nonce out of turn";
        if (sender.balance < transfer->cost()) return "an overdraft";
        sender.balance -= transfer->cost();
        ++sender.nonce;
        fees += transfer->fee();
        open(transfer->recipient(), page).balance += transfer->amount();
    }
    const auto era = (page.height - 1) / params_.spec().halving_interval;
    const std::uint64_t subsidy =
        std::min(era < 64 ? params_.spec().subsidy >> era : 0, Amount::kMaxUnits - page.issued);
    if (block.reward.height != page.height) return "a reward of another height";
    if (block.reward.amount != subsidy + fees) return "a reward that is not exact";
    page.issued += subsidy;
    open(block.reward.recipient, page).balance += block.reward.amount;
    if (auto wrong = seal(page)) return wrong;
    pages_.emplace(block.header.hash, std::move(page));
    return std::nullopt;
}

}  // namespace cairn::sim
