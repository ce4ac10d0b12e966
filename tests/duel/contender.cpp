#include "duel/contender.hpp"

#include <gtest/gtest.h>

namespace duel {

using cairn::Rule;

cairn::ChainSpec spec_of(const model::Spec& spec) {
    cairn::ChainSpec out;
    out.name = spec.name;
    out.prefix = spec.prefix;
    out.genesis_time = spec.genesis_time;
    out.mode = spec.asert ? cairn::DifficultyMode::asert : cairn::DifficultyMode::fixed;
    out.bits = cairn::CompactBits{spec.bits};
    out.spacing = spec.spacing;
    out.half_life = spec.half_life;
    out.subsidy = spec.subsidy;
    out.halving_interval = spec.halving_interval;
    out.max_block = spec.max_block;
    out.max_data = spec.max_data;
    out.opening = spec.opening;
    out.future_limit = spec.future_limit;
    out.names = spec.names;
    for (const auto& [recipient, amount] : spec.allocations)
        out.allocations.push_back({cairn::Address{recipient}, amount});
    return out;
}

int number_of(Rule rule) {
    switch (rule) {
        case Rule::malformed:
            return 0;
        case Rule::parent_known:
        case Rule::parent_valid:
            return 1;
        case Rule::bits_canonical:
        case Rule::bits_required:
            return 2;
        case Rule::proof_of_work:
            return 3;
        case Rule::time_after_median:
            return 4;
        case Rule::time_not_in_future:
            return 5;
        case Rule::block_size:
        case Rule::reward_first:
            return 6;
        case Rule::merkle_root:
            return 7;
        case Rule::data_size:
        case Rule::amount_positive:
        case Rule::amount_range:
        case Rule::signature:
            return 8;
        case Rule::nonce:
        case Rule::overdraft:
            return 9;
        case Rule::reward_height:
        case Rule::reward_amount:
            return 10;
        default:
            return -1;  // the pool's own habits are no rules of blocks
    }
}

cairn::BlockHash hash_of(const model::Bytes32& hash) { return cairn::BlockHash{hash}; }

Contender::Contender(const model::Spec& spec, cairn::NodeOptions options) : options_{options} {
    auto params = cairn::ChainParams::make(spec_of(spec));
    if (!params) throw std::runtime_error{params.error().detail};
    params_ = std::make_shared<const cairn::ChainParams>(std::move(*params));
    reopen();
}

void Contender::reopen() {
    node_.reset();
    auto opened = cairn::Node::open(params_, store_, options_, {0, kNow});
    if (!opened) throw std::runtime_error{opened.error().detail};
    node_ = std::move(*opened);
}

std::optional<Rule> Contender::offer_in_group(const model::Bytes& bytes) {
    auto shared = std::make_shared<const cairn::Bytes>(bytes);
    const auto checked = cairn::check_block(shared, *params_, nullptr);
    if (!checked) {
        const Rule rule = checked.error().rule;
        if (cairn::condemns_header(rule)) {
            const auto header =
                cairn::decode_header(cairn::ByteView{bytes}.first(cairn::BlockHeader::kSize));
            node_->condemn(cairn::hashed(*header), rule, {0, kNow});
        }
        return rule;
    }
    const auto submitted = node_->submit(*checked, {0, kNow});
    if (!submitted) return submitted.error().rule;
    return std::nullopt;
}

std::optional<Rule> Contender::offer(const model::Bytes& bytes) {
    auto verdict = offer_in_group(bytes);
    commit();
    return verdict;
}

void Contender::commit() {
    for (;;) {
        auto committed = node_->commit({0, kNow});
        if (!committed) throw std::runtime_error{committed.error().detail};
        if (committed->work) work_ = committed->work;
        if (!node_->has_more()) return;
        ++slices_;
        node_->step({0, kNow});
    }
}

std::optional<cairn::HeaderRecord> Contender::header(const model::Bytes32& hash) const {
    return cairn::tables::header(rows(), hash_of(hash));
}

}  // namespace duel
