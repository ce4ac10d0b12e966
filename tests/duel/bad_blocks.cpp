#include "duel/bad_blocks.hpp"

#include "duel/contender.hpp"

namespace duel {

using cairn::Rule;

namespace {

using Made = std::optional<BadBlock>;

Made whole(model::Bytes bytes) { return BadBlock{std::move(bytes), {}}; }

/// A plain right block: a reward and nothing else.
model::Draft plain(const model::Chain& at, Grower& grower) {
    model::Draft draft{at};
    draft.reward.recipient = grower.somebody();
    draft.reward.extra.assign(9, 0x5a);
    return draft;
}

// Headers.

Made without_parent(const model::Chain& at, Grower& grower) {
    auto draft = plain(at, grower);
    draft.header.previous_hash[7] ^= 1;
    return whole(draft.mine());
}

Made with_bits(const model::Chain& at, Grower& grower, std::uint32_t bits) {
    auto draft = plain(at, grower);
    draft.mine();  // its work is done for the right bits
    draft.header.bits = bits;
    if (model::target_of(bits)) draft.work();
    return whole(model::encode(draft.header, draft.transactions()));
}
Made bits_not_shortest(const model::Chain& at, Grower& grower) {
    return with_bits(at, grower, 0x21007fff);
}
Made bits_zero(const model::Chain& at, Grower& grower) { return with_bits(at, grower, 0); }
Made bits_negative(const model::Chain& at, Grower& grower) {
    return with_bits(at, grower, 0x20ffffff);
}
Made bits_over_256(const model::Chain& at, Grower& grower) {
    return with_bits(at, grower, 0x22010000);
}
Made bits_of_another_target(const model::Chain& at, Grower& grower) {
    return with_bits(at, grower, at.required_bits() - 1);
}

Made without_work(const model::Chain& at, Grower& grower) {
    auto draft = plain(at, grower);
    draft.mine();
    const auto target = *model::target_of(draft.header.bits);
    while (model::integer_of(model::double_sha256(model::encode(draft.header))) <= target)
        ++draft.header.nonce;
    return whole(model::encode(draft.header, draft.transactions()));
}

Made before_the_median(const model::Chain& at, Grower& grower) {
    auto draft = plain(at, grower);
    draft.header.time = at.median_time() - 1;
    return whole(draft.mine());
}
Made too_far_ahead(const model::Chain& at, Grower& grower) {
    if (at.spec().future_limit == 0) return std::nullopt;
    auto draft = plain(at, grower);
    draft.header.time = Contender::kNow + at.spec().future_limit + 1;
    return whole(draft.mine());
}

// Bodies, as a whole.

Made too_large(const model::Chain& at, Grower& grower) {
    const auto& key = grower.richest(at);
    const auto account = Grower::account(at, key.address);
    const std::size_t count = at.spec().max_block / at.spec().max_data;
    if (at.spec().max_data < 500 || count > 50 || account.balance < count) return std::nullopt;
    auto draft = plain(at, grower);
    for (std::size_t i = 0; i < count; ++i)
        draft.with(key.transfer(at, account.nonce + i, key.address, 1, 0,
                                model::Bytes(at.spec().max_data, 1)));
    const auto size = model::encode(draft.header, draft.transactions()).size();
    return size > at.spec().max_block ? whole(draft.mine()) : std::nullopt;
}
Made without_transactions(const model::Chain& at, Grower& grower) {
    return whole(plain(at, grower).mine({}));
}

/// A draft with one transfer that a key can pay.
std::optional<model::Draft> paying(const model::Chain& at, Grower& grower, std::uint64_t fee = 0) {
    const auto& key = grower.richest(at);
    const auto account = Grower::account(at, key.address);
    if (account.balance < 1 + fee || !at.state().accounts.contains(key.address))
        return std::nullopt;
    auto draft = plain(at, grower);
    draft.with(key.transfer(at, account.nonce, key.address, 1, fee));
    return draft;
}
Made transfer_first(const model::Chain& at, Grower& grower) {
    auto draft = paying(at, grower);
    if (!draft) return std::nullopt;
    return whole(draft->mine({draft->transfers[0], model::encode(draft->reward)}));
}
Made transfer_alone(const model::Chain& at, Grower& grower) {
    auto draft = paying(at, grower);
    if (!draft) return std::nullopt;
    return whole(draft->mine(draft->transfers));
}
Made two_rewards(const model::Chain& at, Grower& grower) {
    auto draft = plain(at, grower);
    auto second = draft.reward;
    second.extra.push_back(1);
    return whole(draft.mine({model::encode(draft.reward), model::encode(second)}));
}

Made wrong_root(const model::Chain& at, Grower& grower) {
    auto draft = plain(at, grower);
    draft.mine();
    draft.header.merkle_root[3] ^= 1;
    draft.work();
    return whole(model::encode(draft.header, draft.transactions()));
}
Made another_body(const model::Chain& at, Grower& grower) {
    auto draft = plain(at, grower);
    const auto right = draft.mine();
    draft.reward.extra.push_back(1);
    return BadBlock{model::encode(draft.header, draft.transactions()), right};
}
/// Where a tree doubles an odd last node these two bodies have one root (CVE-2012-2459).
Made last_transaction_twice(const model::Chain& at, Grower& grower) {
    const auto& key = grower.richest(at);
    const auto account = Grower::account(at, key.address);
    if (account.balance < 2 || !at.state().accounts.contains(key.address)) return std::nullopt;
    auto draft = plain(at, grower);
    for (std::uint64_t i = 0; i < 2; ++i)
        draft.with(key.transfer(at, account.nonce + i, key.address, 1));
    const auto right = draft.mine();
    auto body = draft.transactions();
    body.push_back(body.back());
    return BadBlock{model::encode(draft.header, body), right};
}
Made one_transaction_less(const model::Chain& at, Grower& grower) {
    auto draft = paying(at, grower);
    if (!draft) return std::nullopt;
    const auto right = draft->mine();
    return BadBlock{model::encode(draft->header, {model::encode(draft->reward)}), right};
}

// Transfers, alone.

template <class Change>
Made changed_transfer(const model::Chain& at, Grower& grower, Change change, bool sign_again) {
    const auto& key = grower.richest(at);
    const auto account = Grower::account(at, key.address);
    auto transfer = key.transfer(at, account.nonce, grower.somebody(), 1);
    change(transfer);
    if (sign_again) transfer = key.signed_for(at, transfer);
    auto draft = plain(at, grower);
    draft.transfers.push_back(model::encode(transfer));
    return whole(draft.mine());
}
Made data_too_long(const model::Chain& at, Grower& grower) {
    const auto size = at.spec().max_data + 1;
    return changed_transfer(
        at, grower, [&](auto& transfer) { transfer.data.resize(size); }, true);
}
Made amount_zero(const model::Chain& at, Grower& grower) {
    return changed_transfer(
        at, grower, [](auto& transfer) { transfer.amount = 0; }, true);
}
Made amount_over_cap(const model::Chain& at, Grower& grower) {
    return changed_transfer(
        at, grower, [](auto& transfer) { transfer.amount = model::kCap + 1; }, true);
}
Made fee_over_cap(const model::Chain& at, Grower& grower) {
    return changed_transfer(
        at, grower, [](auto& transfer) { transfer.fee = model::kCap + 1; }, true);
}
Made sum_over_cap(const model::Chain& at, Grower& grower) {
    return changed_transfer(
        at, grower, [](auto& transfer) { transfer.fee = model::kCap; }, true);
}
Made sum_that_wraps(const model::Chain& at, Grower& grower) {
    return changed_transfer(
        at, grower,
        [](auto& transfer) {
            transfer.amount = ~std::uint64_t{0};
            transfer.fee = 2;
        },
        true);
}
Made signature_flipped(const model::Chain& at, Grower& grower) {
    return changed_transfer(
        at, grower, [](auto& transfer) { transfer.signature[40] ^= 1; }, false);
}
Made signed_then_changed(const model::Chain& at, Grower& grower) {
    return changed_transfer(
        at, grower, [](auto& transfer) { transfer.recipient[0] ^= 1; }, false);
}
Made signed_by_another(const model::Chain& at, Grower& grower) {
    const model::Key other{99};
    return changed_transfer(
        at, grower,
        [&](auto& transfer) { transfer.signature = other.signed_for(at, transfer).signature; },
        false);
}
Made signed_for_another_chain(const model::Chain& at, Grower& grower) {
    const auto& key = grower.richest(at);
    const model::Chain elsewhere{*model::built_in("dev")};
    return changed_transfer(
        at, grower,
        [&](auto& transfer) { transfer.signature = key.signed_for(elsewhere, transfer).signature; },
        false);
}
Made sender_off_the_curve(const model::Chain& at, Grower& grower) {
    return changed_transfer(
        at, grower, [](auto& transfer) { transfer.sender.fill(0xff); }, false);
}

// Transfers, against the accounts.

/// A block with that one transfer of a key that has `least` or more.
template <class Choose>
Made spending(const model::Chain& at, Grower& grower, std::uint64_t least, Choose choose) {
    const auto& key = grower.richest(at);
    const auto account = Grower::account(at, key.address);
    if (account.balance < least || !at.state().accounts.contains(key.address)) return std::nullopt;
    auto draft = plain(at, grower);
    if (!choose(draft, key, account)) return std::nullopt;
    return whole(draft.mine());
}
Made nonce_ahead(const model::Chain& at, Grower& grower) {
    return spending(at, grower, 1, [&](auto& draft, const auto& key, const auto& account) {
        draft.with(key.transfer(at, account.nonce + 1, grower.somebody(), 1));
        return true;
    });
}
Made nonce_behind(const model::Chain& at, Grower& grower) {
    for (std::size_t i = 0; i < Grower::kKeys; ++i) {
        const auto& key = grower.key(i);
        const auto account = Grower::account(at, key.address);
        if (account.nonce == 0 || account.balance == 0) continue;
        auto draft = plain(at, grower);
        draft.with(key.transfer(at, account.nonce - 1, key.address, 1));
        return whole(draft.mine());
    }
    return std::nullopt;
}
Made same_transfer_twice(const model::Chain& at, Grower& grower) {
    return spending(at, grower, 2, [&](auto& draft, const auto& key, const auto& account) {
        const auto transfer = key.transfer(at, account.nonce, key.address, 1);
        draft.with(transfer).with(transfer);
        return true;
    });
}
Made one_unit_too_much(const model::Chain& at, Grower& grower) {
    return spending(at, grower, 1, [&](auto& draft, const auto& key, const auto& account) {
        if (account.balance >= model::kCap) return false;
        draft.with(key.transfer(at, account.nonce, key.address, account.balance + 1));
        return true;
    });
}
Made fee_too_much(const model::Chain& at, Grower& grower) {
    return spending(at, grower, 1, [&](auto& draft, const auto& key, const auto& account) {
        if (account.balance >= model::kCap) return false;
        draft.with(key.transfer(at, account.nonce, key.address, account.balance, 1));
        return true;
    });
}
Made reward_spent_at_once(const model::Chain& at, Grower& grower) {
    return spending(at, grower, 1, [&](auto& draft, const auto& key, const auto& account) {
        if (draft.reward.amount == 0 || account.balance >= model::kCap) return false;
        draft.reward.recipient = key.address;
        draft.with(key.transfer(at, account.nonce, key.address, account.balance + 1));
        return true;
    });
}
Made spent_before_received(const model::Chain& at, Grower& grower) {
    return spending(at, grower, 2, [&](auto& draft, const auto& key, const auto& account) {
        for (std::size_t i = 0; i < Grower::kKeys; ++i) {
            const auto& poor = grower.key(i);
            const auto before = Grower::account(at, poor.address);
            if (poor.address == key.address || before.balance >= account.balance) continue;
            draft.with(poor.transfer(at, before.nonce, key.address, before.balance + 1));
            draft.with(key.transfer(at, account.nonce, poor.address, 1));
            return true;
        }
        return false;
    });
}

// Rewards.

template <class Change>
Made changed_reward(const model::Chain& at, Grower& grower, Change change) {
    auto draft = plain(at, grower);
    if (!change(draft)) return std::nullopt;
    return whole(draft.mine());
}
Made height_above(const model::Chain& at, Grower& grower) {
    return changed_reward(at, grower, [](auto& draft) { return ++draft.reward.height; });
}
Made height_below(const model::Chain& at, Grower& grower) {
    return changed_reward(at, grower, [](auto& draft) { return --draft.reward.height; });
}
Made reward_too_much(const model::Chain& at, Grower& grower) {
    return changed_reward(at, grower, [](auto& draft) { return ++draft.reward.amount; });
}
Made reward_too_little(const model::Chain& at, Grower& grower) {
    return changed_reward(at, grower, [](auto& draft) {
        if (draft.reward.amount == 0) return false;
        --draft.reward.amount;
        return true;
    });
}
Made reward_of_an_earlier_era(const model::Chain& at, Grower& grower) {
    return changed_reward(at, grower, [&](auto& draft) {
        if (draft.reward.amount == at.spec().subsidy) return false;
        draft.reward.amount = at.spec().subsidy;
        return true;
    });
}
Made fees_left_behind(const model::Chain& at, Grower& grower) {
    auto draft = paying(at, grower, 5);
    if (!draft) return std::nullopt;
    draft->reward.amount -= 5;
    return whole(draft->mine());
}
Made fees_of_nobody(const model::Chain& at, Grower& grower) {
    auto draft = paying(at, grower, 5);
    if (!draft) return std::nullopt;
    draft->reward.amount += 5;
    return whole(draft->mine());
}

// Bytes.

Made a_byte_behind(const model::Chain& at, Grower& grower) {
    const auto right = plain(at, grower).mine();
    auto bytes = right;
    bytes.push_back(0);
    return BadBlock{bytes, right};
}
Made extra_of_14(const model::Chain& at, Grower& grower) {
    auto draft = plain(at, grower);
    draft.reward.extra.assign(14, 1);
    return whole(draft.mine());
}
Made extra_of_101(const model::Chain& at, Grower& grower) {
    auto draft = plain(at, grower);
    draft.reward.extra.assign(101, 1);
    return whole(draft.mine());
}
Made count_not_shortest(const model::Chain& at, Grower& grower) {
    const auto right = plain(at, grower).mine();
    auto bytes = right;
    bytes[model::kHeaderSize] = 0xfd;
    bytes.insert(bytes.begin() + model::kHeaderSize + 1, {1, 0});
    return BadBlock{bytes, right};
}

constexpr BadKind kKinds[] = {
    {"a byte behind the block", Rule::malformed, a_byte_behind},
    {"extra of 14 bytes", Rule::malformed, extra_of_14},
    {"extra of 101 bytes", Rule::malformed, extra_of_101},
    {"a count not in its shortest form", Rule::malformed, count_not_shortest},
    {"an unknown parent", Rule::parent_known, without_parent},
    {"bits not in their shortest form", Rule::bits_canonical, bits_not_shortest},
    {"bits of target zero", Rule::bits_canonical, bits_zero},
    {"bits of a negative target", Rule::bits_canonical, bits_negative},
    {"bits over 256 bits", Rule::bits_canonical, bits_over_256},
    {"bits of another target", Rule::bits_required, bits_of_another_target},
    {"no work", Rule::proof_of_work, without_work},
    {"a time before the median", Rule::time_after_median, before_the_median},
    {"a time too far ahead", Rule::time_not_in_future, too_far_ahead},
    {"a block too large", Rule::block_size, too_large},
    {"no transactions", Rule::reward_first, without_transactions},
    {"a transfer before the reward", Rule::reward_first, transfer_first},
    {"a transfer and no reward", Rule::reward_first, transfer_alone},
    {"two rewards", Rule::reward_first, two_rewards},
    {"another root", Rule::merkle_root, wrong_root},
    {"the body of another block", Rule::merkle_root, another_body},
    {"the last transaction twice", Rule::merkle_root, last_transaction_twice},
    {"one transaction less", Rule::merkle_root, one_transaction_less},
    {"data too long", Rule::data_size, data_too_long},
    {"an amount of zero", Rule::amount_positive, amount_zero},
    {"an amount over the cap", Rule::amount_range, amount_over_cap},
    {"a fee over the cap", Rule::amount_range, fee_over_cap},
    {"amount and fee over the cap", Rule::amount_range, sum_over_cap},
    {"amount and fee that wrap", Rule::amount_range, sum_that_wraps},
    {"a flipped bit in a signature", Rule::signature, signature_flipped},
    {"a recipient changed after signing", Rule::signature, signed_then_changed},
    {"another's signature", Rule::signature, signed_by_another},
    {"a signature for another chain", Rule::signature, signed_for_another_chain},
    {"a sender that is no key", Rule::signature, sender_off_the_curve},
    {"a nonce ahead", Rule::nonce, nonce_ahead},
    {"a nonce used before", Rule::nonce, nonce_behind},
    {"a transfer twice", Rule::nonce, same_transfer_twice},
    {"one unit more than the balance", Rule::overdraft, one_unit_too_much},
    {"a fee beyond the balance", Rule::overdraft, fee_too_much},
    {"a reward spent in its own block", Rule::overdraft, reward_spent_at_once},
    {"coins spent before they come", Rule::overdraft, spent_before_received},
    {"a reward of the height above", Rule::reward_height, height_above},
    {"a reward of the height below", Rule::reward_height, height_below},
    {"a reward one unit too high", Rule::reward_amount, reward_too_much},
    {"a reward one unit too low", Rule::reward_amount, reward_too_little},
    {"the subsidy of an earlier era", Rule::reward_amount, reward_of_an_earlier_era},
    {"fees left behind", Rule::reward_amount, fees_left_behind},
    {"fees taken twice", Rule::reward_amount, fees_of_nobody},
};

}  // namespace

bool BadKind::found_in_connecting() const { return number_of(rule) >= 9; }

std::span<const BadKind> bad_kinds() { return kKinds; }

}  // namespace duel
