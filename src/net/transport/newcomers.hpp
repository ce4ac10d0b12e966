#pragma once

#include <map>
#include <optional>

#include "core/base/bytes.hpp"
#include "net/actions.hpp"
#include "net/limits.hpp"

namespace cairn::net::transport {

/// Connections from outside that do not count yet (not upgraded, not shaken hands, not judged by
/// the node) or no more (their end is on its way). They are bounded by their source and in all; who
/// comes last finds room, so that nobody is kept out by those that stay in the door.
class Newcomers {
public:
    void add(PeerId peer, Bytes source) { all_[peer] = {std::move(source), false}; }
    /// It is about to end; also of one that did not stand here any more.
    void note_ending(PeerId peer, Bytes source) { all_[peer] = {std::move(source), true}; }
    void remove(PeerId peer) { all_.erase(peer); }
    [[nodiscard]] std::size_t size() const { return all_.size(); }

    /// Who has to go before one more of `source` comes: of its own source if that has its part
    /// already, else, if there is no room at all, of the source that has the most. One that is
    /// about to end goes first, then the oldest.
    [[nodiscard]] std::optional<PeerId> in_the_way_of(const Bytes& source) const;

private:
    struct Newcomer {
        Bytes source;
        bool ending = false;
    };
    [[nodiscard]] std::optional<PeerId> first_of(const Bytes& source) const;

    std::map<PeerId, Newcomer> all_;  // the oldest first
};

}  // namespace cairn::net::transport
