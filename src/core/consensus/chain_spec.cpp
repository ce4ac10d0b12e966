#include "core/consensus/chain_spec.hpp"

#include <algorithm>
#include <set>

#include "core/consensus/merkle.hpp"
#include "core/primitives/amount.hpp"
#include "core/primitives/block.hpp"
#include "core/primitives/codec.hpp"

namespace cairn {
namespace {

constexpr std::size_t kNameMax = 64;
constexpr std::size_t kPrefixMax = 31;  // 31 + separator + 52 + 6 = 90, bech32m's limit
constexpr std::uint32_t kBlockMax = 32 * 1024 * 1024;

std::optional<SpecError> check_identity(const ChainSpec& spec) {
    const auto printable = [](char c) { return c > ' ' && c < 127; };
    if (spec.name.empty() || spec.name.size() > kNameMax ||
        !std::all_of(spec.name.begin(), spec.name.end(), printable))
        return SpecError{"name", "name must be 1 to 64 printable ASCII characters without spaces"};
    const auto lower = [&](char c) { return printable(c) && !(c >= 'A' && c <= 'Z'); };
    if (spec.prefix.empty() || spec.prefix.size() > kPrefixMax ||
        !std::all_of(spec.prefix.begin(), spec.prefix.end(), lower))
        return SpecError{"prefix",
                         "prefix must be 1 to 31 printable ASCII characters, none upper-case"};
    return std::nullopt;
}

std::optional<SpecError> check_difficulty(const ChainSpec& spec) {
    if (!expand(spec.bits))
        return SpecError{"bits", "bits must be a canonical compact target, such as 1e0fffff"};
    if (spec.mode == DifficultyMode::fixed) {
        if (spec.spacing != 0) return SpecError{"spacing", "spacing must be 0 in mode fixed"};
        if (spec.half_life != 0) return SpecError{"half_life", "half_life must be 0 in mode fixed"};
        return std::nullopt;
    }
    if (spec.mode != DifficultyMode::asert) return SpecError{"mode", "mode must be fixed or asert"};
    if (spec.spacing == 0)
        return SpecError{"spacing", "spacing must be at least 1 second in mode asert"};
    if (spec.half_life == 0)
        return SpecError{"half_life", "half_life must be at least 1 second in mode asert"};
    return std::nullopt;
}

std::optional<SpecError> check_money(const ChainSpec& spec) {
    if (spec.halving_interval == 0)
        return SpecError{"halving_interval", "halving_interval must be at least 1 block"};
    if (!Amount::from_units(spec.subsidy))
        return SpecError{"subsidy", "subsidy must be at most 33554432 coins"};
    if (!Amount::from_units(spec.opening))
        return SpecError{"opening", "opening must be at most 33554432 coins"};
    std::set<Address> recipients;
    std::uint64_t issued = 0;
    for (const auto& allocation : spec.allocations) {
        if (!recipients.insert(allocation.recipient).second)
            return SpecError{"allocations", "allocations must name each recipient once"};
        if (!Amount::from_units(allocation.amount) ||
            !Amount::from_units(issued + spec.opening + allocation.amount))
            return SpecError{"allocations",
                             "allocations and their openings must stay within 33554432 coins"};
        issued += spec.opening + allocation.amount;
    }
    return std::nullopt;
}

std::optional<SpecError> check_sizes(const ChainSpec& spec, std::size_t genesis_size) {
    if (spec.max_block > kBlockMax)
        return SpecError{"max_block", "max_block must be at most 33554432 bytes"};
    if (genesis_size > spec.max_block)
        return SpecError{"max_block", "max_block must hold the genesis block of " +
                                          std::to_string(genesis_size) + " bytes"};
    if (spec.max_data > spec.max_block)
        return SpecError{"max_data", "max_data must be at most max_block"};
    return std::nullopt;
}

Bytes genesis_block(const ChainSpec& spec) {
    const Hash256 commitment = sha256d(encode(spec));
    std::vector<Bytes> rewards;
    rewards.reserve(1 + spec.allocations.size());
    rewards.push_back(
        encode(Reward{1, Address{}, 0, Bytes(commitment.bytes.begin(), commitment.bytes.end())}));
    for (const auto& allocation : spec.allocations)
        rewards.push_back(encode(Reward{1, allocation.recipient, allocation.amount, {}}));
    std::vector<Txid> ids;
    for (const auto& reward : rewards) ids.push_back(txid_of(reward));
    const BlockHeader header{1, BlockHash{}, merkle_root(ids), spec.genesis_time, spec.bits, 0};
    const std::vector<ByteView> views(rewards.begin(), rewards.end());
    return encode_block(header, views);
}

ChainSpec fixed_chain(std::string name, std::string prefix, std::uint32_t bits) {
    ChainSpec spec;
    spec.name = std::move(name);
    spec.prefix = std::move(prefix);
    spec.genesis_time = 1790000000;
    spec.bits = CompactBits{bits};
    spec.subsidy = 50 * Amount::kUnitsPerCoin;
    spec.halving_interval = 210'000;
    spec.max_block = 4 * 1024 * 1024;
    spec.max_data = 1024;
    spec.future_limit = 7200;
    return spec;
}

}  // namespace

Bytes encode(const ChainSpec& spec) {
    Writer writer;
    writer.integer(std::uint8_t{1})
        .bytes(as_bytes(spec.name))
        .bytes(as_bytes(spec.prefix))
        .integer(spec.genesis_time)
        .integer(static_cast<std::uint8_t>(spec.mode))
        .integer(spec.bits.value)
        .integer(spec.spacing)
        .integer(spec.half_life)
        .integer(spec.subsidy)
        .integer(spec.halving_interval)
        .integer(spec.max_block)
        .integer(spec.max_data)
        .integer(spec.opening)
        .integer(spec.future_limit)
        .integer(static_cast<std::uint8_t>(spec.names ? 1 : 0))
        .varint(spec.allocations.size());
    for (const auto& allocation : spec.allocations)
        writer.raw(allocation.recipient.bytes).integer(allocation.amount);
    return writer.take();
}

Result<ChainParams, SpecError> ChainParams::make(ChainSpec spec) {
    for (const auto check : {check_identity, check_difficulty, check_money})
        if (auto error = check(spec)) return fail(std::move(*error));
    Bytes genesis = genesis_block(spec);
    if (auto error = check_sizes(spec, genesis.size())) return fail(std::move(*error));

    ChainParams params;
    params.limit_ = *expand(spec.bits);
    params.genesis_ = hashed(*decode_header(ByteView{genesis}.first(BlockHeader::kSize)));
    params.genesis_bytes_ = std::move(genesis);
    params.spec_ = std::move(spec);
    return params;
}

std::optional<ChainSpec> built_in_chain(std::string_view name) {
    if (name == "main") return fixed_chain("cairn-main", "crn", 0x1e0fffff);
    if (name == "steady") {
        ChainSpec spec = fixed_chain("cairn-steady", "crns", 0x1e0fffff);
        spec.mode = DifficultyMode::asert;
        spec.spacing = 15;
        spec.half_life = 3600;
        spec.subsidy = Amount::kUnitsPerCoin * 5 / 4;
        spec.halving_interval = 8'400'000;
        return spec;
    }
    if (name == "dev") {
        ChainSpec spec = fixed_chain("cairn-dev", "crnd", 0x207fffff);
        spec.opening = 100 * Amount::kUnitsPerCoin;
        spec.future_limit = 0;
        spec.names = true;
        return spec;
    }
    return std::nullopt;
}

}  // namespace cairn
