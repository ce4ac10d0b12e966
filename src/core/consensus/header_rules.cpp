#include "core/consensus/header_rules.hpp"

#include <algorithm>
#include <array>

#include "core/base/ensure.hpp"
#include "core/consensus/asert.hpp"

namespace cairn {
namespace {

std::string bits_text(CompactBits bits) {
    std::string text(8, '0');
    for (std::size_t i = 0; i < 8; ++i)
        text[i] = "0123456789abcdef"[(bits.value >> (28 - 4 * i)) & 15];
    return text;
}

}  // namespace

UnixSeconds median_time(std::span<const UnixSeconds> previous_times) {
    ENSURE(!previous_times.empty() && previous_times.size() <= kMedianSpan);
    std::array<UnixSeconds, kMedianSpan> sorted{};
    std::copy(previous_times.begin(), previous_times.end(), sorted.begin());
    const auto end = sorted.begin() + static_cast<std::ptrdiff_t>(previous_times.size());
    std::sort(sorted.begin(), end);
    return sorted[previous_times.size() / 2];
}

CompactBits required_bits(const ChainParams& params, Height parent_height, UnixSeconds parent_time,
                          UnixSeconds anchor_time) {
    const ChainSpec& spec = params.spec();
    if (spec.mode == DifficultyMode::fixed || parent_height < 2) return spec.bits;
    const std::int64_t reference = std::int64_t{anchor_time} - spec.spacing;
    return asert_bits(params.limit(), std::int64_t{parent_time} - reference, parent_height - 1,
                      AsertParams{spec.spacing, spec.half_life, params.limit()});
}

Result<void, Rejection> check_work(const HashedHeader& header) {
    const auto target = expand(header.header.bits);
    if (!target)
        return fail(
            Rejection{Rule::bits_canonical, "canonical bits", bits_text(header.header.bits)});
    if (!meets(header.hash, *target))
        return fail(Rejection{Rule::proof_of_work,
                              "a hash at most the target of bits " + bits_text(header.header.bits),
                              header.hash.to_string()});
    return {};
}

Result<void, Rejection> accept_header(const HashedHeader& header, const HeaderContext& context) {
    if (!expand(header.header.bits)) return check_work(header);
    if (header.header.bits != context.required_bits)
        return fail(Rejection{Rule::bits_required, bits_text(context.required_bits),
                              bits_text(header.header.bits)});
    if (auto work = check_work(header); !work) return work;
    if (header.header.time < context.median_time)
        return fail(Rejection{Rule::time_after_median,
                              "at least " + std::to_string(context.median_time),
                              std::to_string(header.header.time)});
    return {};
}

Result<void, Rejection> check_not_early(const BlockHeader& header, UnixSeconds now,
                                        const ChainParams& params) {
    const std::uint64_t limit = params.spec().future_limit;
    if (limit == 0 || header.time <= std::uint64_t{now} + limit) return {};
    return fail(Rejection{Rule::time_not_in_future,
                          "at most " + std::to_string(std::uint64_t{now} + limit),
                          std::to_string(header.time)});
}

}  // namespace cairn
