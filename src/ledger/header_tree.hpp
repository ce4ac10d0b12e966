#pragma once

#include <unordered_map>

#include "core/base/result.hpp"
#include "core/consensus/header_rules.hpp"
#include "ledger/tables.hpp"

namespace cairn {

/// All known headers, on every branch: reads through a bounded cache, writes through to what is
/// staged. The cache may hold what was staged and not yet written; after a failed write it is made
/// anew.
class HeaderTree {
public:
    static constexpr std::size_t kCacheMax = 16'384;  // records, about 3 MiB

    [[nodiscard]] std::optional<HeaderRecord> find(const Staged& rows, const BlockHash& hash);
    /// The record of a header that must be there; where it is not, the store is damaged, and `rows`
    /// has a fault from then on.
    [[nodiscard]] std::optional<HeaderRecord> require(const Staged& rows, const BlockHash& hash);
    void put(Staged& rows, const BlockHash& hash, const HeaderRecord& record);
    /// Only of a header that nothing stands on.
    void erase(Staged& rows, const BlockHash& hash, const BlockHash& parent);

    /// What the branch that ends in `parent` demands of the next header.
    [[nodiscard]] HeaderContext context_after(const Staged& rows, const ChainParams& params,
                                              const HeaderRecord& parent);

    struct Added {
        HeaderRecord record;
        bool fresh = false;  // not known before, so nothing can build on it yet
    };
    /// Rules 1 to 5; on success the header and its place among its parent's children are staged.
    /// A header known already is a success, or `parent_valid` if it is known to be invalid.
    [[nodiscard]] Result<Added, Rejection> add(Staged& rows, const ChainParams& params,
                                               const HashedHeader& header, UnixSeconds now);

private:
    std::unordered_map<BlockHash, HeaderRecord> cache_;
};

/// The record of a chain's genesis block.
[[nodiscard]] HeaderRecord genesis_record(const ChainParams& params);

}  // namespace cairn
