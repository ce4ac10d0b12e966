#pragma once

#include <map>
#include <optional>
#include <string>

#include "core/consensus/chain_spec.hpp"
#include "core/consensus/checked.hpp"
#include "core/consensus/connect.hpp"

namespace cairn::sim {

/// Rules 9 and 10 once more, as plain as can be: the accounts after each block that was ever found,
/// so that what a node ends up with is held against something that is not the node.
class Book {
public:
    explicit Book(const ChainParams& params);

    /// What is wrong with a block on top of one that stands here; nothing if it is right, and then
    /// it stands here too. A block whose parent does not stand here is left out.
    std::optional<std::string> add(const CheckedBlock& block);
    [[nodiscard]] bool has(const BlockHash& block) const { return pages_.contains(block); }
    /// As `testing::state_digest` makes it of a store.
    [[nodiscard]] const Hash256& digest(const BlockHash& block) const {
        return pages_.at(block).digest;
    }
    [[nodiscard]] Height height(const BlockHash& block) const { return pages_.at(block).height; }
    [[nodiscard]] std::size_t size() const { return pages_.size(); }

private:
    struct Page {
        Height height = 0;
        std::map<Address, Account> accounts;
        std::uint64_t issued = 0;  // base units
        Hash256 digest;
    };
    Account& open(const Address& who, Page& page) const;
    /// Digests the page and sums it up: what is wrong, if anything.
    static std::optional<std::string> seal(Page& page);

    const ChainParams& params_;
    std::map<BlockHash, Page> pages_;
};

}  // namespace cairn::sim
