#include "ledger/header_tree.hpp"

#include <array>

#include "core/base/ensure.hpp"

namespace cairn {

std::optional<HeaderRecord> HeaderTree::find(const Staged& rows, const BlockHash& hash) {
    if (const auto cached = cache_.find(hash); cached != cache_.end()) return cached->second;
    auto record = tables::header(rows, hash);
    if (record) {
        if (cache_.size() >= kCacheMax) cache_.clear();
        cache_.emplace(hash, *record);
    }
    return record;
}

std::optional<HeaderRecord> HeaderTree::require(const Staged& rows, const BlockHash& hash) {
    auto record = find(rows, hash);
    if (!record) tables::report_lost(rows, hash);
    return record;
}

void HeaderTree::put(Staged& rows, const BlockHash& hash, const HeaderRecord& record) {
    if (cache_.size() >= kCacheMax) cache_.clear();
    cache_.insert_or_assign(hash, record);
    tables::put_header(rows, hash, record);
}

void HeaderTree::erase(Staged& rows, const BlockHash& hash, const BlockHash& parent) {
    cache_.erase(hash);
    tables::erase_header(rows, hash, parent);
}

HeaderContext HeaderTree::context_after(const Staged& rows, const ChainParams& params,
                                        const HeaderRecord& parent) {
    std::array<UnixSeconds, kMedianSpan> times{};
    std::size_t count = 0;
    std::optional<HeaderRecord> at = parent;
    while (at) {
        times[count++] = at->header.time;
        if (count == kMedianSpan || at->height == 1) break;
        at = require(rows, at->header.previous_hash);
    }
    HeaderContext context;
    context.height = parent.height + 1;
    context.required_bits =
        required_bits(params, parent.height, parent.header.time, parent.anchor_time);
    context.median_time = median_time(std::span{times}.first(count));
    return context;
}

Result<HeaderTree::Added, Rejection> HeaderTree::add(Staged& rows, const ChainParams& params,
                                                     const HashedHeader& header, UnixSeconds now) {
    if (const auto known = find(rows, header.hash)) {
        if (!known->invalid) return Added{*known, false};
        return fail(Rejection{
            Rule::parent_valid, "a block that is not known to be invalid",
            header.hash.to_string() + ", refused for " + std::string{rule_name(known->reason)}});
    }
    const auto parent = find(rows, header.header.previous_hash);
    if (!parent)
        return fail(Rejection{Rule::parent_known, "a known parent",
                              header.header.previous_hash.to_string()});
    if (parent->invalid)
        return fail(Rejection{Rule::parent_valid, "a parent that is not known to be invalid",
                              header.header.previous_hash.to_string() + ", refused for " +
                                  std::string{rule_name(parent->reason)}});
    const HeaderContext context = context_after(rows, params, *parent);
    if (auto accepted = accept_header(header, context); !accepted) return fail(accepted.error());
    if (auto timely = check_not_early(header.header, now, params); !timely)
        return fail(timely.error());

    HeaderRecord record;
    record.header = header.header;
    record.height = context.height;
    record.work = parent->work + work_of(*expand(header.header.bits));
    record.anchor_time = record.height == 2 ? header.header.time : parent->anchor_time;
    put(rows, header.hash, record);
    tables::put_child(rows, header.header.previous_hash, header.hash);
    return Added{record, true};
}

HeaderRecord genesis_record(const ChainParams& params) {
    const auto genesis = decode_block(params.genesis_bytes());
    ENSURE(genesis.has_value());
    HeaderRecord record;
    record.header = params.genesis().header;
    record.height = 1;
    record.work = work_of(params.limit());
    record.anchor_time = record.header.time;
    record.has_body = true;
    record.linked = true;
    record.size = static_cast<std::uint32_t>(params.genesis_bytes().size());
    record.transactions = static_cast<std::uint32_t>(genesis->transactions.size());
    return record;
}

}  // namespace cairn
