#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "model/ledger.hpp"
#include "node/node.hpp"
#include "storage/memory_store.hpp"

namespace duel {

/// The same rules in the words of the node.
[[nodiscard]] cairn::ChainSpec spec_of(const model::Spec& spec);
/// The number under which docs/consensus.md has a rule; 0 for bytes that do not decode.
[[nodiscard]] int number_of(cairn::Rule rule);
[[nodiscard]] cairn::BlockHash hash_of(const model::Bytes32& hash);

/// The node under test, on the store in memory: blocks go in as bytes, as from a peer.
class Contender {
public:
    /// The wall clock of all calls.
    static constexpr cairn::UnixSeconds kNow = 1'500'000'000;

    Contender(const model::Spec& spec, cairn::NodeOptions options);

    /// Checks the block, offers it, and commits until nothing is left to do. The rule it broke, if
    /// any; the header of a body that broke one is condemned.
    std::optional<cairn::Rule> offer(const model::Bytes& block);
    /// The same without the commit: the group's is to follow.
    std::optional<cairn::Rule> offer_in_group(const model::Bytes& block);
    void commit();
    /// A new node on the store as it was committed.
    void reopen();

    [[nodiscard]] cairn::Node& node() { return *node_; }
    [[nodiscard]] const cairn::Staged& rows() const { return node_->rows(); }
    [[nodiscard]] const cairn::Tip& tip() const { return node_->ledger().tip(); }
    [[nodiscard]] std::optional<cairn::HeaderRecord> header(const model::Bytes32& hash) const;
    [[nodiscard]] const cairn::ChainParams& params() const { return *params_; }
    /// Commits after which there was more to do: switches longer than a slice.
    [[nodiscard]] std::uint64_t slices() const { return slices_; }
    /// What the last commit gave miners; null while mining is off or nothing changed.
    [[nodiscard]] const cairn::TemplatePtr& work() const { return work_; }

private:
    std::shared_ptr<const cairn::ChainParams> params_;
    cairn::NodeOptions options_;
    cairn::MemoryStore store_;
    std::unique_ptr<cairn::Node> node_;
    std::uint64_t slices_ = 0;
    cairn::TemplatePtr work_;
};

/// Holds all that a store says of the best chain against a replay of it from genesis: every row of
/// accounts, transactions, history and best, the tip, what was issued, which undo records there
/// are, and that the balances sum up to what was issued. `blocks` begins with genesis. The first
/// difference, or an empty text.
[[nodiscard]] std::string difference(const cairn::Staged& rows, const model::Spec& spec,
                                     const std::vector<model::Bytes>& blocks);

}  // namespace duel
