#include "model/spec.hpp"

#include <set>

#include "model/block.hpp"
#include "model/crypto.hpp"
#include "model/work.hpp"

namespace model {

namespace {

constexpr std::uint32_t kMaxBlockMost = 32U << 20;

Spec fixed_chain() {
    Spec spec;
    spec.name = "cairn-main";
    spec.prefix = "crn";
    spec.genesis_time = 1'790'000'000;
    spec.bits = 0x1e0fffff;
    spec.subsidy = 50 * kCoin;
    spec.halving_interval = 210'000;
    spec.max_block = 4U << 20;
    spec.max_data = 1024;
    spec.future_limit = 7200;
    return spec;
}

}  // namespace

std::optional<Spec> built_in(std::string_view name) {
    Spec spec = fixed_chain();
    if (name == "main") return spec;
    if (name == "steady") {
        spec.name = "cairn-steady";
        spec.prefix = "crns";
        spec.asert = true;
        spec.spacing = 15;
        spec.half_life = 3600;
        spec.subsidy = kCoin / 4 * 5;
        spec.halving_interval = 8'400'000;
        return spec;
    }
    if (name == "dev") {
        spec.name = "cairn-dev";
        spec.prefix = "crnd";
        spec.bits = 0x207fffff;
        spec.opening = 100 * kCoin;
        spec.future_limit = 0;
        spec.names = true;
        return spec;
    }
    return std::nullopt;
}

Bytes canonical(const Spec& spec) {
    Writer out;
    out.u8(1).text(spec.name).text(spec.prefix).u32(spec.genesis_time).u8(spec.asert ? 1 : 0);
    out.u32(spec.bits).u32(spec.spacing).u32(spec.half_life).u64(spec.subsidy);
    out.u64(spec.halving_interval).u32(spec.max_block).u32(spec.max_data).u64(spec.opening);
    out.u32(spec.future_limit).u8(spec.names ? 1 : 0).varint(spec.allocations.size());
    for (const auto& allocation : spec.allocations) {
        out.raw(allocation.recipient).u64(allocation.amount);
    }
    return out.done();
}

std::optional<Spec> decode_spec(View bytes) {
    Reader in{bytes};
    if (in.u8() != 1) in.fail();
    Spec spec;
    const Bytes name = in.bytes();
    const Bytes prefix = in.bytes();
    spec.name.assign(name.begin(), name.end());
    spec.prefix.assign(prefix.begin(), prefix.end());
    spec.genesis_time = in.u32();
    const auto mode = in.u8();
    spec.asert = mode == 1;
    spec.bits = in.u32();
    spec.spacing = in.u32();
    spec.half_life = in.u32();
    spec.subsidy = in.u64();
    spec.halving_interval = in.u64();
    spec.max_block = in.u32();
    spec.max_data = in.u32();
    spec.opening = in.u64();
    spec.future_limit = in.u32();
    const auto names = in.u8();
    spec.names = names == 1;
    if (mode > 1 || names > 1) in.fail();
    const auto count = in.varint();
    for (std::uint64_t i = 0; i < count && in.good(); ++i) {
        const auto recipient = in.array<32>();
        spec.allocations.push_back({recipient, in.u64()});
    }
    if (!in.at_end()) return std::nullopt;
    return spec;
}

std::string unworkable_field(const Spec& spec) {
    if (spec.prefix.empty() || spec.prefix.size() > 31) return "prefix";
    for (const char c : spec.prefix) {
        if (c < 33 || c > 126 || (c >= 'A' && c <= 'Z')) return "prefix";
    }
    if (!target_of(spec.bits)) return "bits";
    if (spec.asert != (spec.spacing != 0)) return "spacing";
    if (spec.asert != (spec.half_life != 0)) return "half_life";
    if (spec.halving_interval == 0) return "halving_interval";
    if (spec.max_block > kMaxBlockMost) return "max_block";
    Wide issued = 0;
    std::set<Bytes32> recipients;
    for (const auto& [recipient, amount] : spec.allocations) {
        if (!recipients.insert(recipient).second) return "allocations";
        issued += std::min<Wide>(spec.opening, kCap - issued);
        issued += amount;
        if (issued > kCap) return "allocations";
    }
    if (genesis_block(spec).size() > spec.max_block) return "max_block";
    return "";
}

Bytes genesis_block(const Spec& spec) {
    const auto commitment = double_sha256(canonical(spec));
    std::vector<Bytes> transactions;
    transactions.push_back(
        encode(Reward{1, Bytes32{}, 0, Bytes{commitment.begin(), commitment.end()}}));
    for (const auto& [recipient, amount] : spec.allocations) {
        transactions.push_back(encode(Reward{1, recipient, amount, {}}));
    }
    std::vector<Bytes32> ids;
    for (const auto& transaction : transactions) ids.push_back(double_sha256(transaction));
    const Header header{1, Bytes32{}, merkle_root(ids), spec.genesis_time, spec.bits, 0};
    Writer out;
    out.raw(encode(header)).varint(transactions.size());
    for (const auto& transaction : transactions) out.raw(transaction);
    return out.done();
}

Bytes32 genesis_hash(const Spec& spec) {
    return double_sha256(View{genesis_block(spec)}.first(kHeaderSize));
}

}  // namespace model
