#include "net/protocol/subprotocol.hpp"

#include <gtest/gtest.h>

#include "net/message.hpp"

namespace cairn::net {
namespace {

TEST(Subprotocol, IsOfferedNewestFirst) { EXPECT_EQ(offered_subprotocols(), "cairn.2, cairn.1"); }

TEST(Subprotocol, TheNewestOfThoseNamedIsSpoken) {
    EXPECT_EQ(newest_in("cairn.1"), 1u);
    EXPECT_EQ(newest_in("cairn.2"), 2u);
    EXPECT_EQ(newest_in("cairn.2, cairn.1"), 2u);
    EXPECT_EQ(newest_in("cairn.1,cairn.2"), 2u);
    EXPECT_EQ(newest_in(" chat ,\tcairn.1 "), 1u);
    EXPECT_EQ(newest_in("cairn.3, cairn.2"), 2u);
    for (const auto* none : {"", "chat", "cairn", "cairn.", "cairn.3", "cairn.10", "Cairn.1", ","})
        EXPECT_FALSE(newest_in(none)) << none;
}

}  // namespace
}  // namespace cairn::net
