#include "net/transport/newcomers.hpp"

#include <gtest/gtest.h>

namespace cairn::net::transport {
namespace {

const Bytes kHere{1}, kThere{2};

TEST(Newcomers, OfASourceTheOldestMakesRoomForTheNext) {
    Newcomers all;
    for (PeerId id = 1; id <= limits::kHalfOpenOfSource; ++id) {
        EXPECT_FALSE(all.in_the_way_of(kHere));
        all.add(id, kHere);
    }
    EXPECT_EQ(all.in_the_way_of(kHere), 1u);
    EXPECT_FALSE(all.in_the_way_of(kThere));
    all.remove(1);
    EXPECT_FALSE(all.in_the_way_of(kHere));
}

TEST(Newcomers, WhenAllIsTakenTheLargestSourceMakesRoom) {
    Newcomers all;
    all.add(1, kThere);
    PeerId id = 1;
    for (std::uint8_t source = 10; all.size() < limits::kHalfOpen; ++source)
        for (int i = 0; i < 8 && all.size() < limits::kHalfOpen; ++i) all.add(++id, {source});
    // Not the oldest of all, who is alone.
    EXPECT_EQ(all.in_the_way_of({99}), 2u);
}

TEST(Newcomers, WhoIsAboutToEndGoesFirst) {
    Newcomers all;
    PeerId id = 0;
    for (std::uint8_t source = 10; all.size() < limits::kHalfOpen; ++source)
        for (int i = 0; i < 8 && all.size() < limits::kHalfOpen; ++i) all.add(++id, {source});
    all.note_ending(40, {14});
    EXPECT_EQ(all.in_the_way_of({99}), 40u);
}

}  // namespace
}  // namespace cairn::net::transport
