#include "miner/template.hpp"

#include <gtest/gtest.h>

#include "core/testing/keys.hpp"

namespace cairn {
namespace {

using testing::nobody;

Template work_on(const ChainParams& params) {
    Template work;
    work.previous = params.genesis().hash;
    work.context = {2, params.spec().bits, params.spec().genesis_time};
    work.reward = 77;
    return work;
}

TEST(Template, IsAssembledToABlockThatHolds) {
    const auto params = testing::params_of(testing::easy_spec());
    testing::Keys keys;
    Template work = work_on(*params);
    work.transfers = {keys.transfer(*params, 1, 0, nobody(2), 5, 1, 9),
                      keys.transfer(*params, 1, 1, nobody(2), 5)};
    auto block = assemble(work, nobody(3), reward_extra(9, as_bytes("note")), 5'000'000);
    block.header = testing::mined(block.header);
    const auto checked =
        check_block(std::make_shared<const Bytes>(encode_block(work, block)), *params, nullptr);
    ASSERT_TRUE(checked) << checked.error().to_string();
    EXPECT_EQ((*checked)->reward.recipient, nobody(3));
    EXPECT_EQ((*checked)->reward.height, 2u);
    EXPECT_EQ((*checked)->reward.amount, 77u);
    EXPECT_EQ((*checked)->transfers.size(), 2u);
    EXPECT_EQ((*checked)->header.header.time, 5'000'000u);
    EXPECT_EQ((*checked)->header.header.previous_hash, params->genesis().hash);
}

TEST(Template, TimeIsRaisedToTheLeastTheChainAllows) {
    const auto params = testing::params_of(testing::easy_spec());
    const Template work = work_on(*params);
    EXPECT_EQ(assemble(work, nobody(3), {}, 999'999).header.time, 1'000'000u);
    EXPECT_EQ(assemble(work, nobody(3), {}, 1'000'001).header.time, 1'000'001u);
}

TEST(RewardExtra, BeginsWithTheExtranonceAndTakesANoteThatFitsWhole) {
    EXPECT_EQ(reward_extra(0x0102, {}), (Bytes{2, 1, 0, 0, 0, 0, 0, 0}));
    EXPECT_EQ(reward_extra(1, Bytes(92, 'x')).size(), 100u);
    EXPECT_EQ(reward_extra(1, Bytes(93, 'x')).size(), 8u);
    EXPECT_EQ(reward_extra(1, Bytes(5, 'x')).size(), 13u);
    EXPECT_EQ(reward_extra(1, Bytes(6, 'x')).size(), 8u);  // 14 is forbidden
    EXPECT_EQ(reward_extra(1, Bytes(7, 'x')).size(), 15u);
}

}  // namespace
}  // namespace cairn
