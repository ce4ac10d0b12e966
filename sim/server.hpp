#pragma once

#include <deque>
#include <functional>
#include <memory>
#include <optional>

#include "ledger/store.hpp"
#include "net/message.hpp"

namespace cairn::sim {

/// What one peer asked of chain and pool, answered frame by frame from snapshots while its queue
/// has room: the transport's part of the protocol.
class Server {
public:
    /// True: the message was a question for here.
    [[nodiscard]] bool takes(const net::Message& message);
    /// The next frame of the oldest answer; null if all is answered.
    [[nodiscard]] SharedBytes next(const std::shared_ptr<const Snapshot>& store);

private:
    struct Items {
        std::vector<net::Item> items;
        std::size_t done = 0;
        std::vector<net::Item> missing;
    };
    struct Inventory {
        Bytes cursor;
    };
    std::deque<std::variant<net::GetHeaders, Items, Inventory>> questions_;
};

}  // namespace cairn::sim
