#pragma once

#include <map>
#include <optional>
#include <set>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "net/actions.hpp"
#include "net/relay/txid_mark.hpp"

namespace cairn::net {

/// Transfers that peers announced and that are not here: who has each, and who was asked for it.
/// A book only; asking is the relay's. Its size is bounded by what each peer may announce.
class Wanted {
public:
    /// `secret`: of the tables, so that no peer chooses ids that cost time.
    explicit Wanted(std::uint64_t secret = 0) : mark_{secret} {}

    /// Notes that a peer has it. True: nobody has been asked yet.
    [[nodiscard]] bool add(PeerId peer, const Txid& id);
    [[nodiscard]] bool is_announced_by(PeerId peer, const Txid& id) const;
    /// How many of a peer's announcements are open.
    [[nodiscard]] std::size_t count(PeerId peer) const;

    /// The first of its announcers was asked.
    void asked(const Txid& id, Tick now);
    /// The peer sent it. False: it was not to, or another came first.
    [[nodiscard]] bool arrived(PeerId peer, const Txid& id, Tick now);
    /// The peer does not have it; whom to ask next, if it was this one's turn and another is left.
    [[nodiscard]] std::optional<PeerId> gone(PeerId peer, const Txid& id);
    /// It is here, or refused: nobody is asked any more.
    void settle(const Txid& id);

    struct Next {
        PeerId peer;
        Txid id;
    };
    /// All that a peer announced was in vain; what others are to be asked for now, in the order in
    /// which it was announced.
    [[nodiscard]] std::vector<Next> leave(PeerId peer);
    /// The same of questions that got no answer within `limits::kTransferWithin`; `late` are those
    /// who owe them. Looks at `most` of them, those first that waited longest.
    [[nodiscard]] std::vector<Next> overdue(Tick now, std::size_t most, std::set<PeerId>& late);
    [[nodiscard]] bool has_overdue(Tick now) const;
    [[nodiscard]] std::size_t size() const { return items_.size(); }

private:
    using Due = std::map<std::pair<Tick, std::uint64_t>, Txid>;  // until, order
    struct Item {
        std::vector<PeerId> announcers;  // the first is the one asked
        std::uint64_t order = 0;         // of the first announcement
        /// Until when one who was asked may answer, or a check may end.
        std::optional<Due::iterator> due;
        bool checking = false;
    };
    using Items = std::unordered_map<Txid, Item, TxidMark>;
    using Ids = std::unordered_set<Txid, TxidMark>;

    void set_due(Items::value_type& item, std::optional<Tick> until);
    void erase(Items::iterator item);
    /// `peer` does not have it, and it is no longer among the peer's own.
    [[nodiscard]] std::optional<PeerId> without(PeerId peer, const Txid& id);
    [[nodiscard]] std::vector<Next> in_order(std::vector<Next> all) const;

    TxidMark mark_;
    Items items_{0, mark_};
    std::map<PeerId, Ids> by_peer_;
    Due due_;
    std::uint64_t next_order_ = 0;
};

}  // namespace cairn::net
