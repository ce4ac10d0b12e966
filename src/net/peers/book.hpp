#pragma once

#include <map>
#include <vector>

#include "ledger/staged.hpp"
#include "net/peers/book_rows.hpp"
#include "net/random.hpp"

namespace cairn::net {

/// What is kept of other nodes over a restart of the process: those that the operator registered,
/// those that were learnt, bans, and the silence after /restart. Stages rows, never writes.
class Book {
public:
    /// Takes up what the store holds, without bans that are over. How many rows did not decode;
    /// these, and what is beyond a bound, are staged to go.
    std::size_t load(Staged& rows, Now now);

    /// In the order in which they were registered.
    [[nodiscard]] const std::vector<RegisteredNode>& registered() const { return registered_; }
    [[nodiscard]] const RegisteredNode* find(const NodeAddress& address) const;
    [[nodiscard]] bool is_registered(const NodeAddress& address) const { return find(address); }
    [[nodiscard]] bool is_registered(const NodeKey& key) const;
    [[nodiscard]] bool full() const;
    void add(const NodeAddress& address, UnixSeconds now, Staged& rows);
    bool remove(const NodeAddress& address, Staged& rows);
    void pin(const NodeAddress& address, const NodeKey& key, Staged& rows);

    [[nodiscard]] const std::map<NodeAddress, LearntNode>& learnt() const { return learnt_; }
    /// Makes room by forgetting the one seen longest ago of a few drawn at random. The time a node
    /// was seen is written at most once an hour.
    void learn(const LearntNode& node, Random& random, Staged& rows);
    void forget(const NodeAddress& address, Staged& rows);

    /// For how long one is still banned; 0: not at all. A ban is over when either clock says so:
    /// the wall clock, which a restart of the process does not stop, or, so that a wall clock that
    /// is set back keeps nobody out, `limits::kBanSeconds` of steady time.
    [[nodiscard]] UnixSeconds banned_for(const NodeKey& key, Now now) const;
    [[nodiscard]] UnixSeconds banned_for(const IpBytes& ip, Now now) const;
    /// When there are too many, the one that is over first goes.
    void ban(const NodeKey& key, UnixSeconds seconds, Now now, Staged& rows);
    void ban(const IpBytes& ip, UnixSeconds seconds, Now now, Staged& rows);
    void lift(const NodeKey& key, Staged& rows);
    void lift_expired(Now now, Staged& rows);

    [[nodiscard]] bool silent() const { return silent_; }
    void set_silent(bool silent, Staged& rows);

private:
    struct Ban {
        UnixSeconds until = 0;  // of the wall clock, as stored
        Tick over = 0;          // of the steady clock
        [[nodiscard]] UnixSeconds left(Now now) const;
    };

    [[nodiscard]] static Ban ban_until(UnixSeconds until, Now now);
    [[nodiscard]] static bool shorten(BookEntry& entry, Now now);
    static void put(const BookEntry& entry, Staged& rows);
    static void erase(const BookEntry& entry, Staged& rows);
    bool take(BookEntry entry, Now now);

    std::vector<RegisteredNode> registered_;
    std::map<NodeAddress, LearntNode> learnt_;
    std::map<NodeKey, Ban> key_bans_;
    std::map<IpBytes, Ban> ip_bans_;
    bool silent_ = false;
};

}  // namespace cairn::net
