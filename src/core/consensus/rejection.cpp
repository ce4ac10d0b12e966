#include "core/consensus/rejection.hpp"

#include <array>
#include <utility>

namespace cairn {
namespace {

struct RuleWords {
    std::string_view name;
    std::string_view text;
};

// In the order of the enumeration.
constexpr std::array kWords = {
    RuleWords{"malformed", "the bytes decode as docs/consensus.md says"},
    RuleWords{"parent_known", "the parent header is known"},
    RuleWords{"parent_valid", "no ancestor is invalid"},
    RuleWords{"bits_canonical", "bits re-encode to themselves"},
    RuleWords{"bits_required", "bits are what the chain's mode demands"},
    RuleWords{"proof_of_work", "the hash is at most the target"},
    RuleWords{"time_after_median", "the time is at least the median of the headers before"},
    RuleWords{"time_not_in_future", "the time is not too far in the future"},
    RuleWords{"block_size", "the block is within the size limit"},
    RuleWords{"reward_first", "the first transaction is a reward and no other is"},
    RuleWords{"merkle_root", "the header's Merkle root is that of the transactions"},
    RuleWords{"data_size", "data is within the size limit"},
    RuleWords{"amount_positive", "the amount is more than zero"},
    RuleWords{"amount_range", "amount, fee and their sum are within the cap"},
    RuleWords{"signature", "the signature is the sender's for this chain"},
    RuleWords{"nonce", "the nonce is the account's"},
    RuleWords{"overdraft", "the balance covers amount and fee"},
    RuleWords{"reward_height", "the reward names the height of its block"},
    RuleWords{"reward_amount", "the reward is the subsidy plus all fees, exactly"},
    RuleWords{"already_known", "the transfer is new"},
    RuleWords{"nonce_used", "the nonce is not used up"},
    RuleWords{"nonce_distant", "the nonce is near the account's next"},
    RuleWords{"pool_balance", "the balance covers all pending transfers of the sender"},
    RuleWords{"replacement_fee",
              "a replacement pays at least 10 % and one unit more, at no lower rate"},
    RuleWords{"fee_floor", "the fee rate is at least the floor"},
    RuleWords{"pool_full", "there is room in the pool"},
    RuleWords{"reorg_depth", "a switch goes no deeper than the operator allows"},
    RuleWords{"sender_full", "a sender has no more than its share of transfers waiting"},
};
static_assert(kWords.size() == static_cast<std::size_t>(Rule::sender_full) + 1);

}  // namespace

std::string_view rule_name(Rule rule) { return kWords[static_cast<std::size_t>(rule)].name; }
std::string_view rule_text(Rule rule) { return kWords[static_cast<std::size_t>(rule)].text; }

std::string Rejection::to_string() const {
    std::string text{rule_name(rule)};
    text += ": expected ";
    text += expected;
    text += ", found ";
    text += found;
    return text;
}

}  // namespace cairn
