#include "app/mine_on.hpp"

#include <gtest/gtest.h>

namespace cairn {
namespace {

Result<MineOn, std::string> parse(const std::string& text, const std::string& chain = "dev",
                                  bool mine = false) {
    NodeSettings settings;
    settings.mine_on = text;
    settings.mine = mine;
    return parse_mine_on(settings, *built_in_chain(chain));
}

TEST(MineOn, IsOnRequestUnlessTold) {
    for (const char* chain : {"main", "steady", "dev"}) {
        const auto mine_on = parse_mine_on(NodeSettings{}, *built_in_chain(chain));
        ASSERT_TRUE(mine_on) << chain;
        EXPECT_EQ(mine_on->when, MineOn::When::request);
        EXPECT_TRUE(parse("request", chain, true)) << "beside --mine";
    }
}

TEST(MineOn, TransferAndSecondsAreForChainsWithNames) {
    EXPECT_EQ(parse("transfer")->when, MineOn::When::transfer);
    EXPECT_EQ(parse("2.5")->when, MineOn::When::interval);
    EXPECT_EQ(parse("2.5")->interval_ms, 2'500U);
    for (const char* chain : {"main", "steady"})
        for (const char* text : {"transfer", "2.5"}) {
            ASSERT_FALSE(parse(text, chain)) << chain << " " << text;
            EXPECT_NE(parse(text, chain).error().find("--chain dev"), std::string::npos);
        }
}

TEST(MineOn, SecondsAreFromAMillisecondToAMillion) {
    EXPECT_EQ(parse("0.001")->interval_ms, 1U);
    EXPECT_EQ(parse("1000000")->interval_ms, 1'000'000'000U);
    for (const char* text : {"0", "0.0009", "1000000.1", "-1", "", " 1", "1s", "1e3", "nan", "inf",
                             "0x1", "Transfer", "transfers", "none"})
        EXPECT_FALSE(parse(text)) << text;
}

TEST(MineOn, ExcludesMine) {
    EXPECT_FALSE(parse("transfer", "dev", true));
    EXPECT_FALSE(parse("1", "dev", true));
}

}  // namespace
}  // namespace cairn
