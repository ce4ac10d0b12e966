#pragma once

#include <deque>
#include <memory>
#include <string>
#include <vector>

#include "ledger/ledger.hpp"
#include "ledger/pool.hpp"
#include "ledger/pool_keys.hpp"
#include "miner/template.hpp"
#include "net/peers.hpp"
#include "node/view.hpp"

namespace cairn {

struct NodeOptions {
    PoolLimits pool;
    Ledger::Limits ledger;
    net::PeersOptions peers;
    /// Of the first view: who opens a node anew after a failed commit goes on counting.
    std::uint64_t first_generation = 1;
};

/// What a commit made public.
struct Committed {
    ViewPtr view;
    /// Blocks that left and joined since the commit before. After `restart` only the old tip is
    /// told as leaving: the way down to genesis may be longer than memory, and its rows are gone.
    TipChange change;
    Pool::Settled settled;  // what that did to the pool
    std::vector<TransferPtr> admitted;
    TemplatePtr work;      // new work for miners, if somebody mines and it changed
    net::Actions actions;  // to be carried out now that all is durable; no `Offer`
};

/// What became of a block that was handed in.
struct Submitted {
    BlockHash hash;
    bool fresh = false;  // it was not known before
};

/// The one owner of the chain: a deterministic machine of ledger, pool and peers, without thread,
/// socket, clock or file. Calls stage changes; `commit` writes all of them as one durable batch.
/// Whoever drives it (the node's thread, the simulation) publishes the view, answers and relays
/// only after that.
///
/// After a failed commit the object is spent: open a new one on the same store. That is the only
/// recovery there is. Source: docs/architecture.md, One owner.
class Node {
public:
    /// Opens what the store holds, or begins the chain in an empty one (a durable write).
    static Result<std::unique_ptr<Node>, OpenError> open(std::shared_ptr<const ChainParams> chain,
                                                         Store& store, NodeOptions options,
                                                         Now now);

    [[nodiscard]] Result<Admitted, Rejection> submit(TransferPtr transfer, Now now);
    /// Keeps the block and moves towards the branch of most work. Errors: the header's rules, and
    /// those that connecting it broke.
    [[nodiscard]] Result<Submitted, Rejection> submit(const BlockPtr& block, Now now);
    /// A body that broke a rule alone: its header and all that follows are invalid from now on.
    void condemn(const HashedHeader& header, Rule rule, Now now);

    /// The account as a transfer would find it at the tip: opened if it never was.
    [[nodiscard]] Account account(const Address& address) const;
    [[nodiscard]] std::uint64_t next_nonce(const Address& address) const;
    [[nodiscard]] std::optional<Txid> idempotency(const Hash256& key, Now now) const;
    void remember_idempotency(const Hash256& key, const Txid& id, Now now);

    /// Back to genesis: chain and pool; peers fall silent. The backup of what was there comes
    /// first; its name, or nothing of an empty chain. What is staged is written before it.
    [[nodiscard]] Result<std::string, StoreError> restart(Now now);

    /// What the transport tells of connections and what comes over them. Unknown peers are ignored:
    /// a node opened anew knows none of those that were there before.
    void on_open(net::PeerId peer, const net::Hello& hello, Now now);
    void on_dial_failed(const net::NodeAddress& to, const std::string& why, Now now,
                        net::DialFault fault = net::DialFault::unreachable);
    /// The connection is gone, whoever ended it; `ban`: for a fault of the other side's (garbage).
    void on_close(net::PeerId peer, const std::string& why, Now now, bool ban = false);
    void on_message(net::PeerId peer, const net::Message& message, Now now);
    /// Submits a body that passed its check, condemns the header of one that did not, and tells the
    /// peers' machine what came of it.
    void on_checked(const net::Checked& checked, Now now);

    /// Ends in one `Registered`, see `net::Peers`.
    void register_nodes(net::Ticket ticket, const std::vector<std::string>& texts, Tick deadline,
                        Now now);
    /// False: no such node is registered.
    [[nodiscard]] bool remove_node(const net::NodeAddress& address, Now now);
    /// Ends in one `Resolved`.
    void resolve(net::Ticket ticket, Tick deadline, Now now);
    [[nodiscard]] std::vector<net::NodeState> nodes(Now now) const { return peers_->nodes(now); }
    [[nodiscard]] std::vector<net::NodeAddress> registered() const { return peers_->registered(); }
    [[nodiscard]] std::size_t peers_connected() const { return peers_->connected(); }
    [[nodiscard]] bool syncing() const { return peers_->syncing(); }

    /// Expiry of pool entries, dials, time-outs of peers; several times a second. `heard_until`:
    /// all that peers said before this moment (steady time) has been handed in.
    void on_tick(Now now, Tick heard_until);
    void on_tick(Now now) { on_tick(now, now.steady); }
    /// Whether commits shall make templates.
    void set_mining(bool on);
    /// A switch of branches, or headers that were offered, are longer than a slice: to be gone on
    /// with by `step`, a slice at a time.
    [[nodiscard]] bool has_more() const {
        return more_ || pool_->has_more() || !offers_.empty() || peers_->has_more();
    }
    void step(Now now);

    /// Writes what is staged, if anything, and tells what became public. Durable on return.
    [[nodiscard]] Result<Committed, StoreError> commit(Now now);

    /// Transactions of the largest block that was undone or connected since this was last asked.
    [[nodiscard]] std::uint32_t take_largest_moved() { return ledger_->take_largest_moved(); }
    [[nodiscard]] const Ledger& ledger() const { return *ledger_; }
    [[nodiscard]] const Pool& pool() const { return *pool_; }
    [[nodiscard]] const Staged& rows() const { return *staged_; }
    /// Rows of the pool that did not decode when the store was opened.
    [[nodiscard]] std::size_t bad_pool_rows() const { return bad_pool_rows_; }
    /// The same of the peers' table.
    [[nodiscard]] std::size_t bad_peer_rows() const { return bad_peer_rows_; }

private:
    Node(std::shared_ptr<const ChainParams> chain, Store& store, NodeOptions options)
        : chain_{std::move(chain)},
          store_{&store},
          options_{std::move(options)},
          generation_{options_.first_generation} {}

    Result<void, OpenError> load(Now now);
    void advance(Now now);
    [[nodiscard]] net::Chain chain_of_peers() {
        return {*ledger_, *pool_, *staged_, more_ || pool_->has_more(), unheard_};
    }
    /// Carries out offers; all else waits for the commit.
    void take(net::Actions actions, Now now);
    void go_on_with_offers(Now now);
    void go_on_with_peers(Now now);
    /// One durable batch of what is staged, if anything; true if there was.
    [[nodiscard]] Result<bool, StoreError> write_staged();
    void refresh_view(bool changed, Now now);
    [[nodiscard]] TemplatePtr make_template();
    /// Gives `work` what of `wanted` connects; what does not leaves the pool.
    void fill_near_cap(Template& work, std::vector<TransferPtr> wanted,
                       const ConnectContext& context);
    /// Goes on with what the pool has left to do.
    void advance_pool(Now now);
    void note(Pool::Settled settled);
    [[nodiscard]] BlockReader block_reader();
    [[nodiscard]] AccountReader account_reader() const;

    std::shared_ptr<const ChainParams> chain_;
    Store* store_;
    NodeOptions options_;
    std::unique_ptr<Staged> staged_;
    std::optional<Ledger> ledger_;
    std::optional<Pool> pool_;
    IdempotencyKeys keys_;
    std::optional<net::Peers> peers_;
    std::uint64_t generation_ = 1;
    ViewPtr view_;
    struct Offered {
        net::Offer offer;
        std::size_t done = 0;  // headers of it
    };

    Committed pending_;
    std::deque<Offered> offers_;
    bool offers_last_ = false;  // had the last step
    bool more_ = false;         // of a switch
    bool mining_ = false;
    bool template_due_ = false;
    BlockHash template_tip_;
    Tick next_template_ = 0;
    Tick next_expiry_ = 0;
    Tick ticked_ = 0;
    Tick heard_until_ = 0;  // all that peers said before this
    Tick unheard_ = 0;      // time in which they were not heard
    std::size_t bad_pool_rows_ = 0;
    std::size_t bad_peer_rows_ = 0;
};

}  // namespace cairn
