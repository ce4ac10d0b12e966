#include "net/protocol/pieces.hpp"

#include <gtest/gtest.h>

#include "net/limits.hpp"

namespace cairn::net {
namespace {

Inv numbered_inv(std::size_t count) {
    Inv inv;
    inv.items.resize(count);
    for (std::size_t i = 0; i < count; ++i) {
        inv.items[i].hash.bytes[0] = static_cast<std::uint8_t>(i >> 8);
        inv.items[i].hash.bytes[1] = static_cast<std::uint8_t>(i);
    }
    return inv;
}

TEST(Pieces, OfALongInventoryAreItInItsOrder) {
    for (const std::size_t count : {std::size_t{0}, kInvPiece, kInvPiece + 1, limits::kInvItems}) {
        const Inv whole = numbered_inv(count);
        std::vector<Item> items;
        const auto pieces = in_pieces(whole);
        for (std::size_t i = 0; i < pieces.size(); ++i) {
            const auto& piece = std::get<Inv>(pieces[i]);
            EXPECT_LE(piece.items.size(), kInvPiece);
            // Only the last of an inventory that is not full ends it.
            const bool last = i + 1 == pieces.size() && count < limits::kInvItems;
            EXPECT_EQ(piece.goes_on, !last) << count;
            items.insert(items.end(), piece.items.begin(), piece.items.end());
        }
        EXPECT_EQ(items, whole.items);
    }
}

TEST(Pieces, OfAnythingElseIsOne) {
    EXPECT_EQ(in_pieces(Ping{7}).size(), 1u);
    EXPECT_EQ(in_pieces(Addr{}).size(), 1u);
}

}  // namespace
}  // namespace cairn::net
