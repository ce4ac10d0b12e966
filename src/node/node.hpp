#pragma once

#include <memory>
#include <string>
#include <vector>

#include "ledger/ledger.hpp"
#include "ledger/pool.hpp"
#include "miner/template.hpp"
#include "node/view.hpp"

namespace cairn {

struct NodeOptions {
    PoolLimits pool;
    Ledger::Limits ledger;
    /// Of the first view: who opens a node anew after a failed commit goes on counting.
    std::uint64_t first_generation = 1;
};

/// What a commit made public.
struct Committed {
    ViewPtr view;
    /// Blocks that left and joined since the commit before. After `restart` only the old tip is told as
    /// leaving: the way down to genesis may be longer than memory, and its rows are gone.
    TipChange change;
    Pool::Settled settled;        // what that did to the pool
    std::vector<TransferPtr> admitted;
    TemplatePtr work;             // new work for miners, if somebody mines and it changed
};

/// What became of a block that was handed in.
struct Submitted {
    BlockHash hash;
    bool fresh = false;  // it was not known before
};

/// The one owner of the chain: a deterministic machine of ledger and pool, without thread, socket,
/// clock or file. Calls stage changes; `commit` writes all of them as one durable batch. Whoever drives
/// it (the node's thread, the simulation) publishes the view, answers and relays only after that.
///
/// After a failed commit the object is spent: open a new one on the same store. That is the only
/// recovery there is. Source: docs/architecture.md, One owner.
class Node {
public:
    /// Opens what the store holds, or begins the chain in an empty one (a durable write).
    static Result<std::unique_ptr<Node>, OpenError> open(std::shared_ptr<const ChainParams> chain,
                                                         Store& store, NodeOptions options, Now now);

    [[nodiscard]] Result<Admitted, Rejection> submit(TransferPtr transfer, Now now);
    /// Keeps the block and moves towards the branch of most work. Errors: the header's rules, and those
    /// that connecting it broke.
    [[nodiscard]] Result<Submitted, Rejection> submit(const BlockPtr& block, Now now);
    /// A body that broke a rule alone: its header and all that follows are invalid from now on.
    void condemn(const HashedHeader& header, Rule rule, Now now);

    /// The account as a transfer would find it at the tip: opened if it never was.
    [[nodiscard]] Account account(const Address& address) const;
    [[nodiscard]] std::uint64_t next_nonce(const Address& address) const;
    [[nodiscard]] std::optional<Txid> idempotency(const Hash256& key, Now now) const;
    void remember_idempotency(const Hash256& key, const Txid& id, Now now);

    /// Back to genesis: chain and pool. The backup of what was there comes first; its name, or nothing
    /// of an empty chain. Nothing else may be staged.
    [[nodiscard]] Result<std::string, StoreError> restart();

    /// Expiry of pool entries; every few seconds.
    void on_tick(Now now);
    /// Whether commits shall make templates.
    void set_mining(bool on);
    /// Goes on with a switch of branches that was longer than a slice. True: still more to do.
    [[nodiscard]] bool has_more() const { return more_; }
    void step(Now now);

    /// Writes what is staged, if anything, and tells what became public. Durable on return.
    [[nodiscard]] Result<Committed, StoreError> commit(Now now);

    [[nodiscard]] const Ledger& ledger() const { return *ledger_; }
    [[nodiscard]] const Pool& pool() const { return *pool_; }
    [[nodiscard]] const Staged& rows() const { return *staged_; }
    /// Rows of the pool that did not decode when the store was opened.
    [[nodiscard]] std::size_t bad_pool_rows() const { return bad_pool_rows_; }

private:
    Node(std::shared_ptr<const ChainParams> chain, Store& store, NodeOptions options)
        : chain_{std::move(chain)}, store_{&store}, options_{options}, generation_{options.first_generation} {}

    Result<void, OpenError> load(Now now);
    void advance(Now now);
    [[nodiscard]] TemplatePtr make_template();

    std::shared_ptr<const ChainParams> chain_;
    Store* store_;
    NodeOptions options_;
    std::unique_ptr<Staged> staged_;
    std::optional<Ledger> ledger_;
    std::optional<Pool> pool_;
    std::uint64_t generation_ = 1;
    ViewPtr view_;
    Committed pending_;
    bool more_ = false;
    bool mining_ = false;
    bool template_due_ = false;
    BlockHash template_tip_;
    Tick next_template_ = 0;
    std::size_t bad_pool_rows_ = 0;
};

}  // namespace cairn
