#pragma once

#include <map>
#include <optional>
#include <vector>

#include "net/actions.hpp"

namespace cairn::net {

/// Transfers that peers have and whose turn in our pool is too far away: by sender and nonce, so
/// that they are asked for again in the order in which the pool takes them. A pool is told in the
/// order of its ids, which is none of nonces. A book only; asking is the relay's.
class Distant {
public:
    static constexpr std::size_t kMost = 400'000;  // 48 bytes each
    static constexpr std::size_t kMostOfSender = 5'000;

    struct Entry {
        std::uint64_t nonce = 0;
        PeerId peer = 0;  // who has it
        Txid id;
    };

    /// False: there is no room for it.
    [[nodiscard]] bool note(const Address& sender, const Entry& entry);
    /// The lowest nonce of a sender.
    [[nodiscard]] std::optional<std::uint64_t> first(const Address& sender) const;
    /// Takes out all of a sender up to and with a nonce, rising.
    [[nodiscard]] std::vector<Entry> take(const Address& sender, std::uint64_t last);
    /// Forgets what a peer has.
    void leave(PeerId peer);
    /// Some senders after one, in their order, to look at all of them by and by; empty at the end.
    [[nodiscard]] std::vector<Address> senders_after(const std::optional<Address>& last,
                                                     std::size_t count) const;
    [[nodiscard]] std::size_t size() const { return size_; }

private:
    std::map<Address, std::vector<Entry>> by_sender_;  // rising nonces
    std::size_t size_ = 0;
};

}  // namespace cairn::net
