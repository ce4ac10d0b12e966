#include "core/consensus/checked.hpp"

#include <gtest/gtest.h>

#include "core/consensus/merkle.hpp"
#include "core/testing/keys.hpp"

namespace cairn {
namespace {

using testing::easy_spec;
using testing::Keys;
using testing::nobody;

class Checked : public ::testing::Test {
protected:
    Rule refused(const Transfer& value) {
        const auto result = check_transfer(encode(value), *params_);
        EXPECT_FALSE(result);
        return result ? Rule::malformed : result.error().rule;
    }
    Transfer signed_transfer(std::uint64_t amount, std::uint64_t fee, std::size_t data = 0) {
        return keys_.signed_by(1, Transfer{{}, 0, nobody(2), amount, fee, Bytes(data, 1), {}},
                               *params_);
    }
    bool accepted(const Transfer& value) {
        return check_transfer(encode(value), *params_).has_value();
    }

    /// A block of the parts, with the root that is theirs.
    SharedBytes block_of(const std::vector<Bytes>& parts) {
        std::vector<Txid> ids;
        for (const auto& part : parts) ids.push_back(txid_of(part));
        BlockHeader header;
        header.merkle_root = merkle_root(ids);
        const std::vector<ByteView> views(parts.begin(), parts.end());
        return std::make_shared<const Bytes>(encode_block(header, views));
    }
    Rule refused(const SharedBytes& bytes) {
        const auto result = check_block(bytes, *params_, nullptr);
        EXPECT_FALSE(result);
        return result ? Rule::malformed : result.error().rule;
    }
    Bytes reward() { return encode(Reward{2, nobody(1), 5, {}}); }

    std::shared_ptr<const ChainParams> params_ = testing::params_of(easy_spec());
    Keys keys_;
};

TEST_F(Checked, ATransferBearsItsIdAndBytes) {
    const auto value = signed_transfer(5, 2, 3);
    const auto result = check_transfer(encode(value), *params_);
    ASSERT_TRUE(result);
    const CheckedTransfer& transfer = **result;
    EXPECT_EQ(transfer.bytes(), encode(value));
    EXPECT_EQ(transfer.id(), txid_of(encode(value)));
    EXPECT_EQ(transfer.sender(), value.sender);
    EXPECT_EQ(transfer.recipient(), value.recipient);
    EXPECT_EQ(transfer.nonce(), 0u);
    EXPECT_EQ(transfer.amount(), 5u);
    EXPECT_EQ(transfer.fee(), 2u);
    EXPECT_EQ(transfer.cost(), 7u);
    EXPECT_EQ(transfer.value(), value);
}

TEST_F(Checked, BytesThatDoNotDecodeAreMalformed) {
    Bytes bytes = encode(signed_transfer(5, 2));
    bytes.push_back(0);
    EXPECT_EQ(check_transfer(bytes, *params_).error().rule, Rule::malformed);
    EXPECT_EQ(check_transfer({}, *params_).error().rule, Rule::malformed);
    EXPECT_EQ(CheckedTransfer::from_store(bytes), nullptr);
    bytes.pop_back();
    ASSERT_TRUE(CheckedTransfer::from_store(bytes));
    EXPECT_EQ(CheckedTransfer::from_store(bytes)->id(), txid_of(bytes));
}

TEST_F(Checked, Rule8DataIsWithinItsLimit) {
    EXPECT_TRUE(accepted(signed_transfer(5, 2, 1024)));
    EXPECT_EQ(refused(signed_transfer(5, 2, 1025)), Rule::data_size);
}

TEST_F(Checked, Rule8TheAmountIsAboveZero) {
    EXPECT_EQ(refused(signed_transfer(0, 2)), Rule::amount_positive);
    EXPECT_TRUE(accepted(signed_transfer(1, 0)));
}

TEST_F(Checked, Rule8AmountFeeAndTheirSumAreWithinTheCap) {
    constexpr std::uint64_t kCap = Amount::kMaxUnits;
    EXPECT_TRUE(accepted(signed_transfer(kCap, 0)));
    EXPECT_EQ(refused(signed_transfer(kCap + 1, 0)), Rule::amount_range);
    EXPECT_EQ(refused(signed_transfer(UINT64_MAX, 1)), Rule::amount_range);
    EXPECT_TRUE(accepted(signed_transfer(1, kCap - 1)));
    EXPECT_EQ(refused(signed_transfer(1, kCap)), Rule::amount_range);
    EXPECT_EQ(refused(signed_transfer(1, kCap + 1)), Rule::amount_range);
    EXPECT_EQ(refused(signed_transfer(1, UINT64_MAX)), Rule::amount_range);
    EXPECT_EQ(refused(signed_transfer(kCap, 1)), Rule::amount_range);
}

TEST_F(Checked, Rule8TheSignatureCoversEveryByteBeforeIt) {
    const Bytes good = encode(signed_transfer(5, 2, 3));
    for (std::size_t i = 0; i < good.size(); ++i) {
        Bytes bytes = good;
        bytes[i] ^= 1;
        EXPECT_FALSE(check_transfer(bytes, *params_)) << i;
    }
}

TEST_F(Checked, Rule8ASignatureForAnotherChainIsNone) {
    ChainSpec spec = easy_spec();
    spec.name = "another";
    const auto other = testing::params_of(spec);
    const auto value = keys_.signed_by(1, Transfer{{}, 0, nobody(2), 5, 1, {}, {}}, *other);
    EXPECT_TRUE(check_transfer(encode(value), *other));
    EXPECT_EQ(refused(value), Rule::signature);
}

TEST_F(Checked, Rule8ASenderThatIsNoKeyCannotSign) {
    Transfer value = signed_transfer(5, 1);
    value.sender.bytes.fill(0xff);
    EXPECT_EQ(refused(value), Rule::signature);
}

TEST_F(Checked, ABlockOfARewardAloneHolds) {
    const auto bytes = block_of({reward()});
    const auto result = check_block(bytes, *params_, nullptr);
    ASSERT_TRUE(result);
    EXPECT_EQ((*result)->reward, (Reward{2, nobody(1), 5, {}}));
    EXPECT_EQ((*result)->reward_id, txid_of(reward()));
    EXPECT_EQ((*result)->bytes, bytes);
    EXPECT_TRUE((*result)->transfers.empty());
    EXPECT_EQ((*result)->header.hash, hash_of((*result)->header.header));
}

TEST_F(Checked, Rule6TheSizeIsThatOfTheWholeEncoding) {
    const Bytes transfer = encode(signed_transfer(5, 1, 1000));
    const auto bytes = block_of({reward(), transfer});
    ChainSpec spec = easy_spec();
    const auto known = [&](const Txid&) { return CheckedTransfer::from_store(transfer); };
    spec.max_block = static_cast<std::uint32_t>(bytes->size());
    EXPECT_TRUE(check_block(bytes, *testing::params_of(spec), known));
    spec.max_block -= 1;
    const auto refused_block = check_block(bytes, *testing::params_of(spec), known);
    ASSERT_FALSE(refused_block);
    EXPECT_EQ(refused_block.error().rule, Rule::block_size);
    EXPECT_TRUE(condemns_header(Rule::block_size));
}

TEST_F(Checked, Rule6TheFirstTransactionIsARewardAndNoOtherIs) {
    const Bytes transfer = encode(signed_transfer(5, 1));
    EXPECT_TRUE(check_block(block_of({reward(), transfer}), *params_, nullptr));
    EXPECT_EQ(refused(block_of({})), Rule::reward_first);
    EXPECT_EQ(refused(block_of({transfer, reward()})), Rule::reward_first);
    EXPECT_EQ(refused(block_of({reward(), encode(Reward{3, nobody(1), 5, {}})})),
              Rule::reward_first);
}

TEST_F(Checked, Rule7TheRootIsThatOfTheTransactionsAndAWrongBodyCondemnsNoHeader) {
    Bytes bytes = *block_of({reward(), encode(signed_transfer(5, 1))});
    bytes[40] ^= 1;
    EXPECT_EQ(refused(std::make_shared<const Bytes>(bytes)), Rule::merkle_root);
    // Not even where the body breaks other rules as well.
    Bytes oversize = *block_of({encode(signed_transfer(5, 1))});
    oversize[40] ^= 1;
    EXPECT_EQ(refused(std::make_shared<const Bytes>(oversize)), Rule::merkle_root);
    EXPECT_EQ(refused(std::make_shared<const Bytes>(Bytes(10, 0))), Rule::malformed);
    EXPECT_FALSE(condemns_header(Rule::merkle_root));
    EXPECT_FALSE(condemns_header(Rule::malformed));
    EXPECT_TRUE(condemns_header(Rule::reward_first));
}

TEST_F(Checked, Rule8HoldsForTheTransfersOfABlockAndTellsWhich) {
    Transfer bad = signed_transfer(5, 1);
    bad.amount = 6;
    const auto result = check_block(block_of({reward(), encode(bad)}), *params_, nullptr);
    ASSERT_FALSE(result);
    EXPECT_EQ(result.error().rule, Rule::signature);
    EXPECT_NE(result.error().found.find(txid_of(encode(bad)).to_string()), std::string::npos);
}

TEST_F(Checked, ATransferThatIsKnownIsTakenAsItIs) {
    const auto transfer = keys_.transfer(*params_, 1, 0, nobody(2), 5);
    const auto block = block_of({reward(), transfer->bytes()});
    std::size_t asked = 0;
    const auto result = check_block(block, *params_, [&](const Txid& id) {
        ++asked;
        return id == transfer->id() ? transfer : nullptr;
    });
    ASSERT_TRUE(result);
    EXPECT_EQ((*result)->transfers[0], transfer);
    EXPECT_EQ(asked, 1u);
}

TEST_F(Checked, ABlockOfTheStoreIsTakenApartWithoutAskingRules) {
    const auto bytes = block_of({reward(), encode(signed_transfer(5, 1))});
    const auto block = block_from_store(bytes);
    ASSERT_TRUE(block);
    const auto checked = check_block(bytes, *params_, nullptr);
    EXPECT_EQ(block->header.hash, (*checked)->header.hash);
    EXPECT_EQ(block->reward, (*checked)->reward);
    EXPECT_EQ(block->reward_id, (*checked)->reward_id);
    EXPECT_EQ(block->transfers[0]->id(), (*checked)->transfers[0]->id());
    EXPECT_EQ(block_from_store(std::make_shared<const Bytes>(Bytes(79, 0))), nullptr);
    EXPECT_EQ(block_from_store(block_of({})), nullptr);
}

}  // namespace
}  // namespace cairn
