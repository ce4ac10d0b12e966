#include "sim/server.hpp"

#include "net/protocol/codec.hpp"
#include "net/serve/serve.hpp"

namespace cairn::sim {
namespace {

SharedBytes shared(Bytes bytes) { return std::make_shared<const Bytes>(std::move(bytes)); }

}  // namespace

bool Server::takes(const net::Message& message) {
    if (const auto* question = std::get_if<net::GetHeaders>(&message)) {
        questions_.emplace_back(*question);
    } else if (const auto* items = std::get_if<net::GetData>(&message)) {
        questions_.emplace_back(Items{items->items, 0, {}});
    } else if (std::holds_alternative<net::Mempool>(message)) {
        questions_.emplace_back(Inventory{});
    } else {
        return false;
    }
    return true;
}

SharedBytes Server::next(const std::shared_ptr<const Snapshot>& store) {
    const Staged rows{store};
    while (!questions_.empty()) {
        if (const auto* question = std::get_if<net::GetHeaders>(&questions_.front())) {
            auto frame = shared(net::encode(net::headers_after(rows, *question)));
            questions_.pop_front();
            return frame;
        }
        if (auto* inventory = std::get_if<Inventory>(&questions_.front())) {
            auto found = net::pool_inventory(rows, inventory->cursor);
            if (inventory->cursor.empty()) questions_.pop_front();
            if (!found.items.empty()) return shared(net::encode(std::move(found)));
            continue;
        }
        auto& wanted = std::get<Items>(questions_.front());
        while (wanted.done < wanted.items.size()) {
            const auto& item = wanted.items[wanted.done++];
            if (auto frame = net::frame_of(rows, item)) return shared(std::move(*frame));
            wanted.missing.push_back(item);
        }
        net::NotFound missing{std::move(wanted.missing)};
        questions_.pop_front();
        if (!missing.items.empty()) return shared(net::encode(std::move(missing)));
    }
    return nullptr;
}

}  // namespace cairn::sim
