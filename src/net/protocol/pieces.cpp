#include "net/protocol/pieces.hpp"

#include <algorithm>
#include <utility>

#include "net/limits.hpp"

namespace cairn::net {

std::vector<Message> in_pieces(Message message) {
    std::vector<Message> pieces;
    auto* const inv = std::get_if<Inv>(&message);
    if (inv == nullptr || inv->items.size() <= kInvPiece) {
        pieces.push_back(std::move(message));
        return pieces;
    }
    const bool goes_on = inv->goes_on || inv->items.size() >= limits::kInvItems;
    for (auto from = inv->items.begin(); from != inv->items.end();) {
        const auto count = std::min<std::ptrdiff_t>(inv->items.end() - from, kInvPiece);
        const auto to = from + count;
        pieces.push_back(Inv{{from, to}, goes_on || to != inv->items.end()});
        from = to;
    }
    return pieces;
}

}  // namespace cairn::net
