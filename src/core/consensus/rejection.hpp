#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace cairn {

/// Every reason for which a header, block or transfer is refused. One rule, one place, one test.
/// The numbers in comments are those of docs/consensus.md.
enum class Rule : std::uint8_t {
    // structure: the bytes alone
    malformed,
    // header
    parent_known,        // 1
    parent_valid,        // 1
    bits_canonical,      // 2
    bits_required,       // 2
    proof_of_work,       // 3
    time_after_median,   // 4
    time_not_in_future,  // 5, a delay, not a verdict
    // block
    block_size,    // 6
    reward_first,  // 6
    merkle_root,   // 7
    // transfer, alone
    data_size,        // 8
    amount_positive,  // 8
    amount_range,     // 8
    signature,        // 8
    // transfer, against the accounts
    nonce,      // 9
    overdraft,  // 9
    // reward
    reward_height,  // 10
    reward_amount,  // 10
    // the pool's own habits, not consensus
    already_known,
    nonce_used,
    nonce_distant,
    pool_balance,
    replacement_fee,
    fee_floor,
    pool_full,
    reorg_depth,
    sender_full,
};

/// snake_case, as JSON and logs show it.
[[nodiscard]] std::string_view rule_name(Rule rule);
/// What the rule demands, one clause for people: "the sender's balance covers amount and fee".
[[nodiscard]] std::string_view rule_text(Rule rule);

/// A verdict that carries what was expected and what was found.
struct Rejection {
    Rule rule = Rule::malformed;
    std::string expected;
    std::string found;

    /// "overdraft: expected at least 5.1 coins, found 3".
    [[nodiscard]] std::string to_string() const;
};

}  // namespace cairn
