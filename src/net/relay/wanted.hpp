#pragma once

#include <map>
#include <optional>
#include <set>
#include <vector>

#include "net/actions.hpp"

namespace cairn::net {

/// Transfers that peers announced and that are not here: who has each, and who was asked for it.
/// A book only; asking is the relay's. Its size is bounded by what each peer may announce.
class Wanted {
public:
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
    struct Item {
        std::vector<PeerId> announcers;  // the first is the one asked
        std::uint64_t order = 0;         // of the first announcement
        std::optional<Tick> until;       // one who was asked may answer, or a check may end
        bool checking = false;
    };
    using Items = std::map<Txid, Item>;
    using Due = std::pair<Tick, std::uint64_t>;  // until, order

    void set_due(Items::value_type& item, std::optional<Tick> until);
    void erase(Items::iterator item);
    [[nodiscard]] std::vector<Next> in_order(std::vector<Next> all) const;

    Items items_;
    std::map<PeerId, std::set<Txid>> by_peer_;
    std::map<Due, Txid> due_;
    std::uint64_t next_order_ = 0;
};

}  // namespace cairn::net
