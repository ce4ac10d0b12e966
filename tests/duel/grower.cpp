#include "duel/grower.hpp"

#include <stdexcept>

namespace duel {

namespace {

constexpr std::size_t kShelfMax = 200;

}  // namespace

Grower::Grower(Random& random) : random_{random} {
    for (std::uint8_t number = 1; number <= kKeys; ++number) keys_.emplace_back(number);
}

model::Bytes32 Grower::somebody() {
    if (!random_.once_in(6)) return key(random_.below(kKeys)).address;
    model::Bytes32 nobody{};
    nobody.fill(0xee);
    nobody[0] = static_cast<std::uint8_t>(random_.below(30));
    return nobody;
}

model::Account& Grower::open(const model::Chain& at, const model::Bytes32& address,
                             model::State& state) {
    const auto [place, is_new] = state.accounts.try_emplace(address);
    if (is_new) {
        place->second.balance = std::min(at.spec().opening, model::kCap - state.issued);
        state.issued += place->second.balance;
    }
    return place->second;
}

model::Account Grower::account(const model::Chain& at, const model::Bytes32& address) {
    model::State state = at.state();
    return open(at, address, state);
}

const model::Key& Grower::richest(const model::Chain& at) const {
    const auto balance = [&](const model::Key& key) { return account(at, key.address).balance; };
    return *std::ranges::max_element(keys_, {}, balance);
}

bool Grower::apply(const model::Chain& at, const model::Transfer& transfer, model::State& state) {
    const auto known = state.accounts.find(transfer.sender);
    const model::Account before =
        known == state.accounts.end()
            ? model::Account{std::min(at.spec().opening, model::kCap - state.issued), 0}
            : known->second;
    const std::uint64_t cost = transfer.amount + transfer.fee;
    if (before.nonce != transfer.nonce || before.balance < cost) return false;
    model::Account& sender = open(at, transfer.sender, state);
    sender.balance -= cost;
    ++sender.nonce;
    open(at, transfer.recipient, state).balance += transfer.amount;
    return true;
}

std::optional<model::Transfer> Grower::transfer(const model::Chain& at, model::State& state) {
    const model::Key& from = key(random_.below(kKeys));
    const model::Account account = [&] {
        const auto known = state.accounts.find(from.address);
        return known != state.accounts.end()
                   ? known->second
                   : model::Account{std::min(at.spec().opening, model::kCap - state.issued), 0};
    }();
    if (account.balance == 0) return std::nullopt;
    const std::uint64_t fee =
        random_.once_in(3) ? 0 : random_.below(std::min<std::uint64_t>(account.balance, 5000));
    const std::uint64_t most = account.balance - fee;
    const std::uint64_t amount = random_.once_in(8) ? most : random_.between(1, most / 4 + 1);
    if (amount > most) return std::nullopt;
    const model::Bytes32 to = random_.once_in(12) ? from.address : somebody();
    auto made = from.transfer(at, account.nonce, to, amount, fee,
                              model::Bytes(random_.below(20), static_cast<std::uint8_t>(fee)));
    if (!apply(at, made, state)) throw std::logic_error{"the grower made a transfer that fails"};
    return made;
}

model::Draft Grower::draft(const model::Chain& at) {
    model::Draft draft{at};
    model::State state = at.state();
    const auto include = [&](const model::Transfer& transfer) {
        draft.with(transfer);
        ++transfers_;
    };
    // Those that stood in another branch first: the same transfer in both is what a pool returns.
    std::size_t known = random_.below(3);
    for (auto kept = shelf_.begin(); known > 0 && kept != shelf_.end(); ++kept) {
        if (!apply(at, *kept, state)) continue;
        include(*kept);
        --known;
    }
    for (auto count = random_.below(3); count > 0; --count) {
        const auto fresh = transfer(at, state);
        if (!fresh) continue;
        include(*fresh);
        shelf_.push_back(*fresh);
        if (shelf_.size() > kShelfMax) shelf_.pop_front();
    }
    draft.header.time = at.median_time() + static_cast<std::uint32_t>(random_.below(pace_ + 1));
    draft.reward.recipient = somebody();
    draft.reward.extra.assign(8, static_cast<std::uint8_t>(random_.below(256)));
    draft.reward.extra[0] = static_cast<std::uint8_t>(random_.below(256));
    // Next to the cap openings leave less for the subsidy.
    draft.reward.amount += at.subsidy(state.issued);
    draft.reward.amount -= at.subsidy(at.state().issued);
    return draft;
}

model::Bytes Grower::extend(model::Chain& at) {
    auto block = draft(at).mine();
    if (const auto broken = at.connect(block))
        throw std::logic_error{"the model refuses a block of the grower by rule " +
                               std::to_string(broken->rule) + ": expected " + broken->expected +
                               ", found " + broken->found};
    return block;
}

}  // namespace duel
